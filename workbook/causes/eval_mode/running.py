"""What BatchNorm keeps: running statistics that passes move.

Owns one experiment. The factor is the switch under which the same batches pass. Nothing is drawn
after the data.
"""

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
    """Draw a path as a line; under no_grad and inference_mode as points that take turns on it."""
    in_turns = name in (NO_GRAD, INFERENCE)
    steps = range(2 * number % 4, len(path), 4) if in_turns else range(len(path))
    return Series(name, steps, path[list(steps), 0], "points" if in_turns else "line")


def _drift_verdict(moved: list[str], alike: bool) -> str:
    if moved == [TRAIN, NO_GRAD, INFERENCE] and alike:
        return (
            "Each pass in training mode moves the running statistics, under no_grad and "
            "inference_mode alike; evaluation mode moves nothing."
        )
    return f"The evaluated output moved after passes under: {', '.join(moved) or 'none of these'}."


RUNNING_STATISTICS = Experiment(
    "running_statistics",
    "Does a pass change the model, and under which switch?",
    "the switch around the same passes",
    (
        Choice("statistic", "running_mean", tuple(HIGHEST)),
        Choice("momentum", 0.1, (0.01, 0.1, 0.5), ordered=True),
        Integer("passes", 40, 8, 80, step=8),
        Seed(),
        Dtype("float32", ("float64", "float32")),
        DeviceChoice(),
    ),
    drift,
)
