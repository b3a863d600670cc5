"""Cancellation: two formulas for one variance, and the one that subtracts large equals.

Owns one experiment. The factor is the formula; the numbers, their format and their order stay.
"""

import math

import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import error_of
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

SIZE = 4096
OFFSETS = tuple(10**power for power in range(8))
NO_DIGIT = 0.5  # a relative error of one half or more: not even the first digit is right


def both_formulas(where: Conditions, *, offset: int) -> Finding:
    """Compute a variance as E[x^2] - E[x]^2 and from the deviations, beside its float64 truth."""
    noise = torch.rand(SIZE).double()
    errors: dict[str, list[float]] = {"one_pass": [], "two_pass": []}
    for each in OFFSETS:
        for name, error in _errors(noise, each, where).items():
            errors[name].append(error)
    here = {name: each[OFFSETS.index(offset)] for name, each in errors.items()}
    x, truth = _numbers(noise, offset, where)
    compared = error_of(_one_pass(x).cpu(), truth, first="E[x²] − E[x]²", second="float64")
    reading = f"relative error at offset {offset:,}: one pass {here['one_pass']:.2g}"
    reading += f", two passes {here['two_pass']:.2g}"
    chart = _chart(errors, offset, where.torch_dtype)
    return Finding(_verdict(here, truth.item()), reading, chart, here, (compared,))


def _numbers(
    noise: torch.Tensor, offset: int, where: Conditions
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the numbers in the format asked for, and the variance of exactly those numbers."""
    x = (noise + offset).to(where.torch_dtype)
    truth = x.double().numpy().var()  # NumPy: a device that imitates float32 must not touch it
    return x.to(where.torch_device), torch.tensor(truth)


def _one_pass(x: torch.Tensor) -> torch.Tensor:
    return (x * x).mean() - x.mean() * x.mean()


def _two_pass(x: torch.Tensor) -> torch.Tensor:
    deviations = x - x.mean()
    return (deviations * deviations).mean()


def _errors(noise: torch.Tensor, offset: int, where: Conditions) -> dict[str, float]:
    x, truth = _numbers(noise, offset, where)
    variances = {"one_pass": _one_pass(x), "two_pass": _two_pass(x)}
    scale = truth.item() or 1.0
    return {name: abs(value.item() - truth.item()) / scale for name, value in variances.items()}


def _verdict(here: dict[str, float], truth: float) -> str:
    if truth == 0:
        return "The format makes all numbers one at this offset: no formula finds their spread."
    if not math.isfinite(sum(here.values())):
        return "Squares of these numbers leave the range of the format."
    one_pass, two_pass = here["one_pass"] < NO_DIGIT, here["two_pass"] < NO_DIGIT
    if two_pass and not one_pass:
        return "Subtracting two large means loses every digit; squared deviations keep some."
    if one_pass and two_pass:
        return "Both formulas still give correct digits at this offset."
    if one_pass:
        return "Here the formula with the deviations is the worse one."
    return "Neither formula gives a correct digit: the numbers themselves were rounded too far."


def _chart(errors: dict[str, list[float]], offset: int, dtype: torch.dtype) -> Chart:
    low = 10.0 ** math.floor(math.log10(torch.finfo(dtype).eps) - 2)  # decades below one ULP
    here = [each[OFFSETS.index(offset)] for each in errors.values()]
    series = (
        Series("E[x²] − E[x]²", OFFSETS, errors["one_pass"]),
        Series("mean of squared deviations", OFFSETS, errors["two_pass"]),
        Series("this offset", [offset] * 2, here, "points"),
        Series("no digit is right", (), NO_DIGIT, "rule"),
    )
    axes = (
        Axis("offset added to every number", log=True),
        Axis("relative error", low, 1e6, log=True),
    )
    return Chart((Panel(*axes, series),))


VARIANCES = Experiment(
    name="cancellation",
    question="Do two formulas for one variance agree?",
    factor="formula",
    controls=(Seed(), LogRange("offset", 10_000, 0, 7), Dtype(), DeviceChoice()),
    measure=both_formulas,
)
