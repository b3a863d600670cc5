"""One small convolutional network, trained six times from one seed under each setting.

Owns one experiment. The factor is the run: weights, data and their order are the same in all six.
The settings are compared with one another by how far their six runs come apart.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.repeats import fingerprint
from workbook.causes.cudnn.series import REFUSED, quiet
from workbook.causes.cudnn.switches import CHANGES, DEFAULT, SETTINGS
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted

RUNS, POINTS, CLASSES = 6, 50, 10
# Images through the network in a run: six runs of each of five settings take seconds then.
MOST_ON_A_CPU = 2_000
ADAPTIVE, PLAIN = "adaptive_avg_pool2d", "avg_pool2d"


@dataclass(frozen=True)
class Runs:
    """Six runs under one setting: the spread of the weights before each step, and at the end."""

    spread: tuple[float, ...]
    distinct: int
    seconds: float


def train(where: Conditions, *, steps: int, rate: float, pooling: str) -> Finding:
    """Train six times under each setting and follow how far apart the weights are.

    ValueError on a CPU for what would take minutes there.
    """
    images_of_a_run = steps * (where.batch_size or 1)
    if where.device == "cpu" and images_of_a_run > MOST_ON_A_CPU:
        raise ValueError(
            f"on a CPU, steps times batch size must be at most {MOST_ON_A_CPU:,}, got "
            f"{images_of_a_run:,}: it would take minutes. Choose fewer steps first, then the CPU"
        )
    weights = [torch.rand(shape) - 0.5 for shape in ((16, 3, 3, 3), (32, 16, 3, 3), (CLASSES, 128))]
    batch_size = where.batch_size or 1
    images = torch.rand(batch_size, 3, 32, 32)
    labels = (torch.rand(batch_size) * CLASSES).long()
    there = [t.to(where.torch_device) for t in (images, labels, *(w * 0.2 for w in weights))]
    runs_by_name: dict[str, Runs | None] = {}
    for name in SETTINGS:
        try:
            with quiet(), where.replace(**CHANGES[name]):
                runs_by_name[name] = _six(there, steps, rate, pooling)
        except REFUSED:
            runs_by_name[name] = None
    counts = {name: runs.distinct if runs else 0 for name, runs in runs_by_name.items()}
    words = (str(count or "raises") for count in counts.values())
    largest = {name: runs.spread[-1] if runs else 0.0 for name, runs in runs_by_name.items()}
    times = {name: runs.seconds if runs else 0.0 for name, runs in runs_by_name.items()}
    values = {"distinct": counts, "spread": largest, "seconds": times}
    reading = f"different results of {RUNS} runs, setting by setting: {', '.join(words)}"
    return Finding(_verdict(counts), reading, _chart(runs_by_name, steps), values)


def _six(there: list[Tensor], steps: int, rate: float, pooling: str) -> Runs:
    _descent(there, 1, rate, pooling)  # the first step chooses kernels and takes its time
    started = time.perf_counter()
    paths = torch.stack([_descent(there, steps, rate, pooling) for _ in range(RUNS)])
    spread = (paths.amax(0) - paths.amin(0)).amax(1).tolist()
    taken = time.perf_counter() - started
    return Runs(tuple(spread), len({fingerprint(path[-1]) for path in paths}), taken)


def _descent(there: list[Tensor], steps: int, rate: float, pooling: str) -> Tensor:
    """Descend plainly; give all weights as one row for every so many steps and the end."""
    images, labels, *weights = there
    path, every = [], max(1, steps // POINTS)
    for step in range(steps):
        if step % every == 0:
            path.append(torch.cat([w.reshape(-1) for w in weights]))
        leaves = [w.detach().requires_grad_() for w in weights]
        with torch.enable_grad():
            x = F.relu(F.conv2d(images, leaves[0], padding=1))
            x = F.relu(F.conv2d(F.max_pool2d(x, 2), leaves[1], padding=1))
            x = F.adaptive_avg_pool2d(x, 2) if pooling == ADAPTIVE else F.avg_pool2d(x, 8)
            loss = F.cross_entropy(x.flatten(1) @ leaves[2].T, labels)
        gradients = torch.autograd.grad(loss, leaves)
        weights = [w - rate * g for w, g in zip(weights, gradients, strict=True)]
    path.append(torch.cat([w.reshape(-1) for w in weights]))
    return torch.stack(path)


def _verdict(counts: dict[str, int]) -> str:
    if counts[DEFAULT] == 1:
        return "As torch comes, six runs from one seed end with the same bits."
    cured = [name for name in SETTINGS[1:] if counts[name] == 1]
    if not cured:
        return "Six runs from one seed end apart, and no switch mends it."
    return f"Six runs from one seed end apart; with {' or '.join(cured)} they agree in every bit."


def _chart(runs_by_name: dict[str, Runs | None], steps: int) -> Chart:
    series = []
    for name, runs in runs_by_name.items():
        if runs is None:
            series.append(Series(f"{name}: raises", (), ()))
            continue
        x = tuple(min(float(i * max(1, steps // POINTS)), steps) for i in range(len(runs.spread)))
        results = counted(runs.distinct, "result")
        series.append(Series(f"{name}: {results}, {runs.seconds:.1f} s", x, runs.spread))
    y = Axis("largest gap of a weight", 1e-10, 10, log=True)
    return Chart((Panel(Axis("step", 0, steps), y, tuple(series)),))


TRAINING = Experiment(
    name="training_six_times",
    question="Six trainings from one seed: do they end with the same weights?",
    factor="the run",
    controls=(
        Choice("steps", 4, (4, 20, 200), ordered=True),
        Choice("batch_size", 4, (4, 64, 256), ordered=True, label="batch size"),
        Choice("rate", 0.5, (0.1, 0.5, 2.0), ordered=True, label="learning rate"),
        Choice("pooling", ADAPTIVE, (ADAPTIVE, PLAIN), help="two names for the same average here"),
        DEVICE,
    ),
    measure=train,
    recorded={"steps": 200, "batch_size": 64},
)
