"""A trace file on disk: a zip of plain columns and JSON, in which nothing is executed.

Owns the format, its version, and the sentences for a file that cannot be read. A file is checked
before it is used: sizes, numbers that name words and values, the types of the head.
"""

from __future__ import annotations

import json
import sys
import zipfile
import zlib
from array import array
from pathlib import Path
from typing import Any

import numpy as np

from workbook.tracefile.sketch import LANES, SMALLEST
from workbook.tracefile.tape import COLUMNS, PER_OPERATION, PER_STEP, Tape, elements

FORMAT = "workbook-trace"
VERSION = 1
LARGEST = 1 << 28
"""Bytes that a trace file may unfold to: 200 times what a run of 20,000 operations needs."""

_SIZES = {"I": 4, "Q": 8, "f": 4, "d": 8, "B": 1}
_HEAD = {"target": str, "date": str, "key": str, "small": bool, "ended": str, "complete": bool}
_HEAD |= {"devices": str}
_TABLES = ("facts", "bits", "switches", "files")


def save(tape: Tape, path: Path) -> None:
    """Write a tape; OSError where the file cannot be written."""
    head = {"format": FORMAT, "version": VERSION, **tape.head, "small": tape.small}
    texts = {"head": head, "words": tape.words, "draws": tape.draws}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name, data in texts.items():
            file.writestr(_member(f"{name}.json"), json.dumps(data, ensure_ascii=False))
        for name, column in tape.columns.items():
            data = np.frombuffer(_turned(column).tobytes(), np.uint8)
            planes = data.reshape(-1, column.itemsize).T  # all first bytes, then all second ones
            file.writestr(_member(name), planes.tobytes())


def load(path: Path) -> Tape:
    """Read and check a trace file; ValueError names the file and what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as file:
            if sum(each.file_size for each in file.infolist()) > LARGEST:
                raise ValueError(f"it unfolds to more than {LARGEST >> 20} MiB")
            return _read(file)
    except FileNotFoundError:
        raise ValueError(f"there is no file {str(path)!r}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ValueError(f"{path.name} is no whole trace file: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path.name} cannot be used: {_words(error)}") from error


def _read(file: zipfile.ZipFile) -> Tape:
    head = json.loads(file.read("head.json"))
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"a trace file has a head of format {FORMAT}")
    version = head.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise ValueError(
            f"this package reads trace files up to version {VERSION}, got {version!r}: "
            "compare them with the newer package of the two"
        )
    _check_head(head)
    tape = Tape(head, json.loads(file.read("words.json")), small=head["small"])
    tape.draws = json.loads(file.read("draws.json"))
    for name, code in COLUMNS.items():
        data = file.read(name)
        if len(data) % _SIZES[code]:
            raise ValueError(f"its column {name} is cut off")
        column = array(code)
        column.frombytes(np.frombuffer(data, np.uint8).reshape(_SIZES[code], -1).T.tobytes())
        tape.columns[name] = _turned(column)
    _check(tape)
    return tape


def _check_head(head: dict[str, Any]) -> None:
    wrong = [name for name, kind in _HEAD.items() if not isinstance(head.get(name), kind)]
    wrong += [
        name
        for name in _TABLES
        if not isinstance(head.get(name), dict)
        or not all(isinstance(text, str) for text in head[name].values())
    ]
    if wrong:
        raise ValueError(f"its head is damaged at {', '.join(wrong)}")


def _check(tape: Tape) -> None:
    """Raise ValueError where columns do not fit one another or a number names nothing."""
    c, words = tape.columns, tape.words
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("its words are damaged")
    count, values = len(c["told"]), len(c["hashes"])
    named = [n for i, n in enumerate(c["operations"]) if i % PER_OPERATION < 3]
    inputs, outputs = (sum(c["operations"][k::PER_OPERATION]) for k in (3, 4))
    if max([*named, *c["kinds"]], default=-1) >= len(words):
        raise ValueError("its columns name words that it does not have")
    if max([*c["reads"], *c["makes"]], default=-1) >= values:
        raise ValueError("its columns name values that it does not have")
    summed = sum(tape.small or elements(words[kind]) >= SMALLEST for kind in c["kinds"])
    lengths = {
        "operations": PER_OPERATION * count,
        "gave": count,
        "reads": inputs,
        "makes": outputs,
        "kinds": values,
        "outside": values,
        "norms": summed,
        "sums": LANES * summed,
        "steps": len(c["steps"]) // PER_STEP * PER_STEP,
    }
    for name, length in lengths.items():
        if len(c[name]) != length:
            raise ValueError(f"its column {name} has {len(c[name])} numbers in place of {length}")
    rows = tape.draws if isinstance(tape.draws, list) else [None]
    if not all(isinstance(row, list) and [*map(type, row)] == _DRAW for row in rows):
        raise ValueError("its list of draws is damaged")


_DRAW = [int, str, str, str, int, int]


def _member(name: str) -> zipfile.ZipInfo:
    """Give a member's entry without the time of day: equal runs make equal files."""
    made = zipfile.ZipInfo(name)
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _turned(column: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        column = array(column.typecode, column)
        column.byteswap()
    return column


def _words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {str(error.args[0]).strip(chr(39))}"
    return str(error) or type(error).__name__
