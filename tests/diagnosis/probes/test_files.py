"""Files that a program wrote, read key by key; the writers are not ours."""

from __future__ import annotations

import csv
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workbook.diagnosis.probes import files


def written(folder: Path, name: str, value: float) -> Path:
    """Write one number to a file of the kind that the name says."""
    path = folder / name
    if path.suffix == ".json":
        path.write_text(json.dumps({"loss": value}))
    elif path.suffix == ".jsonl":
        path.write_text(json.dumps({"loss": value}) + "\n")
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["step", "loss"], [1, value]])
    elif path.suffix == ".npz":
        np.savez(path, loss=np.array([value, 1.0]))
    elif path.suffix == ".npy":
        np.save(path, np.array([value, 1.0]))
    elif path.suffix == ".pt":
        torch.save({"loss": torch.tensor(value)}, path)
    elif path.suffix == ".safetensors":
        head = {"loss": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
        text = json.dumps(head).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<f", value))
    elif "tfevents" in name:
        scalar = b"\x0a\x04loss" + b"\x15" + struct.pack("<f", value)
        summary = b"\x0a" + bytes([len(scalar)]) + scalar
        event = b"\x09" + struct.pack("<d", 17.0) + b"\x10\x03" + b"\x2a"
        event += bytes([len(summary)]) + summary
        path.write_bytes(struct.pack("<Q", len(event)) + b"crc." + event + b"crc.")
    else:
        path.write_text(f"step 1: loss {value}\n")
    return path


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.json", "['loss']"),
        ("a.jsonl", "line 1['loss']"),
        ("a.csv", "line 2, loss"),
        ("a.npz", "['loss']"),
        ("a.npy", ""),
        ("a.pt", "['loss']"),
        ("a.safetensors", "loss"),
        ("events.out.tfevents.17.host", "loss at step 3"),
        ("a.log", "line 1, number 2"),
    ],
)
def test_the_key_that_differs_is_named(tmp_path: Path, name: str, key: str) -> None:
    """Two files of each kind that hold other numbers differ at that key, and equal ones nowhere."""
    made: list[dict[str, Any]] = []
    for number, value in enumerate((0.5, 0.5, 0.75)):
        (tmp_path / str(number)).mkdir()
        made.append(files.read_all([(f"/x/{name}", written(tmp_path / str(number), name, value))]))
    assert not list(files.differing(made[0], made[1]))
    found = next(files.differing(made[0], made[2]))
    assert found is not None
    assert found[1] == key


def test_what_cannot_be_read_is_its_bytes(tmp_path: Path) -> None:
    """A damaged file is compared by its bytes, and a pickle of something else is not loaded."""
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.pt").write_bytes(b"no zip")
    assert list(files.read(tmp_path / "a.json")) == ["bytes"]
    assert list(files.read(tmp_path / "b.pt")) == ["bytes"]


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        (0.25, 0.5, True),
        (0.25, 0.75, False),
        ("(3,) torch.float32 a1", "(3,) torch.float32 b2", True),
        ("written", "not written", False),
    ],
)
def test_what_shows_that_torch_gave_other_numbers(one: Any, other: Any, shown: bool) -> None:
    """A tensor, or a number that both runs have read; the name of a file may hold the time."""
    assert files.shows(("a", "", one, other), [0.25], [0.5]) is shown


def test_a_file_that_only_one_run_wrote_is_named() -> None:
    """What one run did not write is said."""
    assert list(files.differing({"a": {}}, {})) == [("a", "", "written", "not written")]
