"""What BatchNorm keeps: running statistics that passes move, and a variance with another divisor.

Owns two experiments. In one the factor is the switch under which the same batches pass, in the
other the mode in which one batch is normalized. Nothing is drawn after the data.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Integer, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

ROWS, FEATURES = 16, 4
HIGHEST = {"running_mean": 4.0, "running_var": 1.2}  # of data from 3 to 4; the variance starts at 1
TRAIN, NO_GRAD, INFERENCE, EVAL = WAYS = (
    "train()",
    "train(), no_grad()",
    "train(), inference_mode()",
    "eval()",
)
CONTEXTS: tuple[Callable[[], AbstractContextManager[object]], ...] = (
    nullcontext,
    torch.no_grad,
    torch.inference_mode,
    nullcontext,
)
WIDE = (Seed(), Dtype("float32", ("float64", "float32")), DeviceChoice())


def drift(where: Conditions, *, statistic: str, momentum: float, passes: int) -> Finding:
    """Send the same batches through four copies of a layer and follow a running statistic."""
    data = (3 + torch.rand(passes, ROWS, FEATURES)).to(where.torch_device, where.torch_dtype)
    paths: dict[str, Tensor] = {}
    moved = []
    for name, context in zip(WAYS, CONTEXTS, strict=True):
        layer = nn.BatchNorm1d(FEATURES, momentum=momentum).to(data)
        before = layer.eval()(data[0])
        followed = getattr(layer.train(name != EVAL), statistic)
        path = [followed.clone()]
        with context():
            for batch in data:
                layer(batch)
                path.append(followed.clone())
        paths[name] = torch.stack(path).cpu()
        moved += [] if bits_equal(layer.eval()(data[0]), before) else [name]
    alike = all(bits_equal(paths[TRAIN], paths[name]) for name in (NO_GRAD, INFERENCE))
    first, last = (float(paths[TRAIN][i, 0]) for i in (0, -1))
    values = {"moved": moved, "alike": alike, "first": first, "last": last}
    reading = f"{statistic} went from {first:.3g} to {last:.3g} in {passes} passes in training mode"
    axes = Axis("passes", 0, passes), Axis(f"{statistic}, first entry", 0, HIGHEST[statistic])
    series = tuple(_path(name, path, number) for number, (name, path) in enumerate(paths.items()))
    return Finding(_drift_verdict(moved, alike), reading, Chart((Panel(*axes, series),)), values)


def _path(name: str, path: Tensor, number: int) -> Series:
    """A path as a line; those under no_grad and inference_mode as points that take turns on it."""
    in_turns = name in (NO_GRAD, INFERENCE)
    steps = range(2 * number % 4, len(path), 4) if in_turns else range(len(path))
    y = tuple(float(path[step, 0]) for step in steps)
    return Series(name, tuple(map(float, steps)), y, "points" if in_turns else "line")


def _drift_verdict(moved: list[str], alike: bool) -> str:
    if moved == [TRAIN, NO_GRAD, INFERENCE] and alike:
        return (
            "Each pass in training mode moves the running statistics, under no_grad and "
            "inference_mode alike; evaluation mode moves nothing."
        )
    return f"The evaluated output moved after passes under: {', '.join(moved) or 'none of these'}."


def two_divisors(where: Conditions, *, size: int) -> Finding:
    """Normalize batches of 2, 3, ... rows in training, then with what the layer remembered."""
    data = torch.rand(size, FEATURES).to(where.torch_device, where.torch_dtype)
    counts = range(2, size + 1)
    divides, stores, ratios = zip(*(_divisors(data[:n]) for n in counts), strict=True)
    at = tuple(map(float, counts))
    series = (
        Series("measured", at, ratios, "points"),
        Series("n/(n − 1)", at, tuple(n / (n - 1) for n in at)),
        Series("no difference", (), (1.0,), "rule"),
    )
    values = {"normalizes with": sorted(set(divides)), "stores": sorted(set(stores))}
    axes = Axis("rows in the batch, n", 1, size), Axis("variance in train() / in eval()", 0.8, 2.2)
    reading = f"ratio {ratios[0]:.4f} for 2 rows, {ratios[-1]:.4f} for {size} rows"
    normalizes, remembers = (" or ".join(found) for found in values.values())
    verdict = f"Training divides the variance by {normalizes} and remembers it by {remembers}."
    if (normalizes, remembers) == ("n", "n - 1"):
        verdict = (
            "Training divides the variance by n and remembers it divided by n − 1: one batch, one "
            "layer, two outputs."
        )
    return Finding(verdict, reading, Chart((Panel(*axes, series),)), values)


def _divisors(batch: Tensor) -> tuple[str, str, float]:
    """Which divisor fits better, in normalizing and in storing, and how far the modes are apart."""
    # eps must be positive; this one is lost in rounding. Momentum 1 remembers this batch alone.
    layer = nn.BatchNorm1d(FEATURES, eps=1e-20, momentum=1.0).to(batch)
    output, again = (layer.train(on)(batch).detach().cpu().double() for on in (True, False))
    biased, unbiased = (batch.cpu().double().var(dim=0, correction=c) for c in (0, 1))
    kept = layer.state_dict()["running_var"].cpu().double()
    in_train, in_eval = output.var(dim=0, correction=0), again.var(dim=0, correction=0)
    divides = _nearer(in_train, torch.ones(FEATURES), biased / unbiased)
    return divides, _nearer(kept, biased, unbiased), float((in_train / in_eval).mean())


def _nearer(found: Tensor, with_n: Tensor, with_less: Tensor) -> str:
    return "n" if (found - with_n).abs().sum() < (found - with_less).abs().sum() else "n - 1"


DRIFT = Experiment(
    "running_statistics",
    "Which switch keeps a pass from changing the model?",
    "the switch around the same passes",
    (
        Choice("statistic", "running_mean", tuple(HIGHEST)),
        Choice("momentum", 0.1, (0.01, 0.1, 0.5), ordered=True),
        Integer("passes", 40, 8, 80, step=8),
        *WIDE,
    ),
    drift,
)
BATCH_VARIANCE = Experiment(
    "batch_variance",
    "Are the two modes equal if both have the same batch's statistics?",
    "mode",
    (Integer("size", 24, 4, 64, step=4, label="largest batch"), *WIDE),
    two_divisors,
)
