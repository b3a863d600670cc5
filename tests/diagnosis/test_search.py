"""The search on invented measures: which interventions are needed, and how few trials it takes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
import torch

from workbook.diagnosis.chance import believed
from workbook.diagnosis.interventions.intervention import PAIR, Intervention, on
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.search import Active, Measure, names, search

LARGE, SMALL, NONE = Gap(False, True, 1.0, 0.5), Gap(False, True, 1e-7, 1e-7), Gap(True)
ROUNDS = Gap(False, True, 1e-7, 1e-7, roundoff=2.0**-24)


def row(name: str, rank: int, **more: object) -> Intervention:
    """An intervention that exists here only."""
    return on(name, "none", name, rank, Fact.ALWAYS, axes=PAIR, **more)


A, B, C, D = (row(name, rank) for rank, name in enumerate("abcd"))


def counted(measure: Measure) -> tuple[Measure, list[Active]]:
    """The measure, and the list of what it was asked for."""
    asked: list[Active] = []

    def ask(active: Active) -> Gap:
        asked.append(active)
        return measure(active)

    return ask, asked


def needs(*rows: Intervention) -> Measure:
    """A difference that goes when all of these are active."""
    return lambda active: NONE if set(rows) <= active else LARGE


def found(measure: Measure, rows: Iterable[Intervention] = (A, B, C, D)) -> list[str]:
    """The names of what a search needs."""
    return [one.name for one in search(measure, rows, measure(frozenset())).needed]


def test_one_culprit_is_found_by_trials_of_one() -> None:
    """Where one suffices, nothing is tried together with anything else."""
    measure, asked = counted(needs(C))
    assert found(measure) == ["c"]
    assert all(len(active) <= 1 for active in asked) and len(asked) == 4


def test_a_likely_one_hides_no_specific_one() -> None:
    """What is likely is tried first, and what is more specific than that all the same."""
    slow = row("slow", -1, costly=True)
    measure, asked = counted(lambda active: NONE if active & {B, C, D} else LARGE)
    result = search(measure, (slow, A, B, C, D), LARGE, likely={B, C}.__contains__)
    assert [one.name for one in result.needed] == ["b"]
    assert asked == [{B}, {A}]


def test_what_may_be_measured_next_is_told_but_not_what_is_slow() -> None:
    """Runs can begin ahead: the likely trials first, at last none."""
    slow, told = row("slow", -1, costly=True), list[list[str]]()

    def ahead(trials: Iterable[Active]) -> None:
        told.append(["".join(one.name for one in trial) for trial in trials])

    search(needs(C), (slow, A, B, C), LARGE, likely=lambda one: one is not A, ahead=ahead)
    assert told == [["b", "c", "a"], ["a"], []]


def test_two_about_one_thing_count_as_one_where_neither_suffices() -> None:
    """What is held and what is put back under one name are both needed; each has its own gap."""
    held, put_back = replace(row("state", 0), how="hold"), replace(row("state", 1), how="between")
    assert names({held, put_back, A}, "hold") == {"state"} and names({held, A}, "on") == {"a"}

    def measure(active: Active) -> Gap:
        return NONE if {held, put_back} <= active else SMALL if held in active else LARGE

    result = search(measure, (held, put_back, A), LARGE)
    assert result.needed == (held, put_back) and result.rest.same
    assert result.without == {held: LARGE, put_back: SMALL}
    assert search(needs(put_back), (held, put_back, A), LARGE).needed == (put_back,)
    three = {held, put_back, B}
    assert set(search(needs(*three), (held, put_back, A, B), LARGE).needed) == three


def test_of_two_that_suffice_the_specific_one_is_named() -> None:
    """The smaller rank explains, whatever the order in which they are given."""
    assert found(lambda active: NONE if active & {B, D} else LARGE, (D, C, B, A)) == ["b"]


def test_two_culprits_are_both_needed() -> None:
    """What only two remove together leaves both, and nothing else."""
    assert found(needs(B, D)) == ["b", "d"]


def test_other_numbers_explain_nothing_that_its_own_numbers_explain() -> None:
    """Two rows that give draws other numbers may hide a difference; two others take it away."""
    first, other = row("first", 4, renumbers=True), row("other", 5, renumbers=True)

    def measure(active: Active) -> Gap:
        return NONE if {first, other} <= active else ROUNDS if {A, B} <= active else LARGE

    assert found(measure, (A, B, first, other)) == ["a", "b"]


def test_a_rival_that_undoes_another_is_left_out() -> None:
    """Of two that undo each other, one is taken off before the rest is tried together."""
    first, other = row("first", 4, rivals="seeds"), row("other", 5, rivals="seeds")

    def measure(active: Active) -> Gap:
        return NONE if {A, first} <= active and other not in active else LARGE

    assert found(measure, (A, B, first, other)) == ["a", "first"]


def test_one_that_breaks_the_program_is_left_out() -> None:
    """An intervention under which nothing can be compared does not hide what others do."""

    def measure(active: Active) -> Gap:
        if B in active:
            return Gap(False, comparable=False)
        return NONE if {A, D} <= active else LARGE

    assert found(measure) == ["a", "d"]


def test_one_that_breaks_a_program_that_failed_before_is_left_out() -> None:
    """Where nothing can be compared from the start, that says nothing against a single one."""
    broken = Gap(False, comparable=False)
    measure = needs(A, B)
    assert found(lambda active: broken if C in active else measure(active)) == ["a", "b"]
    failing = {LARGE: broken, NONE: NONE}
    assert found(lambda active: broken if C in active else failing[measure(active)]) == ["a", "b"]


def test_what_is_held_is_tried_with_each_one() -> None:
    """Where one undoes another, and what is held changes the difference, each is tried with it."""
    held = replace(row("held", 0), how="hold")

    def measure(active: Active) -> Gap:
        if {held, C} <= active and B not in active:
            return NONE
        return Gap(False, True, 0.9, 0.4) if held in active else LARGE

    assert found(measure, (held, A, B, C, D)) == ["held", "c"]


def test_other_numbers_hide_no_two_that_are_needed() -> None:
    """All together differ where draws get other numbers; the rest is tried without those."""
    draws = row("draws", 4, renumbers=True)
    measure = needs(A, B)
    rows = (A, B, draws)
    assert found(lambda active: LARGE if draws in active else measure(active), rows) == ["a", "b"]


def test_the_trial_that_leaves_least_is_gone_on_from() -> None:
    """What cannot be compared is no trial, and where all together cannot, any that can is."""
    broken = Gap(False, comparable=False)
    draws, rival = row("draws", 4, renumbers=True), row("rival", 5, rivals="seeds")

    def breaks_without_rival(active: Active) -> Gap:
        if draws in active or not {A, B} <= active:
            return LARGE
        return SMALL if rival in active else broken

    def breaks_with_both(active: Active) -> Gap:
        return broken if {C, D} <= active else SMALL if {A, B} <= active else LARGE

    assert found(breaks_without_rival, (A, B, draws, rival)) == ["a", "b", "rival"]
    assert found(breaks_with_both) == ["a", "b"]


def test_noise_is_no_explanation() -> None:
    """A difference that every trial moves a little, by chance, has no cause here."""
    sizes = iter([0.5, 0.3, 0.6, 0.2, 0.4, 0.35, 0.45, 0.55, 0.25, 0.3, 0.5, 0.4] * 9)
    assert found(lambda active: Gap(False, True, 1.0, next(sizes))) == []


def test_what_is_left_may_be_rounding() -> None:
    """An intervention that leaves a difference a million times smaller is needed."""
    assert found(lambda active: SMALL if C in active else LARGE) == ["c"]


def test_other_numbers_count_on_equality_only() -> None:
    """A smaller difference under other random numbers is chance, unless rounding is all of it."""
    lucky = row("lucky", 4, renumbers=True)
    tenth = Gap(False, True, 0.01, 0.01, roundoff=2.0**-24)
    assert found(lambda active: tenth if lucky in active else LARGE, (A, lucky)) == []
    assert found(lambda active: ROUNDS if lucky in active else LARGE, (A, lucky)) == ["lucky"]
    assert found(lambda active: NONE if lucky in active else LARGE, (A, lucky)) == ["lucky"]


def test_a_costly_one_waits() -> None:
    """What makes a run slow is tried last, and not at all where a large difference is explained."""
    slow = row("slow", -1, costly=True)
    measure, asked = counted(needs(C))
    assert found(measure, (slow, A, C)) == ["c"] and frozenset({slow}) not in asked
    measure, asked = counted(needs(slow))
    assert found(measure, (slow, A, C)) == ["slow"] and asked[-1] == {slow}


def test_a_costly_one_that_is_specific_explains_rounding() -> None:
    """How numbers are computed matters where the difference is rounding: then it is tried."""
    slow = row("slow", -1, costly=True)
    assert found(lambda active: NONE if active & {slow, C} else ROUNDS, (slow, A, C)) == ["slow"]


def test_every_trial_is_told_at_once() -> None:
    """What a trial gave is known before the search ends: an answer at the deadline needs it."""
    told: list[str] = []

    def measure(active: Active) -> Gap:
        if D in active:
            raise TimeoutError
        return LARGE

    try:
        search(measure, (A, B, C, D), LARGE, lambda one, gap: told.append(one.name))
    except TimeoutError:
        assert told == ["a", "b", "c"]
    else:
        raise AssertionError("the measure was not asked for the last one")


def test_a_specific_one_that_leaves_rounding_explains() -> None:
    """It comes before a general one that leaves nothing; one that renumbers draws does not."""

    def measure(active: Active) -> Gap:
        return NONE if D in active else ROUNDS if B in active else LARGE

    assert found(measure) == ["b"]
    draws = row("draws", 1, renumbers=True)
    assert found(
        lambda active: measure(active | {B} if draws in active else active), (draws, D)
    ) == ["d"]


def test_one_that_renumbers_explains_no_rounding() -> None:
    """With other numbers another sum may round alike by chance."""
    draws = row("draws", 9, renumbers=True)

    def measure(active: Active) -> Gap:
        return LARGE if B not in active else NONE if draws in active else ROUNDS

    assert found(measure, (A, B, draws)) == ["b"]


def test_two_that_renumber_explain_nothing_where_one_leaves_rounding() -> None:
    """That the second takes the rounding, too, may be the chance of other numbers."""
    first, other = row("first", 4, renumbers=True), row("other", 5, renumbers=True)
    left = {0: LARGE, 1: ROUNDS, 2: NONE}
    assert found(lambda active: left[len(active & {first, other})], (A, first, other)) == []


def test_a_wider_format_explains_by_equality_only() -> None:
    """Computed wider, any rounding shrinks: a row that widens counts where nothing is left."""
    wide = row("wide", 9, format=torch.float32)
    tiny = Gap(False, True, 1e-16, 1e-16)
    assert found(lambda active: tiny if wide in active else SMALL, (A, wide)) == []
    assert found(lambda active: NONE if wide in active else SMALL, (A, wide)) == ["wide"]
    assert found(needs(A, wide), (A, wide)) == ["a", "wide"]
    shrunk = {frozenset({A}): SMALL, frozenset({A, wide}): tiny}
    assert found(lambda active: shrunk.get(active, LARGE), (A, wide)) == ["a"]


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.8])
def test_in_noise_only_what_removes_it_is_believed(rate: float) -> None:
    """Runs agree at this rate by chance; with the one that matters they always do.

    Three others do nothing: each is believed in at most 1 of 100 searches, so in 9 of 300 in all,
    and 18 allow for 3 sigma. Where most runs agree, few can tell, and the answer is often none.
    """
    coin = random.Random(int(100 * rate))

    def measure(active: Active) -> Gap:
        return NONE if C in active or coin.random() < rate else LARGE

    def agrees(*rows: Intervention) -> Callable[[range], list[bool]]:
        return lambda numbers: [measure(frozenset(rows)).same for _ in numbers]

    def believed_by(rows: list[Intervention]) -> str:
        needed = search(measure, rows, LARGE).needed
        if not needed or believed(agrees(), agrees(*needed)):
            return "".join(one.name for one in needed)
        return believed_by([one for one in rows if one not in needed])

    named = Counter(believed_by([A, B, C, D]) for _ in range(300))
    assert sum(named[name] for name in named if name and "c" not in name) <= 18
    assert named["c"] >= (270 if rate <= 0.5 else 150), named
