"""A module: which conditions change its output?

Owns the order of the questions: call it again, change the rows around a row, move its inputs in
memory, change the threads, the memory's contents and the precision. What an answer needs is kept
on for the questions after it.
"""

from __future__ import annotations

from typing import Any

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.intervention import Axis
from workbook.diagnosis.interventions.modules import EVAL_NORM
from workbook.diagnosis.interventions.operations import DOUBLE, PLAIN, ROW_BY_ROW
from workbook.diagnosis.interventions.put_back import GENERATORS
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.interventions.streams import STILL
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import ALL, plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap, gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.process.variants import BATCHES
from workbook.diagnosis.rounding import equal_but_for_rounding, judged, much_smaller
from workbook.diagnosis.session import Session, difference
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.single import other_cpu

_WIDE = frozenset({DOUBLE.name})
_KEPT = GENERATORS | {"data", "module", "state"}


class Model:
    """The calls of one module, with what was found so far kept on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.on: frozenset[str] = frozenset()
        self.rows: list[Found] = []

    def run(
        self, *variants: str, held: frozenset[str] = ALL, on: frozenset[str] = frozenset()
    ) -> Run:
        return self.session.run(
            plan(0, held=held, variants=variants, between=_KEPT, on=self.on | on)
        )

    def add(self, cause: str, where: str, evidence: str, gap: Gap, *more: Any) -> None:
        self.rows.append(Found(cause, where, evidence, gap.words, *more))


def diagnosed(session: Session) -> Answer:
    """Give the answer for a module."""
    again = Function(session, variants=("plain", "again", "again"))
    again.dims = frozenset()
    model = Model(session)
    found, base = again.find_again()
    if found is not None:
        model.rows += causes_of(again, found, base)
        model.on |= {one.name for one in found.needed if one.how == "on"}
        if any(row.cause == "random-numbers" for row in model.rows):
            model.on |= {STILL.name}  # other batches and layouts would draw other numbers
    for ask in (_batch, _memory, _conditions, _inside):
        ask(model, again)
    if not model.rows:
        other_cpu(again)
        model.rows.append(none(Gap(True)))
    return answered(session, model.rows)


def _gap(one: Run, i: int, other: Run, j: int, label: str) -> Gap | None:
    """Give the gap of the rows that both calls have, or None where a call has none."""
    for result, k in ((one, i), (other, j)):
        if k >= len(result.outcomes) or "raised" in result.outcomes[k]:
            return None
    start = f"['row']['{label}']"
    ours = {k: v for k, v in one.tensors(i).items() if k.startswith(start)}
    theirs = {k: v for k, v in other.tensors(j).items() if k.startswith(start)}
    if not ours or set(ours) != set(theirs):
        return None
    codes = [[c for c in r.code(k) if c.startswith(start)] for r, k in ((one, i), (other, j))]
    return gap(ours, theirs, codes[0] == codes[1], True)


def _worst(model: Model, on: frozenset[str]) -> tuple[Gap | None, str]:
    """Give the largest gap of the first row over the batches it can be in."""
    worst: Gap | None = None
    name = ""
    result = model.run("plain", *BATCHES, on=on)
    for number, label in enumerate(BATCHES, start=1):
        found = _gap(result, 0, result, number, label)
        if found is not None and (
            worst is None or worst.same or (not found.same and found.relative > worst.relative)
        ):
            worst, name = found, label
    return worst, name


def _batch(model: Model, again: Function) -> None:
    gap, name = _worst(model, frozenset())
    if gap is None:
        model.session.tell("other batches around a row: not tried, the output has no rows")
        return
    model.session.tell(f"other batches around a row: {gap.words}")
    if gap.same:
        return
    if Fact.LATE_NORM in again.facts:
        still, _ = _worst(model, frozenset({EVAL_NORM.name}))
        model.session.tell(
            f"the same with running statistics: {still.words if still else 'no rows'}"
        )
        if still is not None and much_smaller(still, gap):
            where = few(again.calm.places(0, "batch-statistics"))
            model.add(
                "batch-statistics",
                where,
                f"with {BATCHES[name]} the row changes; with running "
                "statistics it does not, or by rounding only.",
                gap,
            )
            model.on |= {EVAL_NORM.name}
            gap, name = still, name
    if gap.same:
        return
    doubled, _ = _worst(model, _WIDE)
    rows, _ = _worst(model, frozenset({ROW_BY_ROW.name}))
    word = judged(gap, doubled)
    model.session.tell(f"the same in float64: {doubled.words if doubled else 'no rows'}")
    evidence = f"with {BATCHES[name]} the row changes"
    if word in ("rounding", "doubtful"):
        tail = (
            "; computed row by row it does not."
            if rows is not None and rows.same
            else "; in float64 that shrinks with the format."
        )
        model.add("batch-size", "", evidence + tail, gap, word)
    else:
        model.add(
            "batch-coupling",
            "",
            evidence + "; float64 does not remove that, so it is no rounding.",
            gap,
        )


def _memory(model: Model, again: Function) -> None:
    result = model.run("plain", "strided", "offset")
    for number, words in ((1, "inputs in another layout"), (2, "inputs at an odd offset")):
        gap = difference(result, 0, result, number)
        model.session.tell(
            f"{words}: {gap.words if gap.comparable else 'the module does not take them'}"
        )
        if gap.same or not gap.comparable:
            continue
        held = model.run("plain", "strided", "offset", on=frozenset({PLAIN.name}))
        back = difference(held, 0, held, number)
        tail = (
            "copied to plain memory first, it does not."
            if back.same
            else "nothing else was changed."
        )
        wide = model.run("plain", "strided", "offset", on=_WIDE)
        evidence = f"with {words} of equal values the output changes; {tail}"
        word = judged(gap, difference(wide, 0, wide, number))
        model.add("memory-layout", "", evidence, gap, word)
        return


def _conditions(model: Model, again: Function) -> None:
    calm = model.run("plain")
    for one in HOLDS:
        name, cause, words = one.name, one.cause, one.condition
        if name in GENERATORS or Fact.THREADS in one.facts:
            continue
        other = model.run("plain", held=ALL - {name})
        gap = difference(calm, 0, other, 0)
        model.session.tell(f"{words}: {gap.words}")
        if not gap.same and cause not in {row.cause for row in model.rows}:
            wide = difference(
                model.run("plain", on=_WIDE), 0, model.run("plain", held=ALL - {name}, on=_WIDE), 0
            )
            word = judged(gap, wide)
            model.add(
                cause,
                "",
                f"with {words} the output changes, and changes back without.",
                gap,
                word,
            )


def _inside(model: Model, again: Function) -> None:
    """Switches that the module itself throws: compile, autocast, shorter formats."""
    calm = model.run("plain")
    for one in ROWS:
        if not one.applies(Axis.MODULE, again.facts):
            continue
        gap = difference(calm, 0, model.run("plain", on=frozenset({one.name})), 0)
        model.session.tell(f"{one.words}: {gap.words}")
        if not gap.same and one.cause not in {row.cause for row in model.rows}:
            wide = difference(
                model.run("plain", on=_WIDE), 0, model.run("plain", on=_WIDE | {one.name}), 0
            )
            word = judged(gap, wide)
            model.add(one.cause, "", f"when {one.words}, the output changes.", gap, word, one.fix)
    wide = difference(calm, 0, model.run("plain", on=_WIDE), 0)
    model.session.tell(f"everything in float64: {wide.words}")
    if (
        wide.comparable
        and not equal_but_for_rounding(wide)
        and "reduced-precision" not in {r.cause for r in model.rows}
    ):
        short = Fact.AUTOCAST in again.facts
        cause = "reduced-precision" if short else "dtype"
        model.add(
            cause,
            "",
            "in float64 the output is another one, by more than float32's rounding.",
            wide,
            "doubtful",
        )
