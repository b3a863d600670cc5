"""What a run was seen to use: facts that say which interventions can matter.

Owns the facts and the counting of training: how many dropout, normalization and module calls had
been made when backward was last called, so that a call in training is told from one after it.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any


class Fact(Enum):
    """Something that a run was seen to do, or that two runs do in different ways."""

    ALWAYS = "always"
    # what is used
    ACCELERATOR = "another device than the CPU is used"
    ATTENTION = "attention is computed in one operation"
    AUTOCAST = "autocast"
    BACKWARD = "backward"
    CHECKPOINT = "a state is loaded"
    CLOCK = "the clock is read"
    COMPILES = "something is compiled"
    CPU_VARIABLES = "instruction sets are chosen"
    DRAWS = "numbers are drawn"
    DROPOUT = "dropout is active"
    EMPTY = "memory is handed out unwritten"
    FLUSHES = "tiny numbers are flushed to zero"
    HALF_ARRAYS = "NumPy's float16 is named"
    IN_PLACE = "an activation works in place"
    LATE_DROPOUT = "dropout is active outside training"
    LATE_NORM = "batch norm uses the batch outside training"
    LISTS_FOLDERS = "folders are listed"
    LOCAL_STATISTICS = "batch statistics are of one rank's rows"
    LOADS_SHORTENED = "loaded weights are in a shorter format"
    LOADS_PART = "a state fits in part only"
    LOOPS = "something is gone through by a size"
    MADE_ANEW = "a generator is made anew with the seed of one that has drawn"
    MADE_IN_OBJECT = "an object makes it"
    MEANS_OF_PARTS = "means of parts of unequal sizes are taken at one line"
    NOISE = "a module draws"
    ONEDNN_OFF = "oneDNN is switched off"
    OPTIMIZER = "an optimizer steps"
    OWN_TRAIN = "a module trains whose own train() was not called"
    PERSISTENT = "a loader's workers outlive an epoch"
    PROCESSES = "work is handed out to processes"
    PRECISION = "the precision of products is set"
    SAME_EPOCH = "a sampler is read again in the same epoch"
    SEEDED_LATE = "a seed is set after something was drawn"
    SEEDS = "a seed is set"
    SEEDS_AGAIN = "a seed is set again"
    SEED_UNREAD = "a seed is handed over, and nothing reads it"
    SEED_UNUSED = "a generator is seeded, and nothing is drawn from it"
    SETS = "there are sets"
    SETS_THREADS = "the number of threads is set"
    SINGLE_ARRAYS = "NumPy's float32 is named"
    TASKS = "tasks of an event loop run side by side"
    THREADS = "Python threads are started"
    UNORDERED = "results are taken in the order in which they are ready"
    UNWAITED = "copies are not waited for, or streams are used"
    WEIGHTS_WRITTEN = "weights change between two steps of their optimizer"
    WINDOWS = "views overlap"
    WORKERS = "a loader has workers"
    # what is left changed by a call
    CHANGES_DATA = "changed data"
    CHANGES_GRADIENT = "changed gradient"
    CHANGES_MODULE = "changed module"
    CHANGES_STATE = "changed state"
    LEAVES_FILES = "changed leftovers"
    LEAVES_DTYPE = "the default dtype is left changed"
    LEAVES_THREADS = "the number of threads is left changed"
    # what two runs do unlike one another
    LOOPS_OVER_BATCHES = "something is gone through by a size, and nothing is trained"
    OTHER_BATCHES = "batches have other sizes"
    OTHER_BATCHES_INSIDE = "a function that gets the same batch makes other ones of it"
    OTHER_DEVICES = "one of them computes on another device"
    OTHER_FORMATS = "operations make other formats"
    OTHER_RANGES = "a value is finite in one of them only"
    OTHER_SHAPES = "products or sums are of other shapes"
    SEEDS_UNLIKE = "one of them sets seeds more often"
    SHORT_FORMATS = "one of them is shorter than float32"
    SHORT_INTEGERS = "one of them computes with short integers"
    STOPS_TRAINING = "a module in training is later called with gradients in eval mode"
    SUMS_GRADIENTS = "gradients are summed in another number of parts"
    TWO_RUNS = "two programs compute"
    UNEXPLAINED = "nothing else explains the difference"
    # what the machine has
    THREADS_MATTER = "the number of threads changes the result"


class Facts:
    """The facts and numbers of one run; one object for a child process."""

    def __init__(self) -> None:
        self.seen: set[Fact] = set()
        self.counts: dict[str, int] = {}
        self.lists: dict[str, list[Any]] = {}
        self.at_start: list[Callable[[], None]] = []  # what is done when a call begins
        self.at_end: list[Callable[[], None]] = []  # what only the end of a call can tell

    def add(self, fact: Fact, cause: str = "", where: str = "") -> None:
        """Note a fact, and where a cause (or a row) was seen at work, if that is known."""
        self.seen.add(fact)
        if cause:
            self.place(cause, where)

    def count(self, name: str) -> int:
        """Count one more and return its number, from 1."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    def append(self, name: str, value: Any) -> None:
        row = self.lists.setdefault(name, [])
        if len(row) < 10_000 and value not in row[-1:]:
            row.append(value)

    def place(self, cause: str, where: str) -> None:
        """Note where a cause was seen at work, in words: a module's name, or a line."""
        self.append(cause, where)

    def start(self) -> None:
        """Forget everything: a new call begins."""
        self.seen, self.counts, self.lists = set(), {}, {}
        for do in self.at_start:
            do()

    def to_json(self) -> dict[str, Any]:
        for look in self.at_end:
            look()
        seen = sorted(fact.value for fact in self.seen)
        return {"facts": seen, "counts": self.counts, "lists": self.lists}


FACTS = Facts()
