"""A deep network trained in float32 and in float64: the program that was left out, and controlled.

Owns one experiment. From one start the factor is the format. Asked for two starts it changes two
conditions at once, and draws the third run that tells them apart. With the pattern of float64,
float32 is kept from deciding for itself which units are on.
"""

from functools import partial

import torch
from torch import Tensor

from workbook.causes.precision.network import SIZES, Training, drawn_weights, train
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted

ROWS, STEPS, LEARNING_RATE = 64, 160, 0.03
OWN, SAME = "each its own, as printed", "the same for both"
RELU, HELD, TANH = "ReLU", "ReLU, on where float64's is", "tanh"
CLOSE = 1e-3


def two_formats(where: Conditions, *, start: str, activation: str) -> Finding:
    """Train in both formats and follow the distance of the weights, step by step."""
    x = 2 * torch.rand(ROWS, SIZES[0]) - 1
    y = 2 * x[:, :3].sum(1, keepdim=True) + x[:, 3:4] * x[:, 4:5]
    weights, others = drawn_weights(), drawn_weights()
    train_one = partial(
        train,
        activation=TANH if activation == TANH else RELU,
        learning_rate=LEARNING_RATE,
        steps=STEPS,
    )
    double = train_one(weights.double(), x.double(), y.double())
    single = train_one(weights, x, y, held=double.on if activation == HELD else None)
    if start == OWN:
        return _own_starts(single, double, train_one(others.double(), x.double(), y.double()))
    return _same_start(single, double, activation)


def _own_starts(single: Training, double: Training, other: Training) -> Finding:
    printed, starts_only = gaps_of(single, other), gaps_of(double, other)
    verdict = "Here the starting weights alone do not explain the gap."
    if bool(((printed - starts_only).abs() <= 0.01 * starts_only).all()):
        verdict = (
            "Float64 against float64 from the two starts is just as far apart: "
            "the gap is the starting weights."
        )
    series = (
        _line("float32 and float64, two starts", printed),
        _line("float64 and float64, the same two starts", starts_only),
    )
    values = {"last": float(printed[-1]), "largest": float(printed.amax())}
    return Finding(verdict, _reading(values, single, other), _chart(series), values)


def _same_start(single: Training, double: Training, activation: str) -> Finding:
    gaps = gaps_of(single, double)
    flips = (single.on != double.on).flatten(1).any(dim=1)
    at = [step for step, flipped in enumerate(flips.tolist()) if flipped]
    values = {"last": float(gaps[-1]), "largest": float(gaps.amax()), "flips": len(at)}
    series = [_line("float32 and float64, one start", gaps)]
    reading = _reading(values, single, double)
    if activation != TANH:
        # A unit that flips in one step has moved the weights by the next.
        after = [step + 1 for step in at]
        label = "just after a unit was on in one, off in the other"
        series.append(Series(label, after, gaps[1:][flips], "points"))
        reading += f"; on and off differ at {counted(len(at), 'step')}"
        reading += f", first at {at[0]}" if at else ""
    verdict = "From one start, the weights of both formats stay within a thousandth of each other."
    if not values["largest"] < CLOSE:
        verdict = "From one start, some weights of the two formats part by more than a thousandth."
    return Finding(verdict, reading, _chart(tuple(series)), values)


def gaps_of(first: Training, second: Training) -> Tensor:
    """Find the largest distance of any weight, before every step and after the last."""
    return (first.path.double() - second.path).abs().amax(dim=1)


def _reading(values: dict[str, float], first: Training, second: Training) -> str:
    outputs = float((first.outputs.double() - second.outputs).abs().amax())
    return f"weights {values['last']:.1g} apart in the end, outputs {outputs:.1g}"


def _line(label: str, gaps: Tensor) -> Series:
    return Series(label, range(len(gaps)), gaps)


def _chart(series: tuple[Series, ...]) -> Chart:
    axes = Axis("step", 0, STEPS), Axis("largest gap of a weight", 1e-9, 10, log=True)
    return Chart((Panel(*axes, series),))


DEEP_TRAINING = Experiment(
    name="deep_training",
    question="A deep network trained in float32 and in float64: how far do they part?",
    factor="dtype",
    controls=(
        Choice("start", SAME, (OWN, SAME), label="starting weights"),
        Choice("activation", RELU, (RELU, HELD, TANH)),
        Seed(14),
    ),
    measure=two_formats,
)
