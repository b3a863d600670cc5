"""What a notebook keeps of a result: written, read back, and refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from workbook.causes.precision import SIX_NUMBERS
from workbook.chart import Axis, Chart, Panel, Series
from workbook.experiment import run
from workbook.result import Finding, Result


@pytest.fixture(scope="module")
def result() -> Result:
    """Six numbers, summed here, with a not-a-number and an infinity on top."""
    line = Series("a line", (0.0, 1.0, 2.0), (float("nan"), float("inf"), 0.1))
    chart = Chart((Panel(Axis("x"), Axis("y"), (line,)),))
    values = {"large": 2**60 + 1, "tiny": 5e-324}
    return replace(run(SIX_NUMBERS), finding=Finding("It is kept.", "0.1", chart, values))


def test_what_is_kept_is_read_back(result: Result) -> None:
    """Every float and every large whole number comes back with its bits."""
    again = Result.from_kept(result.kept())
    assert repr(again) == repr(result)  # NaN is not equal to itself, its repr is
    assert again.finding.values == {"large": 1152921504606846977, "tiny": 5e-324}


def test_it_is_one_line_of_strict_json(result: Result) -> None:
    """No NaN, no infinity, no line break and no space between its parts."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    text = result.kept()
    json.loads(text, parse_constant=refuse)
    assert "\n" not in text and '": ' not in text


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: None, "keeps no result"),
        (lambda text: {"verdict": "It is kept."}, "keeps no result"),
        (lambda text: text[:-5], "is damaged"),
        (lambda text: "[]", "must be of format workbook-result"),
        (lambda text: text.replace("workbook-result", "notes"), "must be of format"),
        (lambda text: text.replace('"version":1', '"version":2'), "must be of version 1, got 2"),
        (lambda text: text.replace('"verdict"', '"sentence"'), "lacks 'verdict'"),
        (lambda text: text.replace('"panels":[', '"panels":[3,'), "not a chart|damaged"),
        (lambda text: text.replace('"mark":"line"', '"mark":"pie"'), "a mark is one of"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(
    result: Result, damage: Callable[[str], Any], words: str
) -> None:
    """Missing, damaged, foreign or of another version: ValueError says which."""
    with pytest.raises(ValueError, match=words):
        Result.from_kept(damage(result.kept()))


def test_a_finding_says_what_hides_in_rounding() -> None:
    """Of several bounds that show rounding, the one that would miss the most terms speaks."""
    finding = run(SIX_NUMBERS).finding
    [compared] = finding.comparisons
    assert compared.verdict == "rounding" and not finding.blind
    assert finding.unseen.casefold() == f"{compared.unseen_words()}.".casefold()
    wide = replace(compared, unseen=2.0, unseen_share=0.5)
    others = (compared, wide, replace(wide, verdict="wrong", unseen=9.0))
    several = replace(finding, comparisons=others)
    assert several.blind
    assert several.unseen == (
        "A fault below 2 could hide here, such as the loss of 2 elements of mean size."
    )
    assert not replace(finding, comparisons=()).unseen
