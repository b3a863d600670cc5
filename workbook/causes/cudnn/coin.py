"""A coin whose rate is known: how often do n equal runs hide that something varies?

Owns one experiment, on a simulated coin. The factor is the rate at which another result comes; the
number of repeats stays. Each series of repeats stands for one person who tried so often.
"""

import math

import numpy as np

from workbook.causes.cudnn.count import CONFIDENCE, still_possible
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding
from workbook.wording import percent

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.14, 0.2, 0.3, 0.5)
PEOPLE = 2000
SIGMAS = 5  # a simulated share further from its expectation is no longer chance


def toss(where: Conditions, *, repeats: int) -> Finding:
    """Let 2000 people repeat an operation that gives another result at each of some known rates."""
    limit = still_possible(repeats)
    quiet = {rate: _quiet(rate, repeats) for rate in (*RATES, limit)}
    at_limit = quiet.pop(limit)
    exact = {rate: (1 - rate) ** repeats for rate in RATES}
    fits = all(_near(quiet[rate], exact[rate]) for rate in RATES)
    missed = [rate for rate in RATES if quiet[rate] > 1 - CONFIDENCE]
    reading = (
        f"{repeats} equal repeats: {percent(at_limit, 1)} of {PEOPLE} people saw no other result "
        f"where it comes in {percent(limit, 1)} of the runs"
    )
    values = {"limit": limit, "at_limit": at_limit, "quiet": list(quiet.values()), "missed": missed}
    series = (
        Series("tossed", tuple(quiet), tuple(quiet.values()), "points"),
        Series("(1 − rate)ⁿ", tuple(exact), tuple(exact.values())),
        Series("one in twenty", (), (1 - CONFIDENCE,), "rule"),
    )
    ticks = tuple((rate, f"{rate:g}") for rate in (0.001, 0.01, 0.1, 0.5))
    x = Axis("rate of the other result", RATES[0] / 1.2, RATES[-1] * 1.2, log=True, ticks=ticks)
    panel = Panel(x, Axis("share that saw no difference", 0, 1), series)
    verdict = _verdict(fits and _near(at_limit, 1 - CONFIDENCE))
    return Finding(verdict, reading, Chart((panel,)), values)


def _quiet(rate: float, repeats: int) -> float:
    """Give the share of people for whom no repeat differed."""
    seen = np.random.random_sample((PEOPLE, repeats)) < rate  # Conditions seeds it
    return float((~seen.any(1)).mean())


def _near(share: float, expected: float) -> bool:
    """Say whether a share of so many people is where binomial chance puts it."""
    return abs(share - expected) <= SIGMAS * math.sqrt(expected * (1 - expected) / PEOPLE) + 1e-12


def _verdict(fits: bool) -> str:
    if not fits:
        return "Shares are not where the rate of the coin puts them."
    return "Equal repeats limit a rate and never make it 0: near 3/n, one in twenty sees nothing."


COIN = Experiment(
    name="rule_of_three",
    question="So many equal repeats: how rare may another result still be?",
    factor="the rate",
    controls=(
        Choice("repeats", 20, (5, 20, 59, 299), ordered=True, help="runs after the first one"),
        Seed(),
    ),
    measure=toss,
    fixed=OPENING_CONDITIONS.replace(device="simulated"),
)
