"""Series: the runs of each operation under each setting, as many as were asked for so far.

Owns the one source of what varies. Each figure asks here, and a series is extended, not run anew:
so that a figure that asked for few repeats and another that asked for many cannot contradict each
other. Knows how an operation is run, and no experiment.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.earlier import earlier
from workbook.causes.cudnn.operations import REFUSALS, Operation, on
from workbook.causes.cudnn.repeats import Repeats, repeat, seconds
from workbook.conditions import Conditions

ABSENT, RAISES = "absent", "raises"
REFUSED = (RuntimeError, NotImplementedError)
TIMED = 8
AT_ONCE = 300  # results that are kept until they have been compared


@dataclass(frozen=True)
class Series:
    """The repeats of one operation and the time of a run; or why there are none.

    `said` is "raises" where torch refuses it under deterministic algorithms, "absent" where it has
    no kernel, and empty otherwise. `before` counts the runs of earlier sessions on such a device.
    """

    repeats: Repeats | None
    seconds: float = 0.0
    said: str = ""
    before: Count | None = None

    @property
    def ran(self) -> bool:
        """Whether there is a result at all."""
        return self.repeats is not None

    @property
    def count(self) -> Count:
        """How many repeats had other bits than their session's first; ValueError without any."""
        if self.repeats is None:
            raise ValueError(f"an operation that did not run has no repeats: {self.said}")
        return self.repeats.count + (self.before or Count(0, 0))

    @property
    def varies(self) -> bool:
        """Whether some repeat had other bits."""
        return self.repeats is not None and self.count.varies


_KEPT: dict[tuple[Conditions, Operation], Series] = {}


def forget() -> None:
    """Forget every series of this process."""
    _KEPT.clear()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings by which torch names the back ends that it lacks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def series(where: Conditions, row: Operation, repeats: int) -> Series:
    """Give at least `repeats` runs of an operation after its first, on inputs that the seed draws.

    What this process has run already under these conditions counts; the rest is run now. Runs of
    recorded sessions on such a device are added to the count, beside those that were asked for.
    """
    kept = _KEPT.get((where, row))
    if kept is None or (kept.repeats and kept.repeats.count.repeats < repeats):
        kept = _KEPT[where, row] = _extended(where, row, repeats, kept)
    return kept


def runs() -> tuple[dict[str, Any], ...]:
    """List what this process has run, without what was recorded before: a session's runs."""
    return tuple(
        {
            "operation": row.name,
            "operands": row.operand_words,
            "conditions": where.to_json(),
            "other": kept.repeats.count.other,
            "repeats": kept.repeats.count.repeats,
        }
        for (where, row), kept in _KEPT.items()
        if kept.repeats
    )


def _extended(where: Conditions, row: Operation, repeats: int, before: Series | None) -> Series:
    done = before.repeats.count.repeats + 1 if before and before.repeats else 0
    with quiet(), where:
        try:
            tensors = on(where, row.drawn())
            row.run(tensors)  # benchmarking, if it is on, happens here
            known = before.repeats if before else None
            for start in range(done, repeats + 1, AT_ONCE):
                more = repeat(lambda: row.run(tensors), min(AT_ONCE, repeats + 1 - start))
                known = known.joined(more) if known else more
            if before:
                return replace(before, repeats=known)
            taken = seconds(lambda: row.run(tensors), TIMED)
            return Series(known, taken, before=earlier(where, row))
        except REFUSED as error:
            refused = any(words in str(error) for words in REFUSALS)
            return Series(None, said=RAISES if refused else ABSENT)
