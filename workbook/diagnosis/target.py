"""What is to be diagnosed: one function or two, a module's builder, or command lines.

Owns the reading of `FILE.py:FUNCTION` and of commands, and the error messages.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["function", "pair", "model", "command", "against", "resume", "test", "notebook"]


@dataclass(frozen=True)
class Target:
    """A function in a file."""

    path: Path
    name: str

    @property
    def words(self) -> str:
        return f"{self.path.name}:{self.name}"


@dataclass(frozen=True)
class Command:
    """A command line, as words."""

    argv: tuple[str, ...]

    @property
    def words(self) -> str:
        return shlex.join(self.argv)

    @property
    def folders(self) -> list[str]:
        """The folders of the files that its words name, the program itself left out."""
        files = [Path(word) for word in self.argv[1:] if Path(word).exists()]
        return [str((one if one.is_dir() else one.parent).resolve()) for one in files]


@dataclass(frozen=True)
class Node:
    """A test of pytest by its node id, or a notebook by its path."""

    name: str

    @property
    def words(self) -> str:
        return self.name


@dataclass(frozen=True)
class Call:
    """What is asked: `function`, `model`, `test` and `notebook` have one target, `pair` two.

    The others have commands: one, or two that should agree.
    """

    kind: Kind
    targets: tuple[Target, ...] = ()
    commands: tuple[Command, ...] = ()
    nodes: tuple[Node, ...] = ()

    @property
    def words(self) -> str:
        """The targets as they are called in an answer."""
        parts = (self.targets, self.commands, self.nodes)
        return " and ".join(one.words for part in parts for one in part)


def target(text: str) -> Target:
    """Give the target that `FILE.py:FUNCTION` names; ValueError where it names none."""
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
    """Give the call for one text, for two, or for a module's builder."""
    if len(texts) == 1 and not model and "::" in texts[0]:
        return Call("test", nodes=(_node(texts[0]),))
    if len(texts) == 1 and not model and texts[0].endswith(".ipynb"):
        return Call("notebook", nodes=(_node(texts[0]),))
    wanted = 1 if model else 2
    if not 1 <= len(texts) <= wanted:
        rule = "a model takes one FILE.py:BUILD" if model else "give one FILE.py:FUNCTION or two"
        raise ValueError(f"{rule}, got {len(texts)}")
    kind: Kind = "model" if model else ("pair" if len(texts) == 2 else "function")
    return Call(kind, tuple(target(text) for text in texts))


def _node(text: str) -> Node:
    """Give the test or notebook that a text names; ValueError where its file is not there."""
    path = Path(text.partition("::")[0])
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    return Node(text)


def command_line(argv: Sequence[str], *, against: str = "", resume: str = "") -> Call:
    """Give the call for a command line, for two that should agree, or for stopping and resuming."""
    if against and resume:
        raise ValueError("give --against or --resume, got both")
    first = _command(argv)
    if against:
        return Call("against", (), (first, _command(shlex.split(against))))
    if resume:
        return Call("resume", (), (first, _command(shlex.split(resume))))
    return Call("command", (), (first,))


def _command(argv: Sequence[str]) -> Command:
    if not argv or not argv[0]:
        raise ValueError("after -- comes a command line, as in: diagnose -- python train.py")
    if shutil.which(argv[0]) is None:
        file = Path(argv[0])
        if file.suffix == ".py" and file.is_file():
            raise ValueError(f"type the command as you run it: -- python {shlex.join(argv)}")
        if file.is_file():
            raise ValueError(f"{argv[0]} may not be run: chmod +x {argv[0]}, or -- sh {argv[0]}")
        raise ValueError(f"there is no program {argv[0]!r}")
    return Command(tuple(argv))
