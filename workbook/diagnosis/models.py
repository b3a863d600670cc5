"""A module: which conditions change its output?

Owns the order of the questions: call it again, change the rows around a row, move its inputs in
memory, change the threads, the memory's contents and the precision. What an answer needs is kept
on for the questions after it.
"""

from __future__ import annotations

from workbook.diagnosis.alone import other_cpu
from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.answering import answered, causes_of, none
from workbook.diagnosis.asking import STORM, Plan, Session, difference, plan
from workbook.diagnosis.functions import Function
from workbook.diagnosis.interventions import ON, Intervention
from workbook.diagnosis.judging import few
from workbook.diagnosis.model import BATCHES
from workbook.diagnosis.reply import Reply
from workbook.diagnosis.values import Gap, gap

ALL = frozenset(STORM)
_KEPT = frozenset(("rng", "data", "module", "state"))


class Model:
    """The calls of one module, with what was found so far kept on."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.on: frozenset[str] = frozenset()
        self.rows: list[Found] = []

    def run(
        self, *variants: str, held: frozenset[str] = ALL, on: frozenset[str] = frozenset()
    ) -> Reply:
        return self.session.run(
            plan(0, held=held, variants=variants, between=_KEPT, on=self.on | on)
        )

    def add(self, cause: str, where: str, evidence: str, gap: Gap, rounding: bool = False) -> None:
        self.rows.append(Found(cause, where, evidence, gap.words, rounding))


def diagnosed(session: Session) -> Answer:
    """The answer for a module."""
    again = Function(session, variants=("plain", "again", "again"))
    again.dims = frozenset()
    model = Model(session)
    found, base = again.find_again()
    if found is not None:
        model.rows += causes_of(again, found, base)
        model.on |= {one.name for one in found.needed if one.how == "on"}
        if any(row.cause == "random-numbers" for row in model.rows):
            model.on |= {"still"}  # other batches and layouts would draw other numbers
    for ask in (_batch, _memory, _conditions, _inside):
        ask(model, again)
    if not model.rows:
        extra = other_cpu(again)
        model.rows += [extra] if extra else [none(Gap(True))]
    return answered(session, model.rows)


def _gap(one: Reply, i: int, other: Reply, j: int, label: str) -> Gap | None:
    """The gap of the rows that both calls have, or None where a call has none."""
    for reply, k in ((one, i), (other, j)):
        if k >= len(reply.outcomes) or "raised" in reply.outcomes[k]:
            return None
    start = f"['row']['{label}']"
    ours = {k: v for k, v in one.tensors(i).items() if k.startswith(start)}
    theirs = {k: v for k, v in other.tensors(j).items() if k.startswith(start)}
    if not ours or set(ours) != set(theirs):
        return None
    codes = [[c for c in r.code(k) if c.startswith(start)] for r, k in ((one, i), (other, j))]
    return gap(ours, theirs, codes[0] == codes[1], True)


def _worst(model: Model, on: frozenset[str]) -> tuple[Gap | None, str]:
    """The largest gap of the first row over the batches it can be in."""
    worst: Gap | None = None
    name = ""
    reply = model.run("plain", *BATCHES, on=on)
    for number, label in enumerate(BATCHES, start=1):
        found = _gap(reply, 0, reply, number, label)
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
    if "norm" in again.words or "late norm" in again.words:
        still, _ = _worst(model, frozenset({"eval-norm"}))
        model.session.tell(
            f"the same with running statistics: {still.words if still else 'no rows'}"
        )
        if still is not None and (still.same or still.relative < gap.relative / 16):
            where = few(again.calm.facts(0)["lists"].get("norm", []))
            model.add(
                "batch-statistics",
                where,
                f"with {BATCHES[name]} the row changes; with running "
                "statistics it does not, or by rounding only.",
                gap,
            )
            model.on |= {"eval-norm"}
            gap, name = still, name
    if gap.same:
        return
    doubled, _ = _worst(model, frozenset({"double"}))
    rows, _ = _worst(model, frozenset({"rows"}))
    rounding = _shrinks(gap, doubled)
    model.session.tell(f"the same in float64: {doubled.words if doubled else 'no rows'}")
    evidence = f"with {BATCHES[name]} the row changes"
    if rounding:
        tail = (
            "; computed row by row it does not."
            if rows is not None and rows.same
            else "; in float64 that goes."
        )
        model.add("batch-size", "", evidence + tail, gap, True)
    else:
        model.add(
            "batch-coupling",
            "",
            evidence + "; float64 does not remove that, so it is no rounding.",
            gap,
        )


def _shrinks(gap: Gap, doubled: Gap | None) -> bool:
    if doubled is None or not doubled.comparable:
        return gap.comparable and gap.relative < 2.0**-14
    return doubled.same or doubled.relative <= max(gap.relative * 2.0**-15, 1e-12)


def _memory(model: Model, again: Function) -> None:
    reply = model.run("plain", "strided", "offset")
    for number, words in ((1, "inputs in another layout"), (2, "inputs at an odd offset")):
        gap = difference(reply, 0, reply, number)
        model.session.tell(
            f"{words}: {gap.words if gap.comparable else 'the module does not take them'}"
        )
        if gap.same or not gap.comparable:
            continue
        held = model.run("plain", "strided", "offset", on=frozenset({"plain"}))
        back = difference(held, 0, held, number)
        tail = (
            "copied to plain memory first, it does not."
            if back.same
            else "nothing else was changed."
        )
        model.add(
            "memory-layout",
            "",
            f"with {words} of equal values the output changes; {tail}",
            gap,
            True,
        )
        return


def _conditions(model: Model, again: Function) -> None:
    calm = model.run("plain")
    for name, cause, words in (
        ("threads", "thread-count", "four threads instead of one"),
        ("poison", "uninitialised-memory", "NaN in memory handed out unwritten"),
        ("hash", "hash-seed", "another hash seed"),
        ("clock", "wall-clock", "another time of day"),
        ("files", "file-order", "folders listed backwards"),
    ):
        other = model.run("plain", held=ALL - {name})
        gap = difference(calm, 0, other, 0)
        model.session.tell(f"{words}: {gap.words}")
        if not gap.same and cause not in {row.cause for row in model.rows}:
            rounding = cause == "thread-count" and gap.comparable and gap.relative < 2.0**-10
            model.add(
                cause,
                "",
                f"with {words} the output changes, and changes back without.",
                gap,
                rounding,
            )


def _inside(model: Model, again: Function) -> None:
    """Switches that the module itself throws: compile, autocast, shorter formats."""
    calm = model.run("plain")
    for one in ON:
        if one.name not in _SWITCHES or not again.words & set(one.needs):
            continue
        gap = difference(calm, 0, model.run("plain", on=frozenset({one.name})), 0)
        model.session.tell(f"{one.words}: {gap.words}")
        if not gap.same and one.cause not in {row.cause for row in model.rows}:
            rounding = gap.comparable and gap.relative < 2.0**-5
            model.add(one.cause, "", f"when {one.words}, the output changes.", gap, rounding)
    wide = difference(calm, 0, model.run("plain", on=frozenset({"double"})), 0)
    model.session.tell(f"everything in float64: {wide.words}")
    if (
        wide.comparable
        and wide.relative > 2.0**-11
        and "reduced-precision" not in {r.cause for r in model.rows}
    ):
        short = any(w in again.words for w in ("autocast", "short"))
        cause = "reduced-precision" if short or wide.relative < 2.0**-4 else "dtype"
        model.add(
            cause,
            "",
            "in float64 the output is another one, by more than float32's rounding.",
            wide,
            True,
        )


_SWITCHES = frozenset(("no-compile", "no-autocast", "full-precision", "apart"))
__all__ = ["Intervention", "Model", "Plan", "diagnosed"]
