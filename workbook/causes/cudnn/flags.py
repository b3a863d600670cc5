"""Two programs about cuDNN's flags and about the GPU, rebuilt so that one thing changes at a time.

Owns one experiment. The factor is the flags; weights and inputs are drawn once, on the CPU, and
copied. Below the two programs stand a convolution and its gradient, to which the flags do apply.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.repeats import repeat
from workbook.conditions import Changes, Conditions
from workbook.experiment import Experiment
from workbook.result import Finding

FLAGS: tuple[Changes, ...] = tuple(
    {"cudnn_deterministic": deterministic, "cudnn_benchmark": benchmark, "cudnn_tf32": False}
    for deterministic in (False, True)
    for benchmark in (False, True)
)
REPEATS, ON_A_CPU = 30, 5  # fewer where no library is there that the flags are for


def _two_layers(*there: Tensor) -> Tensor:
    x, first, bias, second, last = there
    return F.linear(F.relu(F.linear(x, first, bias)), second, last)


def _weights_gradient(image: Tensor, filters: Tensor) -> Tensor:
    leaf = filters.detach().requires_grad_()
    with torch.enable_grad():
        total = F.conv2d(image, leaf, padding=1).sum()
    return torch.autograd.grad(total, leaf)[0]


IMAGE = (16, 3, 32, 32), (16, 3, 3, 3)
TINY = (1, 10), (5, 10), (5,)
ROWS: dict[str, tuple[Callable[..., Tensor], tuple[tuple[int, ...], ...]]] = {
    "two Linear layers": (_two_layers, (*TINY, (1, 5), (1,))),
    "one Linear layer": (F.linear, TINY),
    "convolution": (lambda x, w: F.conv2d(x, w, padding=1), IMAGE),
    "its weights' gradient": (_weights_gradient, IMAGE),
}
PROGRAMS = ("two Linear layers", "one Linear layer")


def flip_flags(where: Conditions) -> Finding:
    """Run each row several times under every pair of flags, and once on the CPU."""
    by_flags: dict[str, int] = {}
    repeats = ON_A_CPU if where.device == "cpu" else REPEATS
    for name, (operation, shapes) in ROWS.items():
        host = [torch.rand(shape) - 0.5 for shape in shapes]
        there = [operand.to(where.torch_device) for operand in host]
        results: set[int] = set()
        for changes in FLAGS:
            with where.replace(**changes), torch.no_grad():
                results |= repeat(partial(operation, *there), repeats).keys.keys()
        by_flags[name] = len(results)
    reading = f"results under the flags, row by row: {', '.join(map(str, by_flags.values()))}"
    return Finding(_verdict(by_flags), reading, values={"by_flags": by_flags})


def _verdict(by_flags: dict[str, int]) -> str:
    if all(by_flags[name] == 1 for name in PROGRAMS):
        return "No cuDNN flag changed a bit of the two programs: neither asks cuDNN for anything."
    return "A flag changes bits of a program that asks cuDNN for nothing."


FLAGGED = Experiment(
    name="cudnn_flags",
    question="What do cuDNN's flags do to two programs that are said to show their effect?",
    factor="the flags",
    controls=(DEVICE,),
    measure=flip_flags,
)
