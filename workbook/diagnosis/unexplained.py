"""What is known where no cause was found: the place, what is refuted, what remains, what to try.

Owns the sentences for a "don't know", for the end of the time and for an interruption. It makes at
most two more runs, and none after an interruption.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.probes.values import Gap
from workbook.trace import Operation, Trace, align, origin

Traces = Callable[[], tuple[Trace | None, Trace | None]]


@dataclass
class Progress:
    """How far a diagnosis has come: the difference, the suspects, and what each trial gave."""

    base: Gap | None = None
    suspects: tuple[Intervention, ...] = ()
    trials: dict[Intervention, Gap] = field(default_factory=dict)
    traces: Traces | None = None

    def began(self, base: Gap, traces: Traces) -> None:
        """Note the first difference that is to be explained, and how to see where it begins."""
        if self.base is None:
            self.base, self.traces = base, traces

    def sentences(self, *, runs: bool) -> list[str]:
        """Say what is known, a sentence each; with `runs` the two are traced once more."""
        if self.base is None or self.base.same:
            return []
        sentences = [f"The two are {self.base.words}."]
        try:
            ours, theirs = self.traces() if self.traces and runs else (None, None)
        except Exception:  # a trace is a help, and its failure no reason to keep back the rest
            ours = theirs = None
        if ours is not None and theirs is not None:
            sentences += parted(ours, theirs)
        refuted = _causes([row for row, gap in self.trials.items() if not gap.same])
        left = _causes([row for row in self.suspects if row not in self.trials])
        left = [cause for cause in left if cause not in refuted]
        if refuted:
            sentences.append(f"Removed one by one, and the two still differ: {', '.join(refuted)}.")
        if left:
            sentences.append(f"Not tried yet, in this order: {', '.join(left)}.")
        return sentences


def parted(ours: Trace, theirs: Trace) -> list[str]:
    """Where two traced runs part, and the next trial to make there by hand."""
    part, extra = origin(ours, theirs), unmatched(ours, theirs)
    sentences = []
    if extra is not None and (part is None or extra[1] <= part.first.index):
        operation, _, side = extra
        sentences.append(
            f"Only the {side} run makes {operation.name} at {operation.line or 'a library'}; up to "
            "there both make the same operations."
        )
        sentences.append("Next trial by hand: leave that line out, or make it in both.")
    if part is None:
        return sentences or [
            "Every operation of torch agrees in both: the difference arises outside of torch, in "
            "Python or NumPy, or on another device."
        ]
    inputs = "its inputs agree" if part.kind == "operation" else "its inputs differ already"
    sentences.append(f"They part at {part.place}: {inputs}, its results do not agree.")
    if len(sentences) == 1:
        sentences.append(f"Next trial by hand: {_next(part.first, part.kind)}.")
    return sentences


def _next(operation: Operation, kind: str) -> str:
    line = operation.line or "that operation"
    if kind == "input":
        return f"save what {line} reads in both (torch.save) and see which tensor differs first"
    if any(word in operation.name for word in _DRAWS):
        return f"set the same seed just before {line} in both"
    return f"compute {line} in float64 in both, or feed it saved inputs twice"


_DRAWS = ("rand", "normal", "uniform", "bernoulli", "dropout", "multinomial", "exponential")


def unmatched(ours: Trace, theirs: Trace) -> tuple[Operation, int, str] | None:
    """Find the first operation that only one run makes, its place in the first, and whose it is."""
    at = (0, 0)
    for i, j in (*align(ours, theirs), (len(ours), len(theirs))):
        if i > at[0]:
            return ours[at[0]], at[0], "first"
        if j > at[1]:
            return theirs[at[1]], at[0], "second"
        at = i + 1, j + 1
    return None


def _causes(rows: list[Intervention]) -> list[str]:
    return list(dict.fromkeys(row.cause for row in rows))
