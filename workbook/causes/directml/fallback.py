"""Operations that a device lacks: the CPU computes them, so they cannot differ.

Owns one experiment and the list of what torch-directml lacks. Here it is measured who computes:
by the simulated accelerator's count of calls, or by torch-directml's warning. The list is cited.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.causes.directml.sides import DEVICES, on_cpu, on_device, title
from workbook.chart import Cells, Chart
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.simulated import SimulatedAccelerator

WARNING = "will fall back to run on the CPU"
SOURCE = (
    "The operator tables of torch-directml 0.2.5, asked on Linux without a GPU; the warning is "
    "quoted in github.com/microsoft/DirectML, issues 372, 437, 604, 718 and 724."
)
"""Where the last column comes from. It was read, not measured on a GPU."""

# The operation, and whether torch-directml 0.2.5 has a kernel of its own for it (SOURCE).
OPERATIONS: tuple[tuple[str, Callable[[Tensor], Tensor], bool], ...] = (
    ("matmul", lambda x: x @ x, True),
    ("sum", lambda x: x.sum(dim=0), True),
    ("mean", lambda x: x.mean(dim=0), True),
    ("std", lambda x: x.std(dim=0), False),
    ("cumprod", lambda x: x.cumprod(dim=0), False),
    ("logsumexp", lambda x: x.logsumexp(dim=0), False),
    ("fmod", lambda x: x.fmod(x.flip(0)), False),
    ("linalg.inv", torch.linalg.inv, False),
)
SIZE = 64
KINDS = ("", "the CPU", "the device", "differs from the CPU")


def fallbacks(where: Conditions) -> Finding:
    """Run each operation on both sides, and say who computed it and whether the bits agree."""
    with Conditions():
        x = torch.rand(SIZE, SIZE) + SIZE * torch.eye(SIZE)  # far from singular
    who, same = {}, {}
    for name, compute, _ in OPERATIONS:
        there, on_its_own = _there(where, compute, x)
        who[name] = on_its_own
        same[name] = compare(on_cpu(compute, x), there).identical
    lent = [name for name, own in who.items() if not own]
    reading = f"{len(lent)} of {len(who)} were computed by the CPU; "
    reading += f"bits differ in: {', '.join(n for n in same if not same[n]) or 'none'}"
    values: dict[str, Any] = {name: "device" if own else "CPU" for name, own in who.items()}
    values |= {f"{name} same": equal for name, equal in same.items()}
    return Finding(_verdict(lent, same), reading, _chart(who, same, where), values)


def _there(
    where: Conditions, compute: Callable[[Tensor], Tensor], x: Tensor
) -> tuple[Tensor, bool]:
    """The result, and whether the device computed it itself."""
    if where.device == "simulated":
        with Conditions(), SimulatedAccelerator() as accelerator:
            result = compute(x)
            return result, bool(accelerator.calls)
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else a second run would find no warning
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = on_device(where, compute, x)
    finally:
        torch.set_warn_always(before)
    fell_back = any(WARNING in str(each.message) for each in caught)
    return result, where.device != "cpu" and not fell_back


def _verdict(lent: list[str], same: dict[str, bool]) -> str:
    if not all(same[name] for name in lent):
        return "An operation that the CPU computed gave other bits on the second side."
    if not lent:
        return "The device computes all of these itself, so each of them can differ."
    return "What the CPU computes has the CPU's bits; only what the device computes can differ."


def _chart(who: dict[str, bool], same: dict[str, bool], where: Conditions) -> Chart:
    columns = ("computed by", "bits", "torch-directml 0.2.5 (cited)")
    text, shades = [], []
    for name, _, kernel in OPERATIONS:
        text.append(
            (
                "the device" if who[name] else "the CPU",
                "the CPU's" if same[name] else "others",
                "own kernel" if kernel else "falls back",
            )
        )
        shades.append((1 + who[name], 1 if same[name] else 3, 1 + kernel))
    rows = tuple(name for name, _, _ in OPERATIONS)
    cells = Cells.shaded(rows, columns, tuple(shades), tuple(text), KINDS, f"on the {title(where)}")
    return Chart((cells,))


FALLBACK = Experiment(
    name="fallback_to_the_cpu",
    question="Which operations does the device compute itself?",
    factor="device",
    controls=(DEVICES, Seed()),
    measure=fallbacks,
)
