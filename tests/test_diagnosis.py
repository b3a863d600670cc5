"""The diagnosis: every program of the corpus, the calls, and code that cannot run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.diagnosis.interventions.examples import AGAIN, PAIR
from tests.diagnosis_cases.proofs import bits, hashed, numbers, results
from tests.diagnosis_cases.rows import PROGRAMS, Row
from workbook.__main__ import main
from workbook.chart import rows
from workbook.diagnosis import CAUSES, Workers, diagnose
from workbook.diagnosis.interventions.rows import ROWS

pytestmark = pytest.mark.uncounted
CASES = Path(__file__).parent / "diagnosis_cases"
MODELS = frozenset(row.name for row in PROGRAMS if row.targets == "build")
PROVED = [row for row in PROGRAMS if not row.why_unproved and row.varied != "hash"]
HASHED = [row for row in PROGRAMS if not row.why_unproved and row.varied == "hash"]


# Of these the lines are counted that ask the questions: no smaller test goes these ways.
WAYS = {
    *("accumulation_summed", "batchnorm_model", "coupling_model", "eval_left_on", "layout_model"),
    *("random_model", "reseeded_helper", "state_model", "state_pair"),
}


def kind(row: Row) -> tuple[str, ...]:
    """What a program is an example of: causes, and how it is asked about.

    Each harmless program is a kind of its own: it looks like another cause that it does not have.
    """
    if row.causes == "none":
        return (row.name,)
    return (row.causes, "build" if row.name in MODELS else str(len(row.targets.split())))


FIRST = {kind(row): row.name for row in reversed(PROGRAMS)}


def marked(row: Row) -> Any:
    """A program of the corpus; one of each kind is in `make test`."""
    marks = [pytest.mark.counted] if row.name in WAYS else []
    marks += [pytest.mark.further] if row.name != FIRST[kind(row)] else []
    return pytest.param(row, id=row.name, marks=marks)


LABELED = [marked(row) for row in PROGRAMS]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Child processes for the diagnoses here, in which no lines are counted."""
    with Workers() as shared:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
            for hash_seed in (0, 1):
                shared.warm(hash_seed)
        yield shared


@pytest.mark.parametrize("row", LABELED)
def test_the_label_is_found(row: Row, workers: Workers) -> None:
    """The first cause is the label's; of two causes both are found; of none, none."""
    targets = [f"{CASES / row.name}.py:{name}" for name in row.targets.split()]
    model = row.name in MODELS
    answer = diagnose(*targets, model=model, workers=workers)
    found, wanted = [one.cause for one in answer.causes], row.causes.split()
    if row.name.startswith("batch_size") and found == ["none"]:
        pytest.skip("on this CPU a row has the same bits alone as in a batch")
    if row.causes in ("nondeterministic-op", "compile") and found == ["none"]:
        pytest.skip("on this machine that condition changes no bit")
    assert set(wanted) <= set(found), answer.text()
    assert len(wanted) > 1 or found[0] == wanted[0], answer.text()
    assert wanted != ["none"] or (found == ["none"] and answer.status == "identical")


def _cured(row: Row, cures: tuple[tuple[str, str], ...]) -> str:
    text = (CASES / f"{row.name}.py").read_text()
    for old, new in cures:
        assert old in text, f"{row.name} has no {old!r}"
        text = text.replace(old, new)
    return text + row.probe


def _agree(row: Row, text: str) -> bool:
    targets = ["first", "second"] if row.probe else row.targets.split()
    one, other = results(row.name, text, targets, row.varied)
    if row.near:
        ours, theirs = numbers(one), numbers(other)
        return bool(torch.allclose(ours[: len(theirs)], theirs, rtol=1e-4, atol=1e-6))
    return bits(one) == bits(other)


@pytest.mark.parametrize("row", PROVED, ids=lambda row: row.name)
def test_the_label_is_true(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the cause the program's results agree; with it, or with one of two, they do not."""
    monkeypatch.chdir(tmp_path)
    torch.use_deterministic_algorithms(False)
    try:
        assert _agree(row, _cured(row, row.cures))
        if row.causes == "nondeterministic-op":
            return  # atomics may add in the same order by luck
        for left in range(len(row.causes.split()) if row.causes != "none" else 0):
            kept = row.cures[:left] + row.cures[left + 1 :] if " " in row.causes else ()
            assert not _agree(row, _cured(row, kept))
    finally:
        torch.use_deterministic_algorithms(False)


def test_the_labels_of_hash_seeds_are_true() -> None:
    """Without the cause two hash seeds give the same bits; with it they do not."""
    cured = [(_cured(row, row.cures), row.targets.split()[0]) for row in HASHED]
    faulty = [(_cured(row, ()), row.targets.split()[0]) for row in HASHED]
    same = hashed(cured + faulty)
    assert len(HASHED) >= 4 and same == [True] * len(HASHED) + [False] * len(HASHED)


def test_reseeding_repeats_the_noise() -> None:
    """The helper that seeds gives every row the same noise; torch.randn without it does not."""
    text = (CASES / "reseeded_helper.py").read_text()
    for cured in (False, True):
        space: dict[str, object] = {"__name__": "p"}
        changed = text.replace("    torch.manual_seed(0)", "    pass") if cured else text
        exec(compile(changed, "p.py", "exec"), space)
        noise = [space["augment"](torch.zeros(4)) for _ in range(2)]  # type: ignore[operator]
        assert torch.equal(*noise) is not cured


def test_another_cpu_rounds_differently() -> None:
    """The element-wise program has other bits under another ATEN_CPU_CAPABILITY."""
    program = (
        "from tests.diagnosis_cases import capability_gelu as p, proofs;"
        "print(hash(proofs.bits(p.activations())))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=CASES.parents[1],
            env={**os.environ, "PYTHONHASHSEED": "0", "ATEN_CPU_CAPABILITY": level},
        ).stdout
        for level in ("default", torch.backends.cpu.get_cpu_capability().lower())
    }
    assert len(seen) == (
        1 if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX") else 2
    )


def test_the_hour_is_the_clock() -> None:
    """The feature is the hour: replacing the hour by a number leaves nothing of the clock."""
    text = (CASES / "clock_feature.py").read_text()
    assert "now.hour / 24, now.minute / 60" in text and text.count("datetime.now") == 1


def test_the_corpus_is_as_large_as_it_says() -> None:
    """60 programs, 12 with nothing wrong, 10 two causes; with the rows' examples each cause."""
    labels = [row.causes.split() for row in PROGRAMS]
    seen = {cause for causes in labels for cause in causes}
    assert len(labels) >= 60
    assert sum(causes == ["none"] for causes in labels) >= 12
    assert sum(len(causes) == 2 for causes in labels) >= 10
    seen |= {row.cause for row in ROWS if f"{row.how} {row.name}" in {*AGAIN, *PAIR}}
    elsewhere = {"device-generator", "cudnn-algorithm", "device", "unsynchronised"}
    elsewhere |= {"rank-drift", "rank-data", "world-size"}  # they take several processes
    assert {cause.id for cause in CAUSES} - seen == elsewhere | {"cpu-capability"}


def test_one_program_of_each_kind_is_in_every_run() -> None:
    """Each set of causes, and each harmless program, has one that `make test` diagnoses."""
    left = [each.values[0] for each in LABELED if pytest.mark.further not in each.marks]
    assert {row.causes for row in left} == {row.causes for row in PROGRAMS}
    assert {row.name for row in left} >= WAYS | {r.name for r in PROGRAMS if r.causes == "none"}


def test_another_cpu_is_a_note() -> None:
    """Where every run agrees, what another CPU's instructions would change is no cause.

    The processes are its own: where something was compiled, torch has chosen its instructions.
    """
    if torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX"):
        pytest.skip("this CPU has no other instructions to leave out")
    answer = diagnose(f"{CASES}/capability_gelu.py:activations")
    assert [one.cause for one in answer.causes] == ["none"]
    assert any("other vector instructions" in note for note in answer.notes)


BAD = {
    "def f(x): return x": "needs arguments (x)",
    "def f(): return None": "returns nothing",
    "def f(): return object()": "cannot be compared",
    "def f(): raise KeyError('gone')": "raises KeyError: 'gone'",
    "import no_such_module_at_all": "No module named",
    "def f(:": "SyntaxError",
    "def g(): return 1": "has no function 'f'; it has g",
    "f = 3": "is no function",
    "import sys\ndef f(): sys.exit(3)": "ended itself with exit status 3",
    "import os\ndef f(): os._exit(1)": "ended by itself",
}


@pytest.mark.parametrize("text", BAD, ids=BAD.values())
def test_bad_code_is_a_sentence(text: str, tmp_path: Path, workers: Workers) -> None:
    """Code that cannot be diagnosed gives a sentence that says why."""
    (tmp_path / "bad.py").write_text(text)
    answer = diagnose(f"{tmp_path / 'bad.py'}:f", workers=workers)
    assert not answer.usable and answer.status == "unknown"
    assert BAD[text] in answer.notes[0]


def test_a_traceback_has_only_the_users_frames(tmp_path: Path, workers: Workers) -> None:
    """Frames of torch and of the engine are left out, and the file has its own name."""
    (tmp_path / "deep.py").write_text(
        "import torch\ndef f():\n    return torch.ones(2) @ torch.ones(3)\n"
    )
    notes = diagnose(f"{tmp_path / 'deep.py'}:f", workers=workers).notes
    frames = [note for note in notes if note.startswith("  File")]
    assert len(frames) == 1 and str(tmp_path / "deep.py") in frames[0]


def test_a_function_that_never_returns_is_ended(tmp_path: Path) -> None:
    """After --timeout the answer says so, and no process is left."""
    (tmp_path / "slow.py").write_text("import time\ndef f():\n    time.sleep(1000)\n")
    answer = diagnose(f"{tmp_path / 'slow.py'}:f", timeout=1.5)  # the limit is tested
    assert not answer.usable and "had not returned" in answer.notes[0]
    assert threading.active_count() < 20


def test_prints_and_files_are_told_and_kept_away(tmp_path: Path, workers: Workers) -> None:
    """What a function prints and writes is said in a sentence each; the folder stays as it was."""
    program = "def f():\n    print('a')\n    open('made.txt', 'w').write('x')\n    return 1.0\n"
    (tmp_path / "loud.py").write_text(program)
    before = sorted(p.name for p in tmp_path.iterdir())
    notes = " ".join(diagnose(f"{tmp_path / 'loud.py'}:f", workers=workers).notes)
    assert "prints 3 lines" in notes and "made.txt" in notes
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_the_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints one object with status, causes and what was tried; the exit status is 0."""
    (tmp_path / "p.py").write_text("import torch\ndef f():\n    return torch.rand(2)\n")
    assert main(["diagnose", f"{tmp_path / 'p.py'}:f", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["status"] == "random"
    assert set(data["causes"][0]) == {"cause", "where", "evidence", "size", "fix"}
    assert "p.py:3" in data["causes"][0]["where"] and data["tried"]


@pytest.mark.parametrize("words", [["no_file.py:f"], ["f"], [__file__], [f"{__file__}:f"] * 3])
def test_bad_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A target that names nothing ends with status 2 and one line that says what is wrong."""
    assert main(["diagnose", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_chart_marks_the_origin(workers: Workers) -> None:
    """The picture has the differences along the operations and a mark on the origin."""
    path = CASES / "dropout_train_eval.py"
    answer = diagnose(f"{path}:in_training", f"{path}:in_evaluation", workers=workers)
    assert any("origin" in line[1] for line in rows(answer.chart())[1])
