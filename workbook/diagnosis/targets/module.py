"""A module: which conditions change its output?

Owns the order of the questions: call it again, change the rows around a row, move its inputs in
memory, change the threads, the memory's contents and the precision. What an answer needs is kept
on for the questions after it.
"""

from typing import Any

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.intervention import Axis, Intervention
from workbook.diagnosis.interventions.modules import EVAL_NORM
from workbook.diagnosis.interventions.operations import DOUBLE, PLAIN, ROW_BY_ROW
from workbook.diagnosis.interventions.put_back import GENERATORS
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.interventions.streams import STILL
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import ALL, Plan, plan
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
_LAYOUTS = ("strided", "offset")
_KEPT = GENERATORS | {"data", "module", "state"}


class Model:
    """The calls of one module, with what was found so far kept on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.on: frozenset[str] = frozenset()
        self.rows: list[Found] = []

    def plan(
        self, *variants: str, held: frozenset[str] = ALL, on: frozenset[str] = frozenset()
    ) -> Plan:
        return plan(0, held=held, variants=variants, between=_KEPT, on=self.on | on)

    def run(self, *variants: str, **more: frozenset[str]) -> Run:
        return self.session.run(self.plan(*variants, **more))

    def add(self, cause: str, where: str, evidence: str, gap: Gap, *more: Any) -> None:
        self.rows.append(Found(cause, where, evidence, gap.words, *more))

    def ask(
        self, row: Intervention, words: str, evidence: str, *fix: str,
        held: frozenset[str] = ALL, on: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """See whether the output is another one under these conditions, and name the cause."""
        gap = difference(self.run("plain"), 0, self.run("plain", held=held, on=on), 0)
        self.session.tell(f"{words}: {gap.words}")
        if gap.same or row.cause in {told.cause for told in self.rows}:
            return
        pair = self.run("plain", on=_WIDE), self.run("plain", held=held, on=on | _WIDE)
        word = judged(gap, difference(pair[0], 0, pair[1], 0))
        where = few(self.run("plain").places(0, row.cause))
        self.add(row.cause, where, evidence, gap, word, *fix)


def diagnosed(session: Session) -> Answer:
    """Give the answer for a module."""
    again = Function(session, variants=("plain", "again", "again"))
    again.dims = frozenset()
    model = Model(session)
    found, base = again.find_again()
    if found is not None:
        model.rows += causes_of(again, found, base)
        model.on |= {row.name for row in found.needed if row.how == "on"}
        if any(row.cause == "random-numbers" for row in model.rows):
            model.on |= {STILL.name}  # other batches and layouts would draw other numbers
    layouts = model.plan("plain", *BATCHES), model.plan("plain", *_LAYOUTS)
    held = (model.plan("plain", held=ALL - {row.name}) for row in _varied(again))
    on = (model.plan("plain", on=frozenset({row.name})) for row in _switches(again))
    session.ahead(*layouts, model.plan("plain"), *held, *on, model.plan("plain", on=_WIDE))
    for ask in (_batch, _memory, _conditions, _inside):
        ask(model, again)
    if not model.rows:
        other_cpu(again)
        model.rows.append(none())
    return answered(session, model.rows)


def _gap(first: Run, i: int, second: Run, j: int, label: str) -> Gap | None:
    """Give the gap of the rows that both calls have, or None where a call has none."""
    for result, k in ((first, i), (second, j)):
        if k >= len(result.outcomes) or "raised" in result.outcomes[k]:
            return None
    start = f"['row']['{label}']"
    ours = {k: v for k, v in first.tensors(i).items() if k.startswith(start)}
    theirs = {k: v for k, v in second.tensors(j).items() if k.startswith(start)}
    if not ours or set(ours) != set(theirs):
        return None
    codes = [[c for c in r.code(k) if c.startswith(start)] for r, k in ((first, i), (second, j))]
    return gap(ours, theirs, codes[0] == codes[1], True)


def _worst(model: Model, *on: Intervention) -> tuple[Gap | None, str]:
    """Give the largest gap of the first row over the batches it can be in."""
    result = model.run("plain", *BATCHES, on=frozenset(row.name for row in on))
    rows = enumerate(BATCHES, start=1)
    gaps = [(_gap(result, 0, result, number, label), label) for number, label in rows]
    found = [(not gap.same, gap.relative, gap, label) for gap, label in gaps if gap is not None]
    return max(found, key=lambda each: each[:2])[2:] if found else (None, "")


def _batch(model: Model, again: Function) -> None:
    gap, name = _worst(model)
    if gap is None:
        model.session.tell("other batches around a row: not tried, the output has no rows")
        return
    model.session.tell(f"other batches around a row: {gap.words}")
    if gap.same:
        return
    if Fact.LATE_NORM in again.facts:
        still, _ = _worst(model, EVAL_NORM)
        model.session.tell(
            f"the same with running statistics: {still.words if still else 'no rows'}"
        )
        if still is not None and much_smaller(still, gap):
            evidence = (
                f"with {BATCHES[name]} the row changes; with running statistics it does not, or by "
                "rounding only."
            )
            where = few(again.calm.places(0, "batch-statistics"))
            model.add("batch-statistics", where, evidence, gap)
            model.on |= {EVAL_NORM.name}
            gap = still
    if gap.same:
        return
    (doubled, _), (rows, _) = _worst(model, DOUBLE), _worst(model, ROW_BY_ROW)
    word = judged(gap, doubled)
    model.session.tell(f"the same in float64: {doubled.words if doubled else 'no rows'}")
    evidence = f"with {BATCHES[name]} the row changes"
    if word in ("rounding", "doubtful"):
        alone = rows is not None and rows.same
        tail = "computed row by row it does not" if alone else "in float64 that shrinks"
        model.add("batch-size", "", f"{evidence}; {tail}.", gap, word)
    else:
        tail = "float64 does not remove that, so it is no rounding"
        model.add("batch-coupling", "", f"{evidence}; {tail}.", gap)


def _memory(model: Model, again: Function) -> None:
    result = model.run("plain", *_LAYOUTS)
    for number, words in ((1, "inputs in another layout"), (2, "inputs at an odd offset")):
        gap = difference(result, 0, result, number)
        told = gap.words if gap.comparable else "the module does not take them"
        model.session.tell(f"{words}: {told}")
        if gap.same or not gap.comparable:
            continue
        held = model.run("plain", *_LAYOUTS, on=frozenset({PLAIN.name}))
        back = difference(held, 0, held, number)
        same = "copied to plain memory first, it does not"
        tail = same if back.same else "nothing else was changed"
        wide = model.run("plain", *_LAYOUTS, on=_WIDE)
        evidence = f"with {words} of equal values the output changes; {tail}."
        word = judged(gap, difference(wide, 0, wide, number))
        model.add("memory-layout", "", evidence, gap, word)
        return


def _varied(again: Function) -> list[Intervention]:
    """List the conditions that can matter; generators were asked about."""
    rows = (row for row in HOLDS if row.applies(Axis.AGAIN, again.facts))
    return [row for row in rows if row.name not in GENERATORS]


def _conditions(model: Model, again: Function) -> None:
    for row in _varied(again):
        evidence = f"with {row.condition} the output changes, and changes back without."
        model.ask(row, row.condition, evidence, held=ALL - {row.name})


def _switches(again: Function) -> list[Intervention]:
    """List the switches that a module of this kind may throw itself."""
    return [row for row in ROWS if row.applies(Axis.MODULE, again.facts)]


def _inside(model: Model, again: Function) -> None:
    """Switches that the module itself throws: compile, autocast, shorter formats."""
    for row in _switches(again):
        evidence = f"when {row.words}, the output changes."
        model.ask(row, row.words, evidence, row.fix, on=frozenset({row.name}))
    wide = difference(model.run("plain"), 0, model.run("plain", on=_WIDE), 0)
    model.session.tell(f"everything in float64: {wide.words}")
    known = {row.cause for row in model.rows}
    if wide.comparable and not equal_but_for_rounding(wide) and "reduced-precision" not in known:
        cause = "reduced-precision" if Fact.AUTOCAST in again.facts else "dtype"
        evidence = "in float64 the output is another one, by more than float32's rounding."
        model.add(cause, "", evidence, wide, "doubtful")
