"""What a check of a sum would not notice: how many numbers can be missing behind each limit.

Owns one experiment. The factor is the limit that the difference of two sums is held against; the
numbers are the same.
"""

import torch
from torch import Tensor

from workbook.bounds import sum_bound
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

LENGTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
POSITIVE, SIGNED = NUMBERS = "from 0 to 1", "from −1 to 1"
CERTAIN, LIKELY = "any order: the certain limit", "any order: the likely limit"
TORCH, CLOSE = "torch's own sum: the certain limit", "assert_close with its defaults"
TENTH, FEW = 0.1, 50


def what_hides(where: Conditions, *, numbers: str) -> Finding:
    """Divide each limit for two sums by the mean size of their terms, for growing sums."""
    x = torch.rand(LENGTHS[-1])
    x = 2 * x - 1 if numbers == SIGNED else x
    rows = [_hidden(x[:length]) for length in LENGTHS]
    limits = {name: [row[name] for row in rows] for name in rows[0]}
    last = {name: counts[-1] for name, counts in limits.items()}
    missing = (f"{count:,.0f}" if count >= 10 else f"{count:.2g}" for count in last.values())
    reading = f"of {LENGTHS[-1]:,} numbers can be missing, curve by curve: {', '.join(missing)}"
    lines = tuple(Series(name, LENGTHS, counts) for name, counts in limits.items())
    axes = (
        Axis("n, how many numbers are added", 70, 1.4e6, log=True),
        Axis("numbers that could be missing", 1e-4, 1e6, log=True),
    )
    return Finding(_verdict(last), reading, Chart((Panel(*axes, lines),)), limits)


def _hidden(x: Tensor) -> dict[str, float]:
    """Count the numbers of mean size that fit into each limit for the difference of two sums."""
    mean = float(x.double().abs().mean())
    any_order, own = sum_bound(x, "float32", depth="any"), sum_bound(x, "float32")
    limits = {CERTAIN: any_order + any_order, LIKELY: any_order + any_order, TORCH: own + own}
    counts = {name: float(bound.limit) / mean for name, bound in limits.items()}
    counts[LIKELY] = float(limits[LIKELY].probable) / mean
    # torch.testing.assert_close, for float32: rtol 1.3e-6 of the expected value, and atol 1e-5.
    counts[CLOSE] = (1.3e-6 * abs(float(x.double().sum())) + 1e-5) / mean
    return counts


def _verdict(last: dict[str, float]) -> str:
    if last[CERTAIN] < TENTH * LENGTHS[-1]:
        return "Here even the limit for any order would notice that a tenth is missing."
    if last[TORCH] > FEW:
        return "The depth of torch's own sum is not known here: a tenth of a million can hide."
    return (
        "Behind the limit for any order a tenth of a million numbers can hide, behind the one for "
        "torch's own depth a few."
    )


HIDDEN = Experiment(
    name="hidden",
    question="How many numbers can be missing from a sum before a check notices?",
    factor="the limit",
    controls=(Choice("numbers", POSITIVE, NUMBERS), Seed()),
    measure=what_hides,
)
