"""Two functions that should agree: where do they part, and which condition explains it?

Owns the runs that are compared: the first function under calm conditions against the second under
other ones, each in a process of its own; and, where those agree, the second after the first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.answering import answered
from workbook.diagnosis.asking import STORM, Plan, Session, Unusable, difference, plan
from workbook.diagnosis.contrasts import traced_words, unequal_batches
from workbook.diagnosis.functions import training
from workbook.diagnosis.interventions import ON, Intervention
from workbook.diagnosis.judging import Judge, few
from workbook.diagnosis.micro import hypotheses
from workbook.diagnosis.places import curve, drawing, parting, traced
from workbook.diagnosis.remainder import by_chance, left_behind, rest
from workbook.diagnosis.reply import Reply
from workbook.diagnosis.search import Active, applicable, holds, names, search
from workbook.diagnosis.sequence import merged, one_after_the_other
from workbook.diagnosis.values import Gap

ALL = frozenset(STORM)
_SHORT = 2.0**-5  # what weights rounded to 8 bits may change
_KEPT = frozenset(("data", "module", "state", "gradient", "default-dtype", "num-threads"))


class Pair:
    """The runs of two functions, measured against each other."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.together = False
        self.trained: list[tuple[int, int]] = [(0, 0), (0, 0)]
        self.split: frozenset[str] = frozenset()
        self.mutating: frozenset[str] = frozenset()
        self.factors: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
        self.calm = [self._alone(0), self._alone(1)]
        self.trained = [training(self.facts(i)) for i in (0, 1)]
        self.words = self._words()

    def _alone(self, index: int) -> Reply:
        reply = self.session.first(plan(index))
        if index and reply.outcomes and "raised" in reply.outcomes[0]:
            after = self.session.run(plan(0, 1, between=_KEPT | {"rng"}))
            if len(after.outcomes) == 2 and "raised" not in after.outcomes[1]:
                self.together = True  # the second needs something that the first leaves (a file)
                return after
        outcome = reply.outcomes[0] if reply.outcomes else {"raised": "nothing"}
        if "raised" in outcome:
            name = self.session.call.targets[index].words
            raise Unusable(
                f"{name} raises {outcome['raised']}", tuple(outcome.get("traceback", ()))
            )
        return reply

    def _number(self, index: int) -> int:
        return 1 if index and self.together else 0

    def facts(self, index: int) -> dict[str, Any]:
        return self.calm[index].facts(self._number(index))

    def _words(self) -> set[str]:
        ours, theirs = self.facts(0), self.facts(1)
        words = {"tensors", "layout", "overlap"} | set(ours["words"]) | set(theirs["words"])
        for reply in self.calm:
            words |= set(reply.data.get("import", {}).get("words", ()))
        for name in ("dropout", "norm"):
            if ours["lists"].get(name) or theirs["lists"].get(name):
                words.add(f"late {name}")
        for name in ("backward", "step"):
            if ours["counts"].get(name) or theirs["counts"].get(name):
                words.add(name)
        if torch.cuda.is_available():
            words.add("cuda")
        else:
            self.session.tell(
                "cuDNN's and CUDA's switches: not tried, there is no CUDA device here"
            )
        self.split = unequal_batches(
            ours["lists"].get("batches", ()), theirs["lists"].get("batches", ())
        )
        if self.split:
            words.add("batches")
        return words

    def plans(self, active: Active) -> tuple[Plan, Plan]:
        """What is asked of the first and of the second function."""
        on = names(active, "on")
        held = names(active, "hold")
        split = self.split if "split" in on else frozenset()
        split |= self.mutating if "keep-arguments" in on else frozenset()
        rows = []
        for index, keep in ((0, ALL), (1, held | (ALL - self.dims))):
            factors = self.factors[index] if "weigh" in on else ()
            rows.append(
                plan(
                    index,
                    held=keep,
                    on=on,
                    split=split,
                    factors=factors,
                    trained=(self.trained[index],),
                )
            )
        return rows[0], rows[1]

    dims: frozenset[str] = frozenset(("rng", "clock", "files", "poison", "hash"))

    def measure(self, active: Active) -> Gap:
        """How far the two functions are apart with these interventions."""
        first, second = self.plans(active)
        if self.together:
            held = names(active, "hold")
            between = _KEPT | ({"rng", "clock"} if "rng" in held else frozenset())
            both = replace(first, steps=(0, 1), between=between, trained=tuple(self.trained))
            reply = self.session.run(both)
            return difference(reply, 0, reply, 1)
        return difference(self.session.run(first), 0, self.session.run(second), 0)

    def after(self, active: Active) -> Gap:
        """How far the second function by itself is from the second after the first."""
        first, second = self.plans(active | set(holds()))
        between = names(active, "between")
        both = replace(first, steps=(0, 1), between=between, trained=tuple(self.trained))
        return difference(self.session.run(second), 0, self.session.run(both), 1)

    def traces(self, active: Active) -> tuple[Reply | None, Reply | None]:
        first, second = self.plans(active)
        return traced(self.session, first), traced(self.session, second)


def diagnosed(session: Session) -> Answer:
    """The answer for two functions."""
    pair = Pair(session)
    base = pair.measure(frozenset())
    session.tell(
        f"each in a process of its own, generators, clock, hashes and files differing: {base.words}"
    )
    if base.same and not pair.together:
        return one_after_the_other(pair)
    ours, theirs = pair.traces(frozenset(holds()))
    _choose_weights(pair, frozenset(holds()))
    words = pair.words | traced_words(ours, theirs)
    candidates = [
        one
        for one in applicable(words)
        if one.how != "between" and one.name not in ("threads", "switch")
    ]
    for one in candidates:
        session.tell(f"{one.words}: tried, in both functions")
    found = left_behind(pair, candidates, search(pair.measure, candidates, base), base)
    judge = Judge(pair.measure, found)
    rows = [_row(pair, judge, one) for one in found.needed]
    if {"checkpoint-incomplete", "reseeded", "generator-shift"} <= {row.cause for row in rows}:
        rows = [
            row for row in rows if row.cause != "reseeded"
        ]  # restoring a generator sets it, too
    left = rest(pair, judge, found)
    if not rows and all(row.cause == "none" for row in left):
        left = by_chance(session) or left
    rows = merged(rows + left)
    return _drawn(answered(session, rows, status=None if rows else "unknown"), ours, theirs)


def _choose_weights(pair: Pair, held: Active) -> None:
    """Take the weights of micro-batches that bring the two functions closest, if any do."""
    weigh = next(one for one in ON if one.name == "weigh")
    best = pair.measure(held)
    chosen: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    for index in (0, 1):
        for factors in hypotheses(pair.facts(index), pair.facts(1 - index)):
            pair.factors = (factors, ()) if index == 0 else ((), factors)
            gap = pair.measure(held | {weigh})
            if gap.same or (gap.comparable and gap.relative < best.relative / 16):
                best, chosen = gap, pair.factors
    pair.factors = chosen
    if any(chosen):
        pair.words.add("micro")


def _row(pair: Pair, judge: Judge, one: Intervention) -> Found:
    """One needed intervention as a cause."""
    cause, gap = one.cause, judge.found.without[one]
    rounding = judge.is_rounding(one)
    if cause == "batch-coupling" and rounding:
        cause = "batch-size"
    elif cause == "batch-size" and not rounding:
        cause = "batch-coupling"
    elif one.name == "carry-buffers" and "shortened" in pair.words:
        cause, rounding = "reduced-precision", gap.relative < _SHORT
    first, second = pair.traces(frozenset(judge.found.needed) - {one})
    if cause == "dtype" and "short" in traced_words(*pair.traces(frozenset(holds()))):
        cause = "reduced-precision"
    evidence = f"when {one.words} in both functions, they agree; without that they do not."
    return Found(cause, _where(pair, one, cause, first, second), evidence, gap.words, rounding)


def _where(
    pair: Pair, one: Intervention, cause: str, first: Reply | None, second: Reply | None
) -> str:
    lists = [pair.facts(i)["lists"] for i in (0, 1)]
    for word, key in (("dropout-active", "dropout"), ("batch-statistics", "norm")):
        if cause == word:
            found = few(list(dict.fromkeys(lists[0].get(key, []) + lists[1].get(key, []))))
            if found:
                return found
    if cause in ("random-numbers", "generator-shift", "reseeded"):
        return drawing(second) or drawing(first)
    part = parting(first.trace(0) if first else None, second.trace(0) if second else None)
    return part.place if part else ""


def _drawn(answer: Answer, ours: Reply | None, theirs: Reply | None) -> Answer:
    one, other = (r.trace(0) if r else None for r in (ours, theirs))
    if one is None or other is None:
        return answer
    heights, labels, mark = curve(one, other)
    return replace(answer, curve=heights, labels=labels, origin=mark)
