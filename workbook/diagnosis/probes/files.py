"""Files that a program writes, read key by key, so that two runs can be compared.

Owns the reading of each format, without pickles: JSON, JSON lines, CSV, NPY and NPZ, what
`torch.save` and safetensors wrote, TensorBoard's events, plain text. Anything else is its bytes.
"""

import csv
import hashlib
import io
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.probes.printed import is_read, lines
from workbook.diagnosis.probes.values import NotComparable, as_tensor, leaves
from workbook.trace import tensor_hash

Content = dict[str, Any]  # a number, or a text (of what is no number: its hash), by its key
_LARGEST = 1 << 30  # bytes that are read
_MOST = 2_000  # keys of one file


def read_all(written: list[tuple[str, Path]]) -> dict[str, Content]:
    """Read every file that a run wrote: the user's name of it, and where it lies."""
    return {_name(name): read(path) for name, path in written[:500]}


def _name(name: str) -> str:
    """Give a file's name; TensorBoard puts time, host and process into it."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}events" if last.startswith("events.out.tfevents") else name


def read(path: Path) -> Content:
    """Read what a file holds, by key; the hash of its bytes where its format cannot be read."""
    if path.stat().st_size > _LARGEST:
        return {"bytes": str(path.stat().st_size)}
    contents: Content = {}
    try:
        events = path.name.startswith("events.out.tfevents")
        for key, value in (_events if events else _READERS.get(path.suffix, _text))(path):
            contents[key] = value
            if len(contents) >= _MOST:
                break
    except Exception:  # a format of their own under a well-known name, or cut short
        return {"bytes": _code(path.read_bytes())}
    return contents


def _code(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _plain(value: Any) -> Iterator[tuple[str, Any]]:
    """Leaves of a value: numbers as they are, of tensors and texts what identifies them."""
    for key, leaf in leaves(value):
        tensor = as_tensor(leaf)
        if tensor is None:
            yield key, repr(leaf)
        elif tensor.numel() == 1 and not tensor.is_complex():
            yield key, float(tensor)
        else:
            yield key, f"{tuple(tensor.shape)} {tensor.dtype} {tensor_hash(tensor):016x}"


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for key, value in _plain(json.loads(line)):
            yield f"line {number}{key}", value


def _csv(path: Path) -> Iterator[tuple[str, Any]]:
    rows = list(csv.reader(io.StringIO(path.read_text(), newline="")))
    names = rows[0] if rows else []
    for number, row in enumerate(rows[1:], start=2):
        for name, cell in zip(names, row, strict=False):
            yield f"line {number}, {name}", _number(cell)


def _number(cell: str) -> Any:
    try:
        return float(cell)
    except ValueError:
        return cell


def _numpy(path: Path) -> Iterator[tuple[str, Any]]:
    made = np.load(path, allow_pickle=False)
    yield from _plain({key: made[key] for key in made} if path.suffix == ".npz" else made)


def _torch(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        yield from _plain(torch.load(path, map_location="cpu", weights_only=True))
    except NotComparable:
        raise ValueError("it holds something without a value") from None


def _safetensors(path: Path) -> Iterator[tuple[str, Any]]:
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    for name, row in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            start, end = row["data_offsets"]
            part = data[8 + size + start : 8 + size + end]
            yield name, f"{tuple(row['shape'])} {row['dtype']} {_code(part)}"


def _text(path: Path) -> Iterator[tuple[str, Any]]:
    for line in lines(path.read_bytes().decode("utf-8")):
        yield f"line {line.number}", line.form
        for place, number in enumerate(line.numbers, start=1):
            yield f"line {line.number}, number {place}", number


def _events(path: Path) -> Iterator[tuple[str, Any]]:
    """Scalars of TensorBoard: records of a length, its check, an Event message, its check."""
    data, at = path.read_bytes(), 0
    while at + 12 <= len(data):
        (size,) = struct.unpack("<Q", data[at : at + 8])
        event = dict(_fields(data[at + 12 : at + 12 + size]))
        at += size + 16
        for kind, value in _fields(event.get(5, b"")):  # summary
            if kind == 1:
                row = dict(_fields(value))
                number = row.get(2)
                if number is None:
                    yield f"{_tag(row)} at step {event.get(2, 0)}", _code(value)
                else:
                    made = struct.unpack("<f", number)[0]
                    yield f"{_tag(row)} at step {event.get(2, 0)}", float(made)


def _tag(row: dict[int, Any]) -> str:
    return bytes(row.get(1, b"")).decode(errors="replace")


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Give the fields of a protocol-buffers message: its number, and an integer or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        else:
            size, at = _varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            yield key >> 3, data[at : at + size]
            at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


_READERS: dict[str, Callable[[Path], Iterator[tuple[str, Any]]]] = {
    ".json": lambda path: _plain(json.loads(path.read_text())), ".jsonl": _json_lines,
    ".ndjson": _json_lines, ".csv": _csv, ".npy": _numpy, ".npz": _numpy, ".pt": _torch,
    ".pth": _torch, ".ckpt": _torch, ".safetensors": _safetensors,
}  # fmt: skip


def differing(
    ours: dict[str, Content], theirs: dict[str, Content]
) -> Iterator[tuple[str, str, Any, Any]]:
    """Give each file and key in which two runs differ, with the two values."""
    for name in dict.fromkeys((*ours, *theirs)):
        first, second = ours.get(name), theirs.get(name)
        if first is None or second is None:
            words = ["not written" if content is None else "written" for content in (first, second)]
            yield name, "", words[0], words[1]
            continue
        for key in dict.fromkeys((*first, *second)):
            if repr(first.get(key)) != repr(second.get(key)):
                yield name, key, first.get(key), second.get(key)


def shows(part: tuple[str, str, Any, Any], ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether what differs is a tensor, words, or a number that each run has read from torch."""
    first, second = part[2:]
    if isinstance(first, float) and isinstance(second, float):
        return is_read(repr(first), ours) and is_read(repr(second), theirs)
    return "not written" not in (first, second)  # a name may hold the time
