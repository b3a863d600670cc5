"""An intervention: one thing that is held, put back or changed in a run, and what it would explain.

Owns the row and what its patch is given. To add one, write a row beside its patch and name it in
`rows`; nothing else says its name.
"""

import ast
import contextlib
import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Any, Literal

import torch

from workbook.diagnosis.probes.facts import Fact
from workbook.trace.modules import ModulePath

How = Literal["hold", "between", "on"]


class Axis(Enum):
    """What is compared."""

    AGAIN = auto()  # a function with itself, called again
    PAIR = auto()  # two functions
    AFTER = auto()  # the second of two after the first
    MODULE = auto()  # a module with itself under a switch that it throws
    RANKS = auto()  # the processes of one run, and one process in their place


class Stage(IntEnum):
    """When a patch goes on; within a stage, in the order of the rows."""

    PROCESS = auto()  # variables of the environment are set, before Python starts
    FUNCTIONS = auto()  # functions of torch and Python are replaced
    SURROUNDINGS = auto()  # generators, clock, listings, memory, threads are set
    SEEDS = auto()  # seeds are heard, after the surroundings set theirs
    MODES = auto()  # every operation is seen
    PROGRAM = auto()  # the user's functions are there


@dataclass
class Setting:
    """What a run is made under: which rows are active, and what they are told.

    `given` has the value of each held condition; `trained` counts the calls that training made;
    `factors` weigh backward passes; `split` names the user's functions that rows act on.
    """

    on: frozenset[str] = frozenset()
    given: dict[str, Any] = field(default_factory=dict)
    trained: dict[str, int] = field(default_factory=dict)
    factors: list[float] = field(default_factory=list)
    split: frozenset[str] = frozenset()
    entries: frozenset[str] = frozenset()
    early: bool = False  # whether the generators of Python and NumPy were started before
    modules: list[Any] = field(default_factory=list)  # of the user, once they are loaded
    path: ModulePath = field(default_factory=ModulePath)
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def has(self, row: "Intervention") -> bool:
        """Whether a row is active."""
        return row.name in self.on


Install = Callable[[Setting], object]


@dataclass(frozen=True)
class Intervention:
    """One thing that can be done to a run.

    `hold` keeps an ambient condition the same in both runs, `between` puts something back before
    a call, `on` changes how the program runs. `rank` is smaller the more specific it is: of two
    that remove a difference, the specific one is the explanation. Holding an ambient condition
    ranks before putting back state, because what it holds was the only thing that differed. `facts`
    are those of which a run must have shown one, `axes` the comparisons that it can explain.

    `install` patches the run; it is called whether the row is active or not, since most patches
    note their facts, too. Where it is active, `mode` makes what sees every operation, and `rewrite`
    changes the program's syntax tree, which may use `names`. `values` are those of a held
    condition: the calm one and another, which `condition` words. `variables` gives, for the value
    of a held condition (None for a row that is on), what the process's environment starts with.
    `put_back` is what happens between calls. `fix` is what to do, where the cause's own words do
    not fit what this row removes.
    `rivals` names a group of which only one acts.
    `lasts` names a held condition that two runs here share unless somebody changes it.
    `format` is the shorter format in whose place a row computes with a wider one.
    `finer` has, for a fact that makes the cause a more particular one, that cause and a sentence.
    `looks` names a row without axes that only notes where the cause is seen at work.
    `operations` is a pattern of the operations that it can change; all where it is None.
    `draws` says that it can change which numbers are drawn, `renumbers` that all draws get other
    numbers, so that less of a difference means nothing. `costly`: a run takes many times as long.
    """

    name: str
    how: How
    cause: str
    words: str
    rank: int
    facts: frozenset[Fact]
    axes: frozenset[Axis]
    install: Install | None = None
    stage: Stage = Stage.FUNCTIONS
    mode: Callable[[Setting], AbstractContextManager[Any]] | None = None
    rewrite: Callable[[ast.AST], Any] | None = None
    names: tuple[tuple[str, Any], ...] = ()
    fix: str = ""
    values: tuple[Any, Any] = (None, None)
    condition: str = ""
    variables: Callable[[Any], dict[str, str]] | None = None
    put_back: Callable[[Any], None] | None = None
    rivals: str = ""
    renumbers: bool = False
    draws: bool = False
    costly: bool = False
    format: torch.dtype | None = None
    finer: tuple[tuple[Fact, str, str], ...] = ()
    looks: str = ""
    lasts: bool = False
    operations: re.Pattern[str] | None = None

    def applies(self, axis: Axis, facts: Iterable[Fact]) -> bool:
        """Whether it can explain a difference along this axis between runs that showed these."""
        return axis in self.axes and (Fact.ALWAYS in self.facts or bool(self.facts & set(facts)))

    def acts_on(self, names: Iterable[str] | None) -> bool:
        """Whether it can change any of these operations; None for operations that nobody saw."""
        return self.operations is None or names is None or any(map(self.operations.search, names))

    def fix_of(self, cause: str) -> str:
        """Give what to do about a cause, in this row's own words, where it is this row's."""
        return self.fix if cause == self.cause else ""

    def cause_where(self, facts: Iterable[Fact]) -> tuple[str, str]:
        """Give the cause that it explains where these facts hold, and a sentence that says why."""
        seen = set(facts)
        fits = ((cause, f" {words}") for fact, cause, words in self.finer if fact in seen)
        return next(fits, (self.cause, ""))


AGAIN, PAIR = frozenset({Axis.AGAIN}), frozenset({Axis.PAIR})
AFTER, MODULE = frozenset({Axis.AFTER}), frozenset({Axis.MODULE})
RANKS = frozenset({Axis.RANKS})


def on(
    name: str, cause: str, words: str, rank: int, *facts: Fact, axes: frozenset[Axis], **more: Any
) -> Intervention:
    """Give a row that changes how the program runs."""
    return Intervention(name, "on", cause, words, rank, frozenset(facts), axes, **more)
