"""Where a cause sits: the submodule, the variable or the line, read from facts and traces.

Owns the traced runs of a function and the reading of them. Decides nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbook.diagnosis.answer import steps_apart
from workbook.diagnosis.asking import Plan, Session
from workbook.diagnosis.interpreter import OutOfTime
from workbook.diagnosis.interventions import Intervention
from workbook.diagnosis.reply import Reply
from workbook.trace import SAMPLES, Origin, Trace, align, origin

if TYPE_CHECKING:
    from workbook.diagnosis.functions import Function

_KINDS = {"gradient": "gradient", "data": "data", "module": "module", "state": "state"}
_LONGEST_CURVE = 400


def traced(session: Session, wanted: Plan) -> Reply | None:
    """The run again with a trace, or None where it cannot be traced."""
    try:
        reply = session.run(replace(wanted, trace=True))
    except OutOfTime:
        return None
    return reply if reply.cannot is None and reply.outcomes else None


def drawing(reply: Reply | None, number: int = 0) -> str:
    """The lines that draw, in words: `torch.randn at train.py:12, ...`."""
    if reply is None or number >= len(reply.outcomes):
        return ""
    seen: dict[str, None] = {}
    for generator, what, line, _, count, _ in reply.outcomes[number].get("draws", ()):
        if count and line and not generator.startswith("own"):
            name = what.removeprefix("aten.").split(".")[0]
            seen.setdefault(f"{generator} {name} at {line}", None)
    rows = list(seen)
    return ", ".join(rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")


def parting(first: Trace | None, second: Trace | None) -> Origin | None:
    """The operation where two traced runs part."""
    return origin(first, second) if first is not None and second is not None else None


def curve(first: Trace, second: Trace) -> tuple[tuple[float, ...], tuple[str, ...], int | None]:
    """ULPs along the matched operations (sampled values), their names, and the origin's place."""
    pairs = align(first, second)[:_LONGEST_CURVE]
    part = origin(first, second)
    heights, labels, mark = [], [], None
    for number, (i, j) in enumerate(pairs):
        ours, theirs = first[i], second[j]
        apart = [steps_apart(a, b) for a, b in zip(ours.sample, theirs.sample, strict=False)][
            :SAMPLES
        ]
        heights.append(max(apart, default=0.0))
        labels.append(f"{ours.name} {ours.line}")
        if part is not None and part.first.index == i:
            mark = number
    return tuple(heights), tuple(labels), mark


class Places:
    """The places of one function's causes."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self._calm: Reply | None = None

    def calm(self) -> Reply | None:
        if self._calm is None:
            plan = self.function._plan(frozenset(self.function.dims | _every()), frozenset())
            self._calm = traced(self.function.session, plan)
        return self._calm

    def where(self, one: Intervention, cause: str) -> str:
        """The place of a cause, in a few words; empty where it could not be told."""
        calm = self.function.calm
        lists: dict[str, Any] = calm.facts(0)["lists"] if calm.outcomes else {}
        if cause == "dropout-active" and lists.get("dropout"):
            return _few(lists["dropout"])
        if cause == "batch-statistics" and lists.get("norm"):
            return _few(lists["norm"])
        if one.how == "between" and one.name in _KINDS:
            names = [
                n for rows in calm.data["changed"] for n, kind in rows if kind == one.name and n
            ]
            return _few(list(dict.fromkeys(names)))
        if cause in ("random-numbers", "generator-shift"):
            return drawing(self.calm())
        return self._origin(one)

    def _origin(self, one: Intervention) -> str:
        if one.how != "hold":
            return ""
        function = self.function
        other = traced(function.session, function._plan(_every() - {one.name}, frozenset()))
        calm = self.calm()
        if other is None or calm is None:
            return ""
        for number in range(len(calm.outcomes)):
            part = parting(calm.trace(number), other.trace(number))
            if part is not None:
                return part.place
        return ""

    def refined(self, one: Intervention) -> str:
        """The cause that an intervention speaks for here."""
        return one.cause


def _every() -> frozenset[str]:
    from workbook.diagnosis.asking import STORM

    return frozenset(STORM)


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
