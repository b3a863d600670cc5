"""Fingerprints: taken, saved, read back, compared, and refused in a sentence where damaged."""

import json
from dataclasses import replace

import pytest

from workbook.__main__ import main
from workbook.devices import machine
from workbook.fingerprint import Fingerprint, change, load, take

OLD = Fingerprint("2026-01-02", {"torch": "1", "threads": "2"}, {"sum": "a", "matmul": "b"})


def test_taken_twice_it_is_the_same():
    """Nothing changed, so no fact and no bit differs."""
    found = change(take(), take())
    assert (found.facts, found.changed, found.only_once) == ({}, (), ())
    assert found.sentence() == "Every check that both have gives the same bits."


def test_the_facts_are_the_machines():
    """It holds what devices.machine() says, and a digest for the CPU."""
    taken = take()
    assert taken.facts == machine()
    assert len(taken.bits["matmul on cpu"]) == 12


@pytest.mark.parametrize(
    ("facts", "bits", "words"),
    [
        ({"torch": "2"}, {"sum": "z"}, "One fact differs, and bits changed with it."),
        ({"torch": "2", "threads": "1"}, {"sum": "z"}, "Several facts differ"),
        ({}, {"sum": "z"}, "although no fact differs"),
        ({"torch": "2"}, {}, "Every check that both have gives the same bits."),
    ],
)
def test_the_sentence_claims_no_more_than_the_facts_allow(facts, bits, words):
    """One fact is named as going along, several as undecided, none as missing."""
    now = replace(OLD, facts={**OLD.facts, **facts}, bits={**OLD.bits, **bits})
    assert words in change(OLD, now).sentence()


def test_what_only_one_has_is_told_apart():
    """A check of a device that the other machine lacks is neither changed nor kept."""
    now = replace(OLD, bits={"sum": "a", "sum on cuda": "c"})
    found = change(OLD, now)
    assert found.only_once == ("matmul", "sum on cuda")
    assert (found.changed, found.kept) == ((), ("sum",))


def test_the_command_saves_and_compares(tmp_path, capsys):
    """A fingerprint that is compared with itself shows no change: status 0."""
    path = tmp_path / "good.json"
    assert main(["fingerprint", "--save", str(path), "--json"]) == 0
    assert Fingerprint.from_json(json.loads(capsys.readouterr().out)) == load(path)
    assert main(["fingerprint", "--compare", str(path)]) == 0
    assert "fact    none differs" in capsys.readouterr().out


def test_the_command_tells_what_changed(tmp_path, capsys):
    """Another fact and another digest are named, and the status is 1."""
    path = tmp_path / "other.json"
    data = take().to_json()
    data["facts"] = {**data["facts"], "torch": "0.1"}
    data["bits"] = {**data["bits"], "matmul on cpu": "0", "sum on tpu": "1"}
    path.write_text(json.dumps(data))
    assert main(["fingerprint", "--compare", str(path)]) == 1
    told = capsys.readouterr().out
    assert "fact    torch: 0.1 -> " in told
    assert "bits    matmul on cpu: changed" in told
    assert "once    sum on tpu" in told


def test_the_command_prints_a_table(capsys):
    """Without options it prints facts and digests, a line each."""
    assert main(["fingerprint"]) == 0
    assert "matmul on cpu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Expecting value"),
        ("[]", "a fingerprint is a JSON object"),
        ('{"format": "workbook-fingerprint", "version": 2}', "of version 1, got 2"),
        ('{"format": "workbook-fingerprint", "version": 1}', "it lacks its date, facts or bits"),
    ],
)
def test_another_file_is_refused_in_a_sentence(tmp_path, text, words, capsys):
    """A damaged, foreign or future file names itself and what is wrong: status 2."""
    path = tmp_path / "bad.json"
    path.write_text(text)
    assert main(["fingerprint", "--compare", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("bad.json cannot be used: ")
    assert words in told
