"""What the reader is asked before each round, and how the answer is measured.

What only a GPU can answer is measured on one, where this machine has it, and otherwise looked up in
what was measured on one.
"""

from typing import Any

from workbook.causes.cudnn.catalogue import CATALOGUE
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES, FRAGMENTS
from workbook.causes.cudnn.coin import COIN
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.flags import FLAGGED, PROGRAMS
from workbook.causes.cudnn.hazards import ASYNCHRONOUS, COPY, UNWAITED
from workbook.causes.cudnn.on_one_cpu import ON_ONE_CPU, SEVERAL
from workbook.causes.cudnn.switches import ALL, CUDNN, SWITCHES
from workbook.causes.cudnn.tensor_float import AS_IT_COMES, TF32
from workbook.causes.cudnn.training import TRAINING
from workbook.experiment import recall, run
from workbook.question import Estimate, Option, Prediction

TRIES, EQUAL = 10, 20


def _values(experiment: Any, **settings: Any) -> Any:
    """Give the values that an experiment found on a GPU, here or recorded."""
    return recall(experiment, **settings, device="cuda").finding.values


def _varies_on_threads() -> bool:
    # A race: one difference settles it, and no number of equal runs does.
    tries = (run(ON_ONE_CPU).finding for _ in range(TRIES))
    return any(measured.values["varies"][SEVERAL] for measured in tries)


def _still_possible() -> float:
    return 100 * float(run(COIN, repeats=EQUAL).finding.values["limit"])


def _who_varies() -> tuple[bool, bool]:
    summed = "sum" in _values(CATALOGUE, family="sums")["varies"]
    return summed, "index_add" in _values(CATALOGUE)["varies"]


def _default_tf32() -> tuple[bool, bool]:
    coarse = _values(TF32)["coarse"]
    return f"matmul, {AS_IT_COMES}" in coarse, f"conv, {AS_IT_COMES}" in coarse


CPU_REPEATS = Prediction(
    name="cpu_repeats",
    question=(
        "The same process runs one line twice on the same inputs, on a CPU, and draws no random "
        "number. Can the two results differ?"
    ),
    options=(
        Option(
            "no: only GPUs do that",
            lambda varied: not varied,
            "GPUs are known for it, as they have thousands of threads. A CPU has a few, and those "
            "that add to one place do so in the order in which they arrive, too.",
        ),
        Option("yes, where several threads write to one place", lambda varied: varied),
        Option(
            "only while another program runs",
            lambda _: False,
            "That changes how often the order of the threads changes, not whether it can.",
        ),
        Option(
            "only with another seed",
            lambda _: False,
            "A seed is what one thinks of first. But nothing is drawn that a seed could decide.",
        ),
    ),
    measure=_varies_on_threads,
    because=(
        "Each thread adds its numbers to the same places, and each addition rounds. Who comes "
        "first is decided anew in every run."
    ),
)
HOW_RARE = Estimate(
    name="how_rare",
    question=(
        f"You ran a line, and then {EQUAL} times again: all results are equal. Another result may "
        "still come now and then. What is the highest rate that is not ruled out, in runs of a "
        f"hundred? (A rate is ruled out if with it {EQUAL} equal repeats come by chance in fewer "
        "than 1 of 20 cases.)"
    ),
    measure=_still_possible,
    between=(13.9, 13.95),
    unit="of 100 runs",
    factor=3.0,
    because=(
        "A result that comes in 1 of 7 runs stays away 20 times in a row with the chance (6/7)²⁰, "
        "which is about 1 in 20. The rule of three says it in short: up to 3/n."
    ),
    too_low=(
        "A result of such a rate may well have stayed away: one that comes in 1 of 20 runs does so "
        "20 times in a row in one of three cases, a rarer one more often. Look how high its point "
        "lies above the line."
    ),
    too_high=(
        "So frequent a result would have shown by now in more than 19 of 20 cases: its point lies "
        "below the line."
    ),
)
WHICH_VARIES = Prediction(
    name="which_varies",
    question=(
        "On a GPU, a million numbers are summed with `sum`, and thousands are added to a few "
        "places with `index_add`, again and again on the same inputs. What varies?"
    ),
    options=(
        Option(
            "both",
            all,
            "Both use thousands of threads, so it is tempting. But `sum` adds along a fixed tree, "
            "whoever is first.",
        ),
        Option("the adding by index", lambda measured: measured == (False, True)),
        Option(
            "the sum",
            lambda measured: measured == (True, False),
            "More numbers are no reason to vary: a fixed tree of additions repeats.",
        ),
        Option(
            "neither",
            lambda measured: not any(measured),
            "`index_add` lets threads add to one place in the order in which they arrive.",
        ),
    ),
    measure=_who_varies,
    because=(
        "`sum` adds along a fixed tree. `index_add` uses atomic additions: numbers for one place "
        "are added in the order in which they arrive."
    ),
)
WHAT_IT_PRINTS = Prediction(
    name="what_it_prints",
    question=(
        "Two `nn.Linear` layers run twice on one input, first with "
        "`torch.backends.cudnn.deterministic = False`, then with `True`. The largest difference "
        "is printed, to show how nondeterministic the default is. What is printed?"
    ),
    options=(
        Option(
            "a small number, in the last bits",
            lambda counts: any(counts[name] > 1 for name in PROGRAMS),
            "The flags reach what cuDNN computes. A Linear layer is a matrix product, which it "
            "does not compute: repeated under all four settings, it gave one result.",
        ),
        Option("exactly 0", lambda counts: all(counts[name] == 1 for name in PROGRAMS)),
        Option(
            "a large one: other weights",
            lambda _: False,
            "The layers are built once, before the loop. A flag draws nothing and builds nothing.",
        ),
        Option(
            "nothing: without a GPU torch raises",
            lambda _: False,
            "Setting the flag is allowed everywhere. It is read only where cuDNN is used.",
        ),
    ),
    measure=lambda: run(FLAGGED).finding.values["by_flags"],
    because=(
        "cuDNN is a library for GPUs, for convolutions and recurrent layers above all. The program "
        "has neither, and its tensors are on the CPU. Its flags switch nothing that it uses."
    ),
)
WHICH_SETTING = Prediction(
    name="which_setting",
    question=(
        "`index_add` varies on a GPU. With which of these settings was no other result seen any "
        "more?"
    ),
    options=(
        Option(
            "`torch.backends.cudnn.deterministic = True`",
            lambda repaired: repaired == {CUDNN},
            "torch reads that flag only where it uses cuDNN. `index_add` is torch's own kernel.",
        ),
        Option("`torch.use_deterministic_algorithms(True)`", lambda repaired: repaired == {ALL}),
        Option(
            "with either",
            lambda repaired: repaired == {CUDNN, ALL},
            "cuDNN's flag reaches cuDNN's operations only, and `index_add` is none of them.",
        ),
        Option(
            "with neither",
            lambda repaired: not repaired,
            "torch has a second kernel for it, which deterministic algorithms take.",
        ),
    ),
    measure=lambda: {
        name for name in (CUDNN, ALL) if "index_add" in _values(SWITCHES)["repaired"][name]
    },
    because=(
        "`torch.use_deterministic_algorithms(True)` is the switch for all of torch: here it takes "
        "another kernel, which sorts first."
    ),
)
TWO_LISTS_OR_ONE = Prediction(
    name="two_lists_or_one",
    question=(
        "With `use_deterministic_algorithms(True)` some operations raise an error. Are they the "
        "operations that varied?"
    ),
    options=(
        Option(
            "yes, the same ones",
            lambda measured: (
                not measured["raises_unseen"] and measured["raises"] == measured["varies"]
            ),
            "Some that vary have another form, and take it; and some that raise were not seen to "
            "vary.",
        ),
        Option(
            "all that raise varied; some that varied run on",
            lambda measured: (
                not measured["raises_unseen"] and measured["raises"] != measured["varies"]
            ),
            "Some that raise were not seen to vary, however often they ran.",
        ),
        Option(
            "some that raise were not seen to vary",
            lambda measured: bool(measured["raises_unseen"]),
        ),
    ),
    measure=lambda: _values(DOCUMENTED),
    because=(
        "An operation raises because somebody marked its kernel as one that may vary. Whether it "
        "was seen to depends on sizes, on duplicates, and on how often somebody looked."
    ),
)
MENDED_TRAINING = Prediction(
    name="mended_training",
    question=(
        "A small network (two convolutions, max pooling, `adaptive_avg_pool2d`, a matrix product) "
        "is trained six times on a GPU from one seed, and ends with other weights each time. Which "
        "setting makes all six end with the same bits?"
    ),
    options=(
        Option(
            "`torch.backends.cudnn.deterministic = True`",
            lambda counts: counts[CUDNN] == 1 and counts[ALL] != 1,
        ),
        Option(
            "`torch.use_deterministic_algorithms(True)`",
            lambda counts: counts[CUDNN] != 1 and counts[ALL] == 1,
            "It reaches more, and here too much: one operation of this network has no other "
            "kernel, and the training raises before its first step is done.",
        ),
        Option(
            "either of the two",
            lambda counts: counts[CUDNN] == 1 and counts[ALL] == 1,
            "Under the second the training raises: the gradient of one of its operations is on "
            "torch's list, whether it was seen to vary or not.",
        ),
        Option(
            "neither: both leave atomic additions",
            lambda counts: counts[CUDNN] != 1 and counts[ALL] != 1,
            "What varied here is cuDNN's own: the gradient of a convolution's weights. Its flag "
            "takes another algorithm for that.",
        ),
    ),
    measure=lambda: _values(TRAINING)["distinct"],
    because=(
        "One gradient varied, in its last bits, and it is cuDNN's. From the first step on, no step "
        "started from the same weights. The stricter switch stops at an operation that was not "
        "seen to vary at all."
    ),
)
WHO_USES_TF32 = Prediction(
    name="who_uses_tf32",
    question="As torch comes, what uses TF32 for `float32` tensors on a recent NVIDIA GPU?",
    options=(
        Option(
            "neither matrix products nor convolutions",
            lambda measured: not any(measured),
            "`float32` promises 32 bits, so one would think so. But one of the two switches is on "
            "as torch comes.",
        ),
        Option(
            "matrix products",
            lambda measured: measured == (True, False),
            "TF32 is best known for them, and they once used it; since torch 1.12 their switch is "
            "off as torch comes.",
        ),
        Option("convolutions", lambda measured: measured == (False, True)),
        Option(
            "both",
            all,
            "Both once did, up to torch 1.11. There are two switches, and only one is on now.",
        ),
    ),
    measure=_default_tf32,
    because=(
        "There are two switches, and their defaults differ. The experiment leaves both as they "
        "are and measures: one kind of product errs hundreds of times more than the other."
    ),
)
FRAGMENTED = Prediction(
    name="fragmented",
    question=(
        "A GPU's memory is fragmented: every tensor lies at another address. What changes in the "
        "results of six operations?"
    ),
    options=(
        Option("no bit", lambda other: not other),
        Option(
            "last bits of some",
            lambda other: 0 < len(other) < 3,
            "That needs a kernel that reads its address. Moved 30 times, all six kept their bits.",
        ),
        Option(
            "last bits of most",
            lambda other: len(other) >= 3,
            "Fragmented memory is often blamed. But then a program could never repeat: addresses "
            "are others in nearly every process.",
        ),
    ),
    measure=lambda: _values(CIRCUMSTANCES)["other"][FRAGMENTS],
    because=(
        "torch's allocator starts every tensor at a multiple of 512 bytes, so that a kernel sees "
        "the same layout wherever it lies. A view that starts elsewhere can differ."
    ),
)
READ_AT_ONCE = Prediction(
    name="read_at_once",
    question=(
        "`host.copy_(x, non_blocking=True)` copies from a GPU into pinned memory while the GPU is "
        "still busy, and the next line reads `host`. What does it read?"
    ),
    options=(
        Option(
            "the values of `x`",
            lambda wrong: wrong == 0,
            "Without `non_blocking` it does. This line only puts the copy into the GPU's queue, "
            "and the host does not wait for it.",
        ),
        Option("what stood there before, or a mixture", lambda wrong: wrong > 0),
        Option(
            "nothing: torch raises an error",
            lambda _: False,
            "It would be kind, but torch does not know who reads `host`, and says nothing.",
        ),
    ),
    measure=lambda: _values(ASYNCHRONOUS)["wrong"][COPY][UNWAITED],
    because=(
        "The line only puts the copy into the GPU's queue. The host goes on at once, and whoever "
        "does not wait reads what was there before: a wrong value, not rounding."
    ),
)
