"""The interventions as rows: what is held or changed, which cause it speaks for, when it can matter.

Owns the table and its order, from specific to general: where two interventions both remove a
difference, the specific one is the explanation. Knows nothing of how a run is carried out.
"""
# ruff: noqa: E501  (a table: one row, one line)

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

How = Literal["hold", "between", "on"]


@dataclass(frozen=True)
class Intervention:
    """One thing that can be done to a run.

    `hold` keeps an ambient condition the same in both runs, `between` puts something back before
    a call, `on` changes how the program runs. `needs` are words of which a run must have shown one
    (none: it can always matter).
    """

    name: str
    how: How
    cause: str
    words: str
    needs: tuple[str, ...] = ()


def _rows(how: How, *rows: tuple[str, str, str, tuple[str, ...]]) -> tuple[Intervention, ...]:
    return tuple(Intervention(name, how, cause, words, needs) for name, cause, words, needs in rows)


# What differs between two runs unless it is held.
HOLDS = _rows(
    "hold",
    ("clock", "wall-clock", "the clock starts at the same moment", ("clock",)),
    ("files", "file-order", "folders are listed in one order", ("listing",)),
    ("poison", "uninitialised-memory", "memory handed out unwritten holds zeros", ("empty",)),
    ("hash", "hash-seed", "Python's hash seed is the same", ()),
    ("threads", "thread-count", "torch computes on one thread", ()),
    ("switch", "thread-race", "Python switches threads at its usual pace", ("threads",)),
    ("rng", "random-numbers", "every generator starts from the same state", ()),
)

# What can be put back before a call is repeated.
BETWEEN = _rows(
    "between",
    ("clock", "wall-clock", "the clock is put back", ("clock",)),
    ("gradient", "gradient-accumulation", "gradients are put back", ("changed gradient",)),
    ("data", "input-mutated", "the data that the program keeps is put back", ("changed data",)),
    ("module", "module-state", "modules and objects are put back", ("changed module",)),
    ("state", "module-state", "variables of the program are put back", ("changed state",)),
    ("default-dtype", "dtype", "the default dtype is put back", ("left dtype",)),
    ("num-threads", "thread-count", "the number of threads is put back", ("left threads",)),
    ("rng", "generator-shift", "every generator is put back", ()),
    ("fork", "module-state", "each call has a process of its own", ("hidden state",)),
)

# What changes how the program runs.
ON = _rows(
    "on",
    ("no-compile", "compile", "nothing is compiled", ("compile",)),
    ("serial", "thread-race", "threads run one after another", ("threads",)),
    ("no-workers", "worker-generator", "data is loaded without workers", ("workers",)),
    ("cudnn-deterministic", "cudnn-algorithm", "cuDNN is restricted to deterministic algorithms", ("cuda",)),
    ("deterministic", "nondeterministic-op", "deterministic algorithms are required", ("deterministic",)),
    ("apart", "overlapping-memory", "what is read is copied before its memory is written", ("overlap",)),
    ("copy-windows", "overlapping-memory", "overlapping windows of a tensor are copies", ("windows",)),
    ("no-inplace", "input-mutated", "activations with inplace=True make a new tensor", ("inplace",)),
    ("copy-saved", "overlapping-memory", "what backward needs is copied when it is saved", ("backward",)),
    ("clear-gradients", "gradient-accumulation", "gradients are cleared after each step", ("step",)),
    ("weigh", "gradient-accumulation", "micro-batches count by their share of the rows", ("micro",)),
    ("no-autocast-cache", "autocast-cache", "autocast keeps no cast weights", ("autocast",)),
    ("carry-optimizer", "checkpoint-incomplete", "the optimizer's state is carried over", ("checkpoint",)),
    ("carry-scheduler", "checkpoint-incomplete", "the scheduler's state is carried over", ("checkpoint",)),
    ("carry-generators", "checkpoint-incomplete", "the generators' states are carried over", ("checkpoint",)),
    ("carry-buffers", "checkpoint-incomplete", "parameters and buffers are carried over", ("checkpoint",)),
    ("eval-dropout", "dropout-active", "dropout is off outside training", ("late dropout",)),
    ("eval-norm", "batch-statistics", "batch norm uses its running statistics outside training", ("late norm",)),
    ("no-autocast", "reduced-precision", "autocast is off", ("autocast",)),
    ("full-precision", "reduced-precision", "float32 products keep full precision", ("precision", "cuda")),
    ("hold-threads", "thread-count", "the program cannot change the number of threads", ("set-threads",)),
    ("hold-cpu", "cpu-capability", "the program cannot change the CPU's instruction set", ("cpu-variables",)),
    ("first-seed", "reseeded", "only the first seed counts", ("seed-again",)),
    ("local-seeds", "reseeded", "a seed set in a helper counts in that helper only", ("seed-again",)),
    ("keyed-seeds", "generator-shift", "each draw keeps its numbers, whatever was drawn in between", ("draws",)),
    ("cpu-draws", "device-generator", "numbers for every device are drawn on the CPU", ("cuda",)),
    ("plain", "memory-layout", "every operation reads contiguous, aligned memory", ("layout",)),
    ("rows", "batch-size", "each row is computed by itself", ("tensors",)),
    ("eval-noise", "dropout-active", "the program's own modules are in eval mode", ("noise",)),
    ("split", "batch-coupling", "each row of a batch is passed by itself", ("batches",)),
    ("sorted-sets", "hash-seed", "sets are gone through in sorted order", ("sets",)),
    ("filled-sets", "hash-seed", "sets are gone through in the order of their filling", ("sets",)),
    ("no-dropout", "dropout-active", "dropout is off everywhere", ("dropout",)),
    ("one-seed", "random-numbers", "every seed is the same number", ("seed",)),
    ("double", "dtype", "everything is computed in float64", ("dtypes",)),
    ("keyed", "random-numbers", "each draw keeps its numbers, whatever the seed", ("draws",)),
    ("keep-arguments", "input-mutated", "what a helper was given is put back after it", ("last resort",)),
    ("plain-arguments", "memory-layout", "arrays that a helper is given are contiguous", ("last resort",)),
    ("copy-kept", "overlapping-memory", "what is kept is a copy", ("last resort",)),
    ("forget", "module-state", "each call of a module starts from its first state", ("last resort",)),
)  # fmt: skip
