"""The forward pass with and without the recording of gradients, module by module.

Owns one experiment. The factor is the grad mode; weights, inputs and draws stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions, Grad
from workbook.control import Choice, DeviceChoice, Dtype, Seed
from workbook.experiment import Experiment
from workbook.result import Finding

ROWS, LENGTH, WIDTH = 5, 6, 8


@dataclass(frozen=True)
class Subject:
    """A module to run: its name, how it is made, and the shape that it takes."""

    name: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...] = (ROWS, WIDTH)


IMAGE = (ROWS, 4, WIDTH, WIDTH)
SERIES = (ROWS, LENGTH, WIDTH)
SUBJECTS = (
    Subject("Linear", lambda: nn.Linear(WIDTH, WIDTH)),
    Subject("Conv1d", lambda: nn.Conv1d(LENGTH, 4, 3), SERIES),
    Subject("Conv2d", lambda: nn.Conv2d(4, 8, 3), IMAGE),
    Subject("ConvTranspose2d", lambda: nn.ConvTranspose2d(4, 8, 3), IMAGE),
    Subject("BatchNorm1d", lambda: nn.BatchNorm1d(WIDTH)),
    Subject("BatchNorm2d", lambda: nn.BatchNorm2d(4), IMAGE),
    Subject("LayerNorm", lambda: nn.LayerNorm(WIDTH)),
    Subject("GroupNorm", lambda: nn.GroupNorm(2, 4), IMAGE),
    Subject("Dropout", lambda: nn.Dropout(0.5)),
    Subject("ReLU", nn.ReLU),
    Subject("GELU", nn.GELU),
    Subject("Tanh", nn.Tanh),
    Subject("Softmax", lambda: nn.Softmax(-1)),
    Subject("MaxPool2d", lambda: nn.MaxPool2d(2), IMAGE),
    Subject("AvgPool2d", lambda: nn.AvgPool2d(2), IMAGE),
    Subject("RNN", lambda: nn.RNN(WIDTH, WIDTH, batch_first=True), SERIES),
    Subject("GRU", lambda: nn.GRU(WIDTH, WIDTH, batch_first=True), SERIES),
    Subject("LSTM", lambda: nn.LSTM(WIDTH, WIDTH, batch_first=True), SERIES),
    Subject("TransformerEncoderLayer", lambda: _encoder(), SERIES),
)
MODES: tuple[Grad, ...] = ("no_grad", "inference")
TWO_KERNELS = ("LSTM", "TransformerEncoderLayer")  # without gradients torch may take another


def every_module(where: Conditions) -> Finding:
    """Run each module's forward pass in three grad modes and compare the bits."""
    pairs = {each.name: _compared(each, where, training=where.mode == "train") for each in SUBJECTS}
    changed = [name for name, pair in pairs.items() if not all(c.identical for c in pair)]
    comparisons = tuple(comparison for pair in pairs.values() for comparison in pair)
    count = len(SUBJECTS) - len(changed)
    reading = f"{count} of {len(SUBJECTS)} modules agree in every bit in all three grad modes"
    reading += f"; not: {', '.join(changed)}" if changed else ""
    values = {"changed": changed, "modules": len(SUBJECTS)}
    return Finding(_verdict(changed), reading, values=values, comparisons=comparisons)


def _encoder() -> nn.Module:
    return nn.TransformerEncoderLayer(WIDTH, 2, 16, batch_first=True)


def _compared(subject: Subject, where: Conditions, *, training: bool) -> tuple[Comparison, ...]:
    torch.manual_seed(where.seed or 0)
    module = subject.make().train(training).to(where.torch_device, where.torch_dtype)
    x = torch.rand(subject.shape).to(where.torch_device, where.torch_dtype)
    state = {name: value.clone() for name, value in module.state_dict().items()}
    with_grad = _forward(module, x, "grad", where)
    pairs = []
    for mode in MODES:
        module.load_state_dict(state)  # BatchNorm has moved its running statistics
        pairs.append(
            compare(_forward(module, x, mode, where), with_grad, first=mode, second="grad")
        )
    return tuple(pairs)


def _forward(module: nn.Module, x: Tensor, mode: Grad, where: Conditions) -> Tensor:
    with where.replace(grad=mode):
        out = module(x)
        plain: Tensor = out[0] if isinstance(out, tuple) else out
        return plain.detach().clone()


def _verdict(changed: list[str]) -> str:
    others = [name for name in changed if name not in TWO_KERNELS]
    if others:
        return f"Without gradients {', '.join(others)} gave other bits."
    return "No bit changes without gradients, except where a module has a second kernel to choose."


FORWARD_MODES = Experiment(
    name="forward_modes",
    question="Does recording gradients change what the forward pass computes?",
    factor="grad mode",
    controls=(
        Choice("mode", "train", ("train", "eval")),
        Seed(),
        Dtype(options=("float64", "float32", "bfloat16")),
        DeviceChoice(options=("cpu", "cuda", "mps", "xpu", "simulated")),
    ),
    measure=every_module,
)
