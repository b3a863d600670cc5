"""Nothing of the user's is changed, whatever a run does to the folder: in an overlay, in a copy."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.diagnosis.plan import plan
from workbook.diagnosis.process import copies, landlock, place
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.target import subject

_PROBE = """
import sys, tempfile, pathlib
from workbook.diagnosis.process import overlay
overlay.separate()
overlay.cover(sys.argv[1], pathlib.Path(sys.argv[2]))
"""

DAY = 86_400.0  # seconds: no busy machine ends a run
# What a program does in its folder. Each function gives a number that shows that it was done.
DOES = {
    "append": "open('runs/log.txt', 'a').write('x'); return len(open('runs/log.txt').read())",
    "overwrite": "open('runs/log.txt', 'w').write('x'); return len(open('runs/log.txt').read())",
    "rename": "os.rename('runs/deep/model.txt', 'runs/old.txt'); return len(os.listdir('runs'))",
    "replace a folder": "os.rename('runs', 'was'); os.mkdir('runs'); return len(os.listdir('was'))",
    "delete": "os.remove('runs/log.txt'); return len(os.listdir('runs'))",
    "delete a folder": "shutil.rmtree('runs'); return len(os.listdir('.'))",
    "chdir": "os.chdir('runs/deep'); open('new.txt', 'w').write('x'); return len(os.listdir('.'))",
    "mode": "os.chmod('runs/log.txt', 0o600); return os.stat('runs/log.txt').st_mode",
    "torch.save": "torch.save({'a': 1}, 'runs/log.txt'); return torch.load('runs/log.txt')['a']",
    "NumPy": "np.save('table.npy', np.zeros(3)); return float(np.load('table.npy').sum())",
    "NumPy's map": "m = np.memmap('big.bin', mode='r+'); m[:] = 1; m.flush(); return int(m.sum())",
    "C++'s map": "torch.from_file('big.bin', True, 4, dtype=torch.uint8).fill_(9); return 1",
    "C++'s stream": "torch._C.PyTorchFileWriter('runs/log.txt').write_end_of_file(); return 1",
    "a child": "subprocess.run('echo x >> runs/log.txt', shell=True, check=True); return 1",
    "its own path": "(HERE / 'runs' / 'log.txt').write_text('x'); return 1",
    "a link inside": "open('inner.txt', 'a').write('x'); return len(open('inner.txt').read())",
}
# The same with paths that a copy does not stand for: refused there, or done in the overlay.
ELSEWHERE = {
    "an absolute path": "open(FOLDER + '/runs/log.txt', 'a').write('x'); return 1",
    "another folder": "open(FOLDER + '/../other/note.txt', 'a').write('x'); return 1",
    "a link to outside": "open('outside/note.txt', 'a').write('x'); return 1",
}


def _folder(home: Path, body: str) -> Path:
    """A user's folder beside another one, with a program whose function `f` does this."""
    folder, other = home / "mine", home / "other"
    (folder / "runs" / "deep").mkdir(parents=True)
    other.mkdir()
    for path in (folder / "runs" / "log.txt", folder / "runs" / "deep" / "model.txt"):
        path.write_text("one\ntwo\n")
    (other / "note.txt").write_text("note\n")
    (folder / "table.npy").write_bytes(bytes(200))
    (folder / "big.bin").write_bytes(bytes(3 << 20))
    (folder / "inner.txt").symlink_to("runs/log.txt")
    (folder / "outside").symlink_to(other)
    (folder / "p.py").write_text(
        "import os, pathlib, shutil, signal, subprocess\nimport numpy as np\nimport torch\n"
        f"HERE = pathlib.Path(__file__).parent\nFOLDER = {str(folder)!r}\n"
        f"def f():\n    {body}\n"
    )
    return folder


def _checksum(home: Path) -> str:
    """Every name, kind, mode, time and byte below a folder."""
    rows = []
    for path in sorted(home.rglob("*")):
        seen = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        rows.append(
            (str(path), seen.st_mode, seen.st_mtime_ns, hashlib.sha256(content).hexdigest())
        )
    return repr(rows)


def _overlays(folder: Path) -> bool:
    for name in ("seen", "layers"):
        (folder / name).mkdir()
    words = [sys.executable, "-c", _PROBE, str(folder / "seen"), str(folder / "layers")]
    return subprocess.run(words, capture_output=True).returncode == 0


@pytest.fixture(scope="module", params=["overlay", "copy"])
def workers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    """Child processes whose runs get their place in one of the two ways."""
    if request.param == "overlay" and not _overlays(tmp_path_factory.mktemp("probe")):
        pytest.skip("this system lets nobody mount an overlay in a namespace of his own")
    with Workers(way=request.param) as made:
        yield made


def _run(workers: Workers, folder: Path) -> tuple[object, list[str], list[str]]:
    session = Session(workers, subject(f"{folder / 'p.py'}:f"), time.monotonic() + DAY)
    try:
        result = session.first(plan(0))
    except Unusable as problem:
        return str(problem), [], session.notes
    outcome = result.outcomes[0]
    return outcome.get("raised"), result.data["wrote"], session.notes


@pytest.mark.parametrize("body", DOES.values(), ids=DOES)
def test_nothing_of_the_users_is_changed(
    body: str, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder and its neighbor keep every byte, mode and time."""
    folder = _folder(tmp_path, body)
    monkeypatch.chdir(folder)
    before = _checksum(tmp_path)
    raised, wrote, _ = _run(workers, folder)
    assert raised is None
    assert _checksum(tmp_path) == before
    assert wrote and all(name.startswith(str(folder)) for name in wrote)


@pytest.mark.parametrize("body", ELSEWHERE.values(), ids=ELSEWHERE)
def test_other_paths_are_not_written_either(
    body: str, workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an absolute path or a link leads to stays as it is; the answer says what was refused."""
    if not landlock.version():
        pytest.skip("this system has no Landlock: only an overlay keeps such a write away")
    folder = _folder(tmp_path, body)
    monkeypatch.chdir(folder)
    before = _checksum(tmp_path)
    raised, wrote, notes = _run(workers, folder)
    assert _checksum(tmp_path) == before
    assert wrote or ("Permission denied" in str(raised) and place.VARIABLE in " ".join(notes))


def test_a_run_that_is_killed_changes_nothing(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends on the way, half of its file written, leaves the folder as it was."""
    folder = _folder(
        tmp_path,
        "open('runs/log.txt', 'w', 1).write('half\\n'); os.kill(os.getpid(), signal.SIGKILL)",
    )
    monkeypatch.chdir(folder)
    before = _checksum(tmp_path)
    said, _, _ = _run(workers, folder)
    assert "ended by itself" in str(said) and _checksum(tmp_path) == before


def test_what_python_compiles_is_not_written_by_the_program(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run lists the file that it makes, and not what Python keeps of a module beside it."""
    folder = _folder(
        tmp_path,
        "import py_compile; py_compile.compile('p.py'); open('runs/new.txt', 'x'); return 1",
    )
    monkeypatch.chdir(folder)
    _, wrote, _ = _run(workers, folder)
    assert wrote == [str(folder / "runs" / "new.txt")]


def test_every_run_finds_the_folder_as_it_is_now(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run sees nothing of what one wrote or removed, and all that the user changed."""
    folder = _folder(
        tmp_path,
        "open('new.txt', 'x'); os.remove('big.bin'); open('runs/log.txt', 'a').write('x');"
        " raise ValueError(str([len(os.listdir('.')), open('runs/log.txt').read()]))",
    )
    monkeypatch.chdir(folder)
    first, _, _ = _run(workers, folder)
    second, _, _ = _run(workers, folder)
    (folder / "runs" / "log.txt").write_text("three\n")
    third, _, _ = _run(workers, folder)
    assert first == second != third and "three" in str(third)


def test_the_files_are_put_back_between_two_calls(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first call wrote, changed, removed or made anew, the second finds as it was."""
    folder = _folder(
        tmp_path,
        "rows = sorted((str(p), p.is_file() and len(p.read_bytes())) for p in HERE.rglob('*'));"
        " open('runs/log.txt', 'a').write('x'); os.remove('big.bin'); shutil.rmtree('runs/deep');"
        " os.makedirs('new/one'); open('new/one/file', 'x'); os.rename('inner.txt', 'other.txt');"
        " return str(rows)",
    )
    monkeypatch.chdir(folder)
    session = Session(workers, subject(f"{folder / 'p.py'}:f"), time.monotonic() + DAY)
    plain, held = (session.first(plan(0, 0, between=some))
                   for some in (frozenset(), frozenset({"leftovers"})))  # fmt: skip
    assert plain.code(1) != plain.code(0) == held.code(0) == held.code(1)


def test_a_temporary_file_is_not_found_again(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run has a folder for temporary files of its own, and leaves none behind."""
    folder = _folder(
        tmp_path,
        "import tempfile; path = tempfile.gettempdir() + '/left'; open(path, 'x'); return 1",
    )
    monkeypatch.chdir(folder)
    assert [_run(workers, folder)[0] for _ in range(2)] == [None, None]


def test_a_folder_that_is_named_is_written_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user allows, a cache of his own, keeps what runs write to it."""
    folder = _folder(tmp_path, ELSEWHERE["another folder"])
    monkeypatch.chdir(folder)
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "other"))
    with Workers() as workers:
        raised, _, _ = _run(workers, folder)
    assert raised is None and (tmp_path / "other" / "note.txt").read_text() == "note\nx"


def test_without_landlock_a_copy_holds_no_link(tmp_path: Path) -> None:
    """Where nothing keeps a run from writing through a link, the copy has none."""
    folder = _folder(tmp_path, "return 1")
    (folder / "round").symlink_to(folder)
    seen = tmp_path / "seen"
    seen.mkdir()
    copies.refresh(folder, seen, tmp_path / "note", guarded=False, without=tmp_path / "none")
    assert (seen / "inner.txt").read_text() == "one\ntwo\n"
    assert not [path for path in seen.rglob("*") if path.is_symlink()]
    assert not os.path.samefile(seen / "big.bin", folder / "big.bin")


def test_a_folder_too_large_to_copy_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Landlock a folder beyond the limit is no copy that takes for ever but a sentence."""
    folder = _folder(tmp_path, "return 1")
    monkeypatch.setattr(copies, "_MOST", 1 << 20)
    with pytest.raises(copies.TooLarge, match="in a small folder"):
        copies.refresh(folder, tmp_path / "s", tmp_path / "n", guarded=False, without=tmp_path)


def test_a_layer_for_the_scratch_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program beside which temporary files lie is run like any other, and nothing is left."""
    folder = _folder(tmp_path, DOES["append"])
    (folder / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "scratch"))
    monkeypatch.chdir(folder)
    os.utime(folder / "scratch", (0, 0))
    before = _checksum(tmp_path)
    with Workers() as workers:
        raised, wrote, _ = _run(workers, folder)
    os.utime(folder / "scratch", (0, 0))  # the diagnosis made a folder in it, and removed that
    assert raised is None and wrote == [str(folder / "runs" / "log.txt")]
    assert _checksum(tmp_path) == before
