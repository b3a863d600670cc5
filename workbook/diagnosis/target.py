"""What is to be diagnosed: one function, two that should agree, or a module that a function builds.

Owns the reading of `FILE.py:FUNCTION` and its error messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["function", "pair", "model"]


@dataclass(frozen=True)
class Target:
    """A function in a file."""

    path: Path
    name: str

    @property
    def words(self) -> str:
        return f"{self.path.name}:{self.name}"


@dataclass(frozen=True)
class Call:
    """What is asked: `function` has one target, `pair` two, `model` one."""

    kind: Kind
    targets: tuple[Target, ...]


def target(text: str) -> Target:
    """The target that `FILE.py:FUNCTION` names; ValueError where it names none."""
    path, colon, name = text.rpartition(":")
    if not colon or not path or not name.isidentifier():
        raise ValueError(f"name a function as FILE.py:FUNCTION, got {text!r}")
    file = Path(path)
    if not file.is_file():
        raise ValueError(f"there is no file {path!r}")
    if file.suffix != ".py":
        raise ValueError(f"a program is a .py file, got {path!r}")
    return Target(file.resolve(), name)


def call(*texts: str, model: bool = False) -> Call:
    """The call for one text, for two, or for a module's builder."""
    wanted = 1 if model else 2
    if not 1 <= len(texts) <= wanted:
        rule = "a model takes one FILE.py:BUILD" if model else "give one FILE.py:FUNCTION or two"
        raise ValueError(f"{rule}, got {len(texts)}")
    kind: Kind = "model" if model else ("pair" if len(texts) == 2 else "function")
    return Call(kind, tuple(target(text) for text in texts))
