"""The command `claims`: what it prints, and its exit statuses."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from workbook.__main__ import main
from workbook.ledger import Claim, Expectation, claim_of, command

FIRST = "no-single-cure"


def only(monkeypatch: pytest.MonkeyPatch, *rows: Claim) -> None:
    """A ledger of these rows."""
    monkeypatch.setattr(command, "claims", lambda: rows)


def perturbed() -> Claim:
    """A row that no machine agrees with."""
    row = claim_of("order-matters")
    trial = replace(row.trials[0], expect=(Expectation("distinct", "above", 720),))
    return replace(row, trials=(trial,))


def test_agreement_is_exit_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    """A chapter's claims are printed, stated beside measured, and counted."""
    assert main(["claims", "--chapter", "00"]) == 0
    printed = capsys.readouterr().out
    assert f"✓ 00 {FIRST}" in printed
    assert "stated   No single switch removes all differences. True. " in printed
    assert "measured " in printed
    assert printed.endswith("1 agrees; 0 disagrees; 0 not decided here\n")


def test_disagreement_is_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row is marked, with what came instead."""
    only(monkeypatch, perturbed())
    assert main(["claims"]) == 1
    printed = capsys.readouterr().out
    assert "✗ 01 order-matters" in printed
    assert "but      distinct above 720, but it was " in printed


def test_a_wrong_chapter_is_exit_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence says which chapters there are; nothing is measured."""
    assert main(["claims", "--chapter", "99"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("--chapter is one of 00, 01, 02, ")
    assert told.err.endswith("; got 99\n")


def test_json_can_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything is there as data, also what disagrees, and nothing else is printed."""
    only(monkeypatch, claim_of(FIRST), perturbed())
    assert main(["claims", "--json"]) == 1
    first, second = json.loads(capsys.readouterr().out)
    assert (first["id"], first["outcome"], first["failed"]) == (FIRST, "agrees", [])
    assert (second["outcome"], len(second["failed"])) == ("disagrees", 1)


def test_progress_is_shown_to_who_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal gets a counter that goes away; a file gets none."""
    only(monkeypatch, claim_of(FIRST))
    main(["claims"])
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(["claims"])
    told = capsys.readouterr().err
    assert "0 of 1 claims" in told
    assert told.endswith("\r\x1b[K")


def test_another_source_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was measured by an imitation, or recorded, says so beside the measurement."""
    row = claim_of("order-matters")
    trial = replace(row.trials[0], settings={"device": "simulated"})
    only(monkeypatch, replace(row, trials=(trial,)))
    main(["claims"])
    assert "[SIMULATED · simulated" in " ".join(capsys.readouterr().out.split())
