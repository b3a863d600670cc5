"""One run as it is asked for: what is called, under what, with what on, and how far it goes.

Owns the plan, the two ends of every held condition, and the rules for how many calls and steps of a
training are worth a run. Makes no run.
"""

from dataclasses import dataclass, replace
from typing import Any

from workbook.diagnosis.interventions.devices import MOST_CALLS
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.operations import DOUBLE
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.interventions.surroundings import LEFTOVERS, RNG
from workbook.diagnosis.probes import steps

CALM: dict[str, Any] = {row.name: row.values[0] for row in HOLDS}
STORM: dict[str, Any] = {row.name: row.values[1] for row in HOLDS}
ALL = frozenset(STORM)
_SINGLE = ("model", "command", "against", "resume", "test", "notebook")  # what is called once
LONG = 1.0  # seconds of a run, from which on its beginning alone is worth a run


@dataclass(frozen=True)
class Plan:
    """One run to ask for: which targets in order, under what, with which interventions on."""

    steps: tuple[int, ...]
    given: tuple[tuple[str, Any], ...]
    on: frozenset[str] = frozenset()
    between: frozenset[str] = frozenset()
    factors: tuple[float, ...] = ()
    split: frozenset[str] = frozenset()
    trained: tuple[tuple[int, int], ...] = ()  # dropout and norm calls made in training, by step
    variants: tuple[str, ...] = ()
    trace: bool = False
    stop: int = 0  # after this step of the last call's training; 0 for the whole program
    repeat: int = 0  # the same run again has another number
    stops: tuple[int, ...] = ()  # the step where each of several command lines stops
    trial: Any = None  # of a tolerance, in a test
    fresh: bool = False  # a command from its beginning, though it could be a fork
    looks: bool = False  # the first run: it ends after as many calls as are worth it

    @property
    def commands(self) -> list[tuple[int, int]]:
        """The command lines that are run one after another, each with the step where it stops."""
        return [
            (index, self.stops[number] if number < len(self.stops) else 0)
            for number, index in enumerate(self.steps)
        ]

    def told(self) -> dict[str, Any]:
        """Give what every process is told of it, as plain data."""
        return {
            "on": sorted(self.on),
            "between": sorted(self.between),
            "factors": list(self.factors),
            "split": sorted(self.split),
            "trained": [{"dropout": d, "norm": n} for d, n in self.trained],
            "variants": list(self.variants),
            "trace": self.trace,
            "stop": self.stop,
            "looks": self.looks,
            **self.early(),
        }

    def early(self) -> dict[str, Any]:
        """Give what acts before torch is there, for processes that know no rows.

        `variables` of the environment, the number from which generators `start` (None: any), and
        whether it comes `twice`, the second time with the files that the first has left.
        """
        given, variables = dict(self.given), dict[str, str]()
        for row in ROWS:
            if row.variables and row.name in (given if row.how == "hold" else self.on):
                variables |= row.variables(given.get(row.name))
        twice = bool(given.get(LEFTOVERS.name))
        return {"variables": variables, "start": given.get(RNG.name), "twice": twice}

    def short(self, stop: int, calls: int = 0) -> "Plan":
        """Give the same run to a step only; with `calls`, no more of them than that."""
        calls = calls or len(self.steps)
        return replace(self, steps=self.steps[:calls], trained=self.trained[:calls], stop=stop)


def plan(*steps: int, held: frozenset[str] = ALL, **more: Any) -> Plan:
    """Plan a run in calm where `held` names everything, under other conditions elsewhere."""
    given = {name: (CALM if name in held else STORM)[name] for name in CALM}
    return Plan(steps, tuple(given.items()), **more)


def doubled(wanted: Plan) -> Plan:
    """Give the same run in float64."""
    return replace(wanted, on=wanted.on | {DOUBLE.name})


def calls(kind: str) -> int:
    """How many calls of this kind of target one process makes, at most."""
    return 1 if kind in _SINGLE else MOST_CALLS


def worth(ours: list[list[int]], others: list[list[list[int]]], seconds: float) -> int:
    """Give the step to which short runs go, or 0 where whole runs are as good.

    That is the first step after which the parameters are not those of another series, if a run
    takes long and it lies in its first half.
    """
    parted = [steps.parted(ours, other, steps.PARTS[-1:]) for other in others]
    first = min((part[0] for part in parted if part), default=0)
    length = min(map(len, (ours, *others)), default=0)
    return first if seconds > LONG and 2 * first <= length else 0


def likely(rows: list[Intervention], parts: tuple[str, ...]) -> frozenset[Intervention]:
    """Give the rows that can explain a training of which these parts are the first that differ.

    Where a generator differs, that is what changes draws, or puts back what does; elsewhere what
    does not.
    """
    drawn = bool(set(parts) & set(steps.PARTS) - set(steps.COMPUTED))
    draws = {row.name for row in rows if row.draws}
    return frozenset(row for row in rows if not parts or (row.name in draws) is drawn)
