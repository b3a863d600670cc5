"""What the exam rests on: the texts are the same everywhere, and the labels are true."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.diagnosis_exam import proof
from tests.diagnosis_exam.__main__ import Answer, figures, main, wilson
from tests.diagnosis_exam.program import EACH, HALVES, SIZES, digest, program, programs
from tests.diagnosis_exam.template import ADDED, BASES, FAULTS, FORMS, HARMLESS
from workbook.diagnosis.causes import BY_ID

FROZEN = json.loads((Path(__file__).parent / "diagnosis_exam" / "frozen.json").read_text())
# They need a GPU, a second machine, or a compiler: see the package's docstring.
UNSEEN = {"none", "device-generator", "cudnn-algorithm", "cpu-capability", "compile"}
# They need a GPU, too.
UNSEEN |= {"device", "unsynchronised"}
UNSEEN |= {"denormals"}  # its switch would stay on in the process that proves the labels
UNSEEN |= {"onednn"}  # on some CPUs its kernels give the same bits, and some builds have none
UNSEEN |= {"leftover-files"}  # a proof runs each program once, in a folder of its own
UNSEEN |= {"completion-order"}  # how busy the machine is decides which work is ready first
UNSEEN |= {"rank-drift", "rank-data", "world-size"}  # they need several processes
ALL = [row for half in SIZES for row in programs(half)]
# Those that start no process and wait for no thread: a few milliseconds each.
QUICK = [
    row
    for row in ALL
    if not any(
        fault.heavy or fault.machine or fault.shown in ("hash", "serial") for fault in row.faults
    )
]


def test_the_frozen_half_is_what_was_committed():
    """The texts, targets and labels of the frozen half have the committed digest."""
    assert digest("frozen") == FROZEN["sha256"]


def test_the_second_exam_is_what_was_committed():
    """The programs for causes that were named later have a digest of their own."""
    assert digest("added") == FROZEN["added"]


def test_the_texts_do_not_depend_on_the_hash_seed():
    """Another process with another hash seed makes the same texts."""
    program_text = "from tests.diagnosis_exam.program import digest; print(digest('frozen'))"
    environment = {**os.environ, "PYTHONHASHSEED": "4321"}
    ended = subprocess.run(
        [sys.executable, "-c", program_text],
        cwd=proof.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == FROZEN["sha256"]


def test_there_are_enough_of_each_kind():
    """30 bases of five subjects and all forms, 40 harmless changes, 200 programs in each half."""
    assert len(BASES) >= 30 and {base.form for base in BASES} == set(FORMS)
    assert len({base.subject for base in BASES}) == 5
    assert len(HARMLESS) >= 40
    assert [len(programs(half)) for half in HALVES] == [EACH, EACH]
    assert len({row.text for row in ALL}) == len(ALL)


def test_every_cause_has_a_fault():
    """Every cause that two runs on a CPU can show is in one of the exams, and no other word."""
    ours, added = ({fault.cause for fault in faults} for faults in (FAULTS, ADDED))
    assert ours | added == set(BY_ID) - UNSEEN
    assert not ours & added


def test_every_part_occurs():
    """Every base, fault and harmless change occurs; the open half has every cause."""
    assert {row.base.name for row in ALL} == {base.name for base in BASES}
    faults = {row.name for row in (*FAULTS, *ADDED)}
    assert {fault.name for row in ALL for fault in row.faults} == faults
    assert {change.name for row in ALL for change in row.harmless} == {
        change.name for change in HARMLESS
    }
    in_open = {cause for row in programs("open") for cause in row.label}
    assert in_open == {fault.cause for fault in FAULTS}


def test_some_parts_occur_in_the_frozen_half_only():
    """The frozen half holds faults and bases that nobody saw in the open half."""
    shown = {fault.name for row in programs("open") for fault in row.faults}
    kept = {fault.name for row in programs("frozen") for fault in row.faults}
    assert len(kept - shown) >= 10
    bases = {half: {row.base.name for row in programs(half)} for half in HALVES}
    assert len(bases["frozen"] - bases["open"]) >= 5


@pytest.mark.parametrize("half", HALVES)
def test_the_halves_have_programs_without_a_fault_and_with_two(half):
    """A fifth of each half has no fault, and 30 programs have two of different causes."""
    counts = [len(row.faults) for row in programs(half)]
    assert counts.count(0) == EACH // 5 and counts.count(2) >= 30
    assert all(len(set(row.label)) == len(row.label) for row in programs(half))


def test_a_seed_makes_programs_that_no_exam_has():
    """60 with a fault of any kind, 20 without and 10 with two, each of them new."""
    rows = programs("seed 5")
    counts = [len(row.faults) for row in rows]
    assert [counts.count(number) for number in range(3)] == [20, 60, 10]
    texts = {row.text for row in rows}
    assert len(texts) == len(rows) and not texts & {row.text for row in ALL}
    assert texts != {row.text for row in programs("seed 6")}


def test_a_seed_whose_labels_are_not_proved_leaves_them_out(capsys, monkeypatch):
    """A label that the proof refutes does not count."""
    from tests.diagnosis_exam import __main__ as command

    asked = []

    def diagnosed(row, _):
        asked.append(row.name)
        return Answer(row.name, row.label, ("none",), 1.0)

    monkeypatch.setattr(command, "diagnosed", diagnosed)
    monkeypatch.setattr(proof, "prove_hashes", lambda rows: {row.name: [] for row in rows})
    wrong = programs("seed 5")[0].name
    monkeypatch.setattr(proof, "prove", lambda row: ["no"] if row.name == wrong else [])
    assert main(["--seed", "5", "--limit", "3"]) == 0
    assert len(asked) == 2 and wrong not in asked
    assert "labels proved: 2 of 3" in capsys.readouterr().out


def test_programs_need_torch_and_numpy_only():
    """Every import is of torch, NumPy or the standard library."""
    for row in ALL:
        tree = ast.walk(ast.parse(row.text))
        names = {
            name.split(".")[0]
            for node in tree
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in (
                [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
        }
        assert names <= {"torch", "numpy", *sys.stdlib_module_names}, row.name


def test_a_fault_changes_nothing_but_its_own_lines():
    """With every fault cured the text differs; a single fault is the whole of its program's."""
    for row in ALL:
        assert (row.text != row.clean) == bool(row.faults)
        if len(row.faults) == 1:
            assert row.only == (row.text,)


@pytest.mark.parametrize("row", QUICK[::23], ids=lambda row: row.name)
def test_labels_are_true(row):
    """Injected, the fault shows where its label says; removed, every bit agrees."""
    assert proof.prove(row) == []


def test_hash_labels_are_true():
    """With another hash seed the faulty programs differ, and the cured ones agree in every bit."""
    # Of these two faults 1 in 1,000 pairs of seeds shows nothing; of the others more.
    sure = {"hashed_name", "joined_set"}
    rows = [row for row in ALL if row.faults and {fault.name for fault in row.faults} <= sure]
    assert len(rows) >= 3
    assert not any(proof.prove_hashes(rows[:6], ("1", "2")).values())


def test_a_wrong_label_is_not_proved():
    """A program whose fault was cured, or which has a second one, fails its proof."""
    row = next(row for row in QUICK if [fault.shown for fault in row.faults] == ["again"])
    cured = type(row)(**{**vars(row), "only": (row.clean,)})
    assert any("no difference" in reason for reason in proof.prove(cured))
    dirty = type(row)(**{**vars(row), "clean": row.text})
    assert any("cured, it differs" in reason for reason in proof.prove(dirty))


def test_wilson_is_the_published_interval():
    """The ends are those of Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_figures_count_what_they_say():
    """Right firsts of those with a fault, both of those with two, alarms of the rest."""
    answers = [
        Answer("a", ("dtype",), ("dtype",), 1.0),
        Answer("b", ("dtype", "hash-seed"), ("hash-seed",), 3.0),
        Answer("c", (), ("dtype",), 2.0),
        Answer("d", (), ("none",), 9.0),
        Answer("e", ("wall-clock",), ("unknown",), 2.0),
    ]
    lines = "\n".join(figures(answers))
    assert "right first cause: 2 of 3" in lines
    assert "both of two: 0 of 1" in lines
    assert "false alarms: 1 of 2" in lines
    assert "median 2.0, largest 9.0" in lines
    assert "none -> dtype: 1" in lines


def test_the_frozen_half_shows_no_names(capsys, monkeypatch, tmp_path):
    """Of the frozen half figures are printed and written: no name, no text, no answer."""
    from tests.diagnosis_exam import __main__ as command

    monkeypatch.setattr(
        command, "diagnosed", lambda row, _: Answer(row.name, row.label, ("unknown",), 1.0)
    )
    lines = tmp_path / "out.jsonl"
    assert main(["--half", "frozen", "--limit", "3", "--lines", str(lines)]) == 0
    printed = capsys.readouterr().out + lines.read_text()
    assert "frozen: 3 programs" in printed and "frozen-" not in printed
    with pytest.raises(SystemExit):
        main(["--show", "frozen-001"])


def test_a_run_that_was_ended_goes_on(capsys, monkeypatch, tmp_path):
    """What is written is not run again, and counts."""
    from tests.diagnosis_exam import __main__ as command

    asked = []

    def diagnosed(row, _):
        asked.append(row.name)
        return Answer(row.name, row.label, ("none",), 1.0)

    monkeypatch.setattr(command, "diagnosed", diagnosed)
    words = ["--limit", "4", "--lines", str(tmp_path / "out.jsonl")]
    assert main(words) == 0
    figured = capsys.readouterr().out.splitlines()[-10:]
    (tmp_path / "out.jsonl").write_text((tmp_path / "out.jsonl").read_text().split("\n")[0] + "\n")
    assert main(words) == 0
    assert len(asked) == 4 + 3 and capsys.readouterr().out.splitlines()[-10:] == figured


def test_a_place_must_be_in_a_half():
    """Another half or place is refused, with what is allowed."""
    with pytest.raises(ValueError, match="place must be from 0 to 199, got open 200"):
        program("open", 200)
    with pytest.raises(ValueError, match="half must be one of open, frozen, added, got 'third'"):
        program("third", 0)
