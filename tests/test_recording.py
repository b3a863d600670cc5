"""Recordings: written, read back, and refused in a sentence where they are not what they say."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbook import recorder, recording
from workbook.__main__ import main
from workbook.causes.precision import MICROSCOPE, SIX_NUMBERS
from workbook.experiment import run
from workbook.recording import Recording, Session

FACTS = {
    "date": "2026-01-02",
    "device": "cuda",
    "torch": "2.9.0+cu1",
    "workbook": "0",
    "cuda": "A GPU",
}


RUN = {"operation": "sum", "operands": "float32[9]", "conditions": {}, "other": 0, "repeats": 5}


def made() -> Recording:
    """Two results that say they come from another machine."""
    results = [run(SIX_NUMBERS), run(SIX_NUMBERS, dtype="float16")]
    kept = tuple(replace(r, source="RECORDED", provenance=FACTS) for r in results)
    return Recording(FACTS, kept, (Session(FACTS, (RUN,)),))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """A file holds every result, marked RECORDED, and its name names device and version."""
    path = recording.save(made(), tmp_path)
    assert path.name == "cuda-2.9.0.json"
    assert recording.load(path) == made()
    two = {**FACTS, "cuda_count": "2"}
    assert Recording(two, ()).name == "cuda-2.9.0-2"
    assert {result.source for result in recording.load(path).results} == {"RECORDED"}


def test_a_recording_is_strict_json(tmp_path: Path) -> None:
    """Nothing but JSON is in the file: no NaN, no infinity, nothing that runs."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(recording.save(made(), tmp_path).read_text(), parse_constant=refuse)


def test_a_result_is_found_by_its_settings() -> None:
    """The device aside, settings that were recorded give their result."""
    found = made().find("six_numbers", {"dtype": "float16", "device": "anything"})
    assert found.settings["dtype"] == "float16"


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        (
            "six_numbers",
            {"dtype": "bfloat16"},
            "A GPU, 2026-01-02 was recorded at other settings, such as dtype = ",
        ),
        ("seven_numbers", {}, "A GPU, 2026-01-02 has no recording of seven_numbers"),
    ],
)
def test_what_was_not_recorded_is_said(name: str, settings: dict[str, str], words: str) -> None:
    """Other settings, or another experiment, are a sentence that says what there is."""
    with pytest.raises(ValueError, match=words):
        made().find(name, settings)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data.update(version=1), "reads recordings of version 2, got 1"),
        (lambda data: data.update(format="notes"), "this is another file"),
        (lambda data: data.pop("results"), "lacks its sessions or its results"),
        (lambda data: data["sessions"][0]["provenance"].pop("torch"), "torch is missing"),
        (lambda data: data.update(sessions=[]), "has no session"),
        (lambda data: data["sessions"][0].pop("provenance"), "lacks its provenance or its runs"),
        (lambda data: data["sessions"][0]["runs"][0].pop("operands"), "operands is missing"),
        (
            lambda data: data["sessions"][0]["runs"][0].update(other=9),
            "0 to all repeats, got 9 of 5",
        ),
        (lambda data: data["sessions"].append({"provenance": {**FACTS, "cuda": "B"}}), "cuda"),
        (lambda data: data["results"][0].update(session=7), "belongs to one of 1 sessions, got 7"),
        (lambda data: data["results"].append(3), "a result is a JSON object, got int"),
        (lambda data: data["results"][0].pop("verdict"), "this result lacks 'verdict'"),
        (lambda data: data["results"][0].update(conditions={"speed": 3}), "speed"),
    ],
)
def test_another_file_is_refused_in_a_sentence(
    tmp_path: Path, damage: Callable[[dict[str, Any]], object], words: str
) -> None:
    """A damaged, foreign or future file names itself and what is wrong; nothing crashes."""
    path = recording.save(made(), tmp_path)
    data = json.loads(path.read_text())
    damage(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=f"cuda-2.9.0.json cannot be used: .*{words}"):
        recording.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00\x01", "3"])
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, text: str) -> None:
    """Neither half a file nor another kind of data gets further than a sentence."""
    path = tmp_path / "cuda-1.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"cuda-1\.json cannot be used"):
        recording.load(path)


def test_recording_one_experiment_again_keeps_the_others() -> None:
    """A new result replaces the old one of its experiment and leaves the rest."""
    other = replace(run(MICROSCOPE), source="RECORDED", provenance=FACTS)
    both = recording.merged(made(), Recording(FACTS, (other,)))
    assert [result.experiment for result in both.results] == ["six_numbers"] * 2 + [
        "bit_microscope"
    ]
    again = recording.merged(both, made())
    assert len(again.results) == 3


def test_a_file_keeps_the_sessions_that_it_needs() -> None:
    """A session stays while a result or runs are of it; each result keeps its own provenance."""
    later = {**FACTS, "date": "2026-01-03"}
    new = replace(run(MICROSCOPE), source="RECORDED", provenance=later)
    both = recording.merged(made(), Recording(later, (new,), (Session(later, (RUN, RUN)),)))
    assert [len(each.runs) for each in both.sessions] == [1, 2]
    again = Recording.from_json(json.loads(json.dumps(both.to_json())))
    assert again == both
    assert [r.provenance["date"] for r in again.results] == ["2026-01-02"] * 2 + ["2026-01-03"]
    bare = replace(made(), sessions=(Session(FACTS),))
    newest = tuple(replace(result, provenance=later) for result in made().results)
    assert len(recording.merged(bare, Recording(later, newest)).sessions) == 1


def test_machines_are_not_mixed() -> None:
    """Results of another version do not join a file."""
    facts = {**FACTS, "torch": "2.10.0"}
    newer = Recording(facts, tuple(replace(one, provenance=facts) for one in made().results))
    with pytest.raises(ValueError, match="made under other conditions: torch"):
        recording.merged(made(), newer)


def test_every_recording_that_comes_with_the_package_loads() -> None:
    """Each committed file passes its checks, and none is claimed to be of this day's machine."""
    for each in recording.recordings():
        assert each.results
        assert each.provenance["device"] not in ("cpu", "simulated")


def test_recording_runs_the_opening_and_each_choice() -> None:
    """One result at the opening settings, then one for every other choice, on that device."""
    lines: list[str] = []
    done = recorder.record([SIX_NUMBERS], "cpu", lines.append)
    formats = [result.settings["dtype"] for result in done.results]
    assert formats == ["float32", "float64", "bfloat16", "float16"]
    assert done.provenance["device"] == "cpu"
    assert lines[-1].startswith("six_numbers: 4 results")


def test_recording_starts_from_what_the_experiment_says() -> None:
    """Settings meant for recordings replace the opening ones, and choices change one at a time."""
    longer = replace(SIX_NUMBERS, recorded={"dtype": "float64"})
    formats = [r.settings["dtype"] for r in recorder.record([longer], "cpu").results]
    assert formats == ["float64", "float32", "bfloat16", "float16"]


def test_settings_for_recordings_are_checked() -> None:
    """A setting that the experiment does not have is refused when the row is written."""
    with pytest.raises(ValueError, match="six_numbers has these controls"):
        replace(SIX_NUMBERS, recorded={"size": 3})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--device", "tpu"], "device must be one of"),
        (["--device", "cpu", "--only", "nothing"], "--only is one of .*six_numbers.*; got nothing"),
    ],
)
def test_the_command_says_what_is_allowed(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown device or experiment is a sentence and exit status 2."""
    assert main(["record", *words]) == 2
    assert re.search(said, capsys.readouterr().err)


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recording one experiment twice leaves one file with its results once."""
    words = ["record", "--device", "cpu", "--only", "six_numbers", "--folder", str(tmp_path)]
    assert main(words) == 0
    assert main(words) == 0
    (path,) = tmp_path.glob("*.json")
    assert len(recording.load(path).results) == 4
    assert "4 results in" in capsys.readouterr().out
