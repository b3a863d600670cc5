"""What is to be diagnosed: one function or two, a module's builder, or command lines.

Owns the reading of `FILE.py:FUNCTION` and of commands, and the error messages.
"""

import ast
import os
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

TIMEOUT = 120.0  # seconds for a whole diagnosis
PATIENCE = 600.0  # the same for a command line: each run is a program from beginning to end
Kind = Literal["function", "pair", "model", "command", "against", "resume", "test", "notebook"]


class NoTarget(ValueError):
    """Raised where words name nothing to diagnose; the message says what to type instead."""

    def _render_traceback_(self) -> list[str]:
        """Show the sentence alone in a notebook, as IPython asks for: no code is at fault."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Target:
    """A function in a file: its name or a call of it, and the module's name in its package."""

    path: Path
    name: str
    module: str = ""

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
        return [str((path if path.is_dir() else path.parent).resolve()) for path in files]


@dataclass(frozen=True)
class Subject:
    """What is diagnosed: `function`, `model`, `test` and `notebook` have one target, `pair` two.

    The others have commands: one, or two that should agree. `nodes` has a test's node id, or a
    notebook's path.
    """

    kind: Kind
    targets: tuple[Target, ...] = ()
    commands: tuple[Command, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def timeout(self) -> float:
        """How many seconds its diagnosis may take unless somebody says so."""
        return PATIENCE if self.commands else TIMEOUT

    @property
    def hash_seeds(self) -> tuple[int | None, ...]:
        """The hash seeds of the processes that its runs need; None for commands, which have own."""
        return (0, 1) if self.targets else (None,)

    @property
    def words(self) -> str:
        """The targets as they are called in an answer."""
        targets = (part.words for part in self.targets)
        return " and ".join((*targets, *(part.words for part in self.commands), *self.nodes))


def target(text: str) -> Target:
    """Give the target that a text names: `FILE.py:FUNCTION`, or `package.module:FUNCTION`.

    FUNCTION may be `Class.method`, and have arguments, as Python writes them: `fit(seed=3)`.
    ValueError where it names none; the message says what to type instead.
    """
    match = re.match(r"(?P<file>.+?\.py|[\w.]+):(?P<name>[^:\\/].*)$", text)
    if match is None or not _is_call(match["name"]):
        raise ValueError(advice(text))
    if match["file"].endswith(".py"):
        file = Path(match["file"])
        if not file.is_file():
            raise ValueError(f"there is no file {match['file']!r}")
        return Target(file.resolve(), match["name"])
    module = match["file"]
    for root in (os.getcwd(), *sys.path):
        stem = Path(root, *module.split("."))
        for file in (stem.with_suffix(".py"), stem / "__init__.py"):
            if file.is_file():
                return Target(file.resolve(), match["name"], module)
    raise ValueError(f"there is no module {module!r} here or among the installed ones")


def _is_call(text: str) -> bool:
    """Whether a text is a dotted name, or a call of one."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    while isinstance(node, (ast.Attribute, ast.Call)):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return isinstance(node, ast.Name)


def advice(text: str) -> str:
    """Say what to type in place of a text that names nothing to diagnose."""
    path, quoted = Path(text), shlex.quote(text)
    name = path.name
    if path.suffix == ".py" and path.is_file():
        if name.startswith("test_") or name.endswith("_test.py"):
            return (
                f"name one test: diagnose {quoted}::TEST; pytest --collect-only -q {quoted} lists "
                "them"
            )
        return (
            f"for a whole script type the command with -- in front: diagnose -- python {quoted}; "
            f"for a function of it: diagnose {quoted}:FUNCTION"
        )
    if path.is_dir():
        return f"{text!r} is a folder; name a test, FILE.py:FUNCTION, or -- and a command line"
    if path.suffix in (".pt", ".pth", ".ckpt", ".safetensors", ".bin"):
        return f"{text!r} holds weights; give the command that makes or reads it: -- python ..."
    if path.suffix in (".yaml", ".yml", ".json", ".toml", ".cfg", ".ini"):
        return (
            f"{text!r} is a configuration; give the command that reads it: -- python ... {quoted}"
        )
    if shutil.which(text) and not path.is_file():
        return f"a command line comes after --: diagnose -- {text} ..."
    if path.is_file() and os.access(path, os.X_OK):
        return f"a program comes after --: diagnose -- {shlex.quote(f'./{path}')}"
    if re.fullmatch(r"\w+(\.\w+)+", text):
        return (
            f"name a function of a module as {text}:FUNCTION; to run the module type -- python -m "
            f"{text}"
        )
    return (
        f"name a function as FILE.py:FUNCTION, a test as FILE.py::TEST, a notebook as FILE.ipynb, "
        f"or type -- and a command line; got {text!r}"
    )


def subject(
    *texts: str,
    model: bool = False,
    program: Sequence[str] = (),
    against: str = "",
    resume: str = "",
) -> Subject:
    """Read what is to be diagnosed from one text or two, or from a command line.

    ValueError where the words name nothing to diagnose; the message says what to type instead.
    """
    if program and (texts or model):
        raise ValueError("give functions before --, or a command line after it, not both")
    if program:
        return command_line(program, against=against, resume=resume)
    if len(texts) == 1 and not model and "::" in texts[0]:
        return Subject("test", nodes=(_existing(texts[0]),))
    if len(texts) == 1 and not model and texts[0].endswith(".ipynb"):
        return Subject("notebook", nodes=(_existing(texts[0]),))
    if len(texts) > 1 and shutil.which(texts[0]) and not Path(texts[0]).is_file():
        raise ValueError(f"a command line comes after --: diagnose -- {shlex.join(texts)}")
    wanted = 1 if model else 2
    if not 1 <= len(texts) <= wanted:
        rule = "a model takes one FILE.py:BUILD" if model else "give one FILE.py:FUNCTION or two"
        raise ValueError(f"{rule}, got {len(texts)}")
    kind: Kind = "model" if model else ("pair" if len(texts) == 2 else "function")
    return Subject(kind, tuple(target(text) for text in texts))


def _existing(text: str) -> str:
    """Give the text of a test or notebook; ValueError where its file is not there."""
    path = Path(text.partition("::")[0])
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    return text


def command_line(argv: Sequence[str], *, against: str = "", resume: str = "") -> Subject:
    """Read what is to be diagnosed from a command line, and another one to compare or to resume."""
    if against and resume:
        raise ValueError("give --against or --resume, got both")
    first = _command(argv)
    if against:
        return Subject("against", (), (first, _command(shlex.split(against))))
    if resume:
        return Subject("resume", (), (first, _command(shlex.split(resume))))
    return Subject("command", (), (first,))


def _command(argv: Sequence[str]) -> Command:
    if not argv or not argv[0]:
        raise ValueError("after -- comes a command line, as in: diagnose -- python train.py")
    if argv[0].startswith("-"):
        raise ValueError(
            f"options of diagnose stand before --, as in: diagnose {argv[0]} ... -- python train.py"
        )
    if shutil.which(argv[0]) is None:
        file = Path(argv[0])
        if file.suffix == ".py" and file.is_file():
            raise ValueError(f"type the command as you run it: -- python {shlex.join(argv)}")
        if file.is_file():
            quoted = shlex.quote(argv[0])
            raise ValueError(f"{argv[0]} may not be run: chmod +x {quoted}, or -- sh {quoted}")
        raise ValueError(f"there is no program {argv[0]!r}")
    return Command(tuple(argv))
