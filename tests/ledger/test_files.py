"""Reading the ledger: a damaged row gives a sentence that names it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from workbook.ledger import claim_of, claims
from workbook.ledger.files import FILE, LEFT_OUT, claim_from, read

ROW: dict[str, Any] = {
    "id": "a-claim",
    "chapter": "01",
    "claim": "It is so.",
    "verdict": "true",
    "because": "It was measured.",
    "answers": ["C001"],
    "where": "cpu",
    "trials": [{"experiment": "six_numbers", "expect": [["distinct", "above", 1]]}],
}
TRIAL = ROW["trials"][0]
DAMAGED = [
    ({"verdict": "maybe"}, "a verdict is one of true, true only if, misleading, false, cannot"),
    ({"where": "moon"}, "where is one of cpu, cuda, directml, nowhere; got 'moon'"),
    ({"where": "nowhere", "trials": []}, "the verdict is 'cannot be tested here' where neither"),
    ({"verdict": "cannot be tested here"}, "the verdict is 'cannot be tested here' where neither"),
    ({"trials": []}, "a row has trials, unless it is decided nowhere"),
    ({"chapter": "1"}, "a chapter is two digits; got '1'"),
    ({"chapter": 1}, "a chapter is two digits; got 1"),
    ({"claim": "It is so"}, "a claim is a sentence; got 'It is so'"),
    ({"because": ""}, "a reason is a sentence; got ''"),
    ({"answers": ["C000"]}, "answers are C001 to C151 or S01 to S93; got C000"),
    ({"answers": "C001"}, "this row is damaged: a list was expected, got 'C001'"),
    ({"remark": "x"}, "this row is damaged: keys are id, chapter, claim, .* got remark too"),
    ({"trials": [{**TRIAL, "threads": 2}]}, "keys are experiment, expect, settings; got threads"),
    ({"trials": [{"experiment": "six_numbers"}]}, "'expect' is missing"),
    ({"bet": {"question": "How many?"}}, "'outcomes' is missing"),
    ({"bet": {"question": "How many?", "outcomes": []}}, "two outcomes or more"),
    (
        {"bet": {"question": "How many?", "outcomes": [{"text": "one", "verdict": "true"}]}},
        "'expect' is missing",
    ),
    (
        {"bet": {"question": "Why?", "outcomes": [{"text": "", "verdict": "so", "expect": []}]}},
        "one of the verdicts true, true only if, misleading, false; got 0 and 'so'",
    ),
    ({"trials": [{**TRIAL, "expect": []}]}, "names its experiment and expects something of it"),
    ({"trials": [{**TRIAL, "expect": [["distinct", "near", 1]]}]}, "got 'distinct', 'near'"),
    ({"trials": [{**TRIAL, "expect": [["distinct", "is"]]}]}, "this row is damaged: .*'stated'"),
    ({"trials": ["six_numbers"]}, "a trial is a JSON object, got 'six_numbers'"),
]


def write(path: Path, data: object) -> Path:
    """A file that holds these rows."""
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_a_whole_row_is_read(tmp_path: Path) -> None:
    """The row used by the tests below is damaged by nothing but what they change."""
    (row,) = read(write(tmp_path / "rows.json", [ROW]))
    assert (row.id, row.answers, row.trials[0].experiment) == ("a-claim", ("C001",), "six_numbers")


@pytest.mark.parametrize(("change", "words"), DAMAGED)
def test_a_damaged_row_is_named(change: dict[str, Any], words: str) -> None:
    """The message begins with the row's id and says what is wrong."""
    with pytest.raises(ValueError, match=f"^a-claim: .*{words}"):
        claim_from({**copy.deepcopy(ROW), **change})


@pytest.mark.parametrize("key", ["chapter", "claim", "verdict", "because", "answers"])
def test_a_missing_part_is_named(key: str) -> None:
    """A row lacks nothing that a reader is shown."""
    with pytest.raises(ValueError, match=f"^a-claim: this row is damaged: .*'{key}'"):
        claim_from({name: value for name, value in ROW.items() if name != key})


def test_a_row_without_an_id_is_said() -> None:
    """It has no name, so the message says that."""
    with pytest.raises(ValueError, match=r"^a row without an id: this row is damaged: .*'id'"):
        claim_from({name: value for name, value in ROW.items() if name != "id"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "rows.json is not JSON: "),
        ("{}", "rows.json is a list of rows, got dict"),
        ('["a"]', "'a': this row is damaged: a row is a JSON object, got 'a'"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """What is no list of rows is refused in a sentence."""
    path = tmp_path / "rows.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{words}"):
        read(path)


def test_ids_are_unique(tmp_path: Path) -> None:
    """A second row of the same id is refused, so a claim can be called by its id."""
    with pytest.raises(ValueError, match="each claim has an id of its own, got 'a-claim' twice"):
        read(write(tmp_path / "rows.json", [ROW, ROW]))


def test_a_claim_is_found_by_its_id() -> None:
    """An id that is not there is answered with some that are."""
    first = claims()[0]
    assert claim_of(first.id) is first
    with pytest.raises(ValueError, match=f"a claim has an id such as {first.id}, .* got 'nothing'"):
        claim_of("nothing")


@pytest.mark.parametrize("path", [FILE, LEFT_OUT], ids=lambda path: path.name)
def test_a_row_is_readable(path: Path) -> None:
    """One thing stands in a line, so that a change can be reviewed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 3 + path.read_text(encoding="utf-8").count("because")
    assert max(map(len, lines)) < 260
