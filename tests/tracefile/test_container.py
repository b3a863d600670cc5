"""The file: what is written is read back; damaged, huge, foreign and future ones are refused."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from workbook.__main__ import main
from workbook.tracefile import container
from workbook.tracefile.tape import Tape
from workbook.tracefile.taping import Watch

HEAD = {
    "target": "a", "date": "2026-01-02", "key": "", "ended": "", "complete": True,
    "facts": {"torch": "1"}, "bits": {}, "switches": {}, "files": {}, "devices": "cpu",
}  # fmt: skip


@pytest.fixture(scope="module")
def tape() -> Tape:
    """What a short run leaves."""
    with Watch() as watch:
        weight = torch.ones(8, 64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=0.5)
        (weight * torch.rand(8, 64)).sum().backward()
        optimizer.step()
    watch.tape.head = dict(HEAD)
    return watch.tape


@pytest.fixture
def path(tape: Tape, tmp_path: Path) -> Path:
    """A whole trace file."""
    container.save(tape, tmp_path / "a.wbt")
    return tmp_path / "a.wbt"


def test_what_is_written_is_read_back(tape: Tape, path: Path) -> None:
    """Operations, steps and draws come back as they were."""
    read = container.load(path)
    assert list(read.entries()) == list(tape.entries())
    assert (read.steps(), read.draws) == (tape.steps(), tape.draws)


def test_equal_runs_make_equal_files(tape: Tape, path: Path, tmp_path: Path) -> None:
    """No time of day and no order of a set is in it."""
    container.save(tape, tmp_path / "b.wbt")
    assert (tmp_path / "b.wbt").read_bytes() == path.read_bytes()


def test_a_file_of_version_1_can_be_read() -> None:
    """The file beside this test was written by the first version; every later one reads it."""
    read = container.load(Path(__file__).parent / "version_1.wbt")
    first = next(read.entries())
    assert (first.name, first.outputs[0].kind) == ("aten.rand.default", "float32[32,64]")
    assert len(read.steps()) == 3


def _rewritten(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as file:
        members = {each: file.read(each) for each in file.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for each, data in members.items():
            file.writestr(each, data)


def _headed(**changes: object) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps({**json.loads(data), **changes}).encode()


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("head.json", _headed(version=2), "up to version 1, got 2: compare them with the newer"),
        ("head.json", _headed(format="photo"), "a head of format workbook-trace"),
        ("head.json", _headed(facts=[1], key=3), "its head is damaged at key, facts"),
        ("head.json", lambda data: b"[" * 100_000, "recursion"),
        ("words.json", lambda data: b"[1]", "its words are damaged"),
        ("words.json", lambda data: b"[]", "words that it does not have"),
        ("draws.json", lambda data: b"[[1]]", "its list of draws is damaged"),
        ("draws.json", lambda data: b"7", "its list of draws is damaged"),
        ("sums", lambda data: data[:-8], "its column sums has"),
        ("hashes", lambda data: data[:-3], "its column hashes is cut off"),
        ("hashes", lambda data: b"", "values that it does not have"),
        ("operations", lambda data: b"\xff" * len(data), "words that it does not have"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(
    path: Path,
    name: str,
    change: Callable[[bytes], bytes],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever is wrong with it, the status is 2 and one line says what."""
    _rewritten(path, name, change)
    assert main(["trace", "--show", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("a.wbt cannot be used: ") and words in said
    assert said.count("\n") == 1


def test_a_broken_zip_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a file, another file, and no file."""
    data = path.read_bytes()
    for content in (data[: len(data) // 2], b"hello", data[:60] + b"\0\0" + data[62:]):
        path.write_bytes(content)
        assert main(["diagnose", str(path), str(path)]) == 2
        assert "a.wbt" in capsys.readouterr().err
    path.unlink()
    assert main(["diagnose", str(path), str(path)]) == 2
    assert f"there is no file {str(path)!r}" in capsys.readouterr().err


def test_a_file_that_unfolds_to_too_much_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file of a huge content is not unpacked."""
    monkeypatch.setattr(container, "LARGEST", 1 << 20)
    _rewritten(path, "sums", lambda data: bytes(2 << 20))
    assert path.stat().st_size < 1 << 16
    with pytest.raises(ValueError, match=r"a\.wbt cannot be used: it unfolds to more than 1 MiB"):
        container.load(path)
