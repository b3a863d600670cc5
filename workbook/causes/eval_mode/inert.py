"""What leaves a model in evaluation mode alone: flags of an unused library, and memory.

Owns two experiments. In one the factor is the pair of cuDNN's flags, in the other what was
allocated and freed between the calls. Weights and inputs are made once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbook.chart import Axis, Cell, Cells, Chart, Kind, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Integer
from workbook.experiment import Experiment
from workbook.floats import ulp_distance
from workbook.result import Finding

SHAPES = {"Linear": (16, 32), "Conv2d": (4, 3, 12, 12), "GRU": (5, 4, 32)}
FLAGS = ((False, False), (False, True), (True, False), (True, True))  # benchmark, deterministic


def set_flags(where: Conditions) -> Finding:
    """Call each layer under all four settings of cuDNN's flags."""
    steps: dict[str, list[int]] = {}
    for name in SHAPES:
        layer, x = _made(name, where)
        outputs = []
        for benchmark, deterministic in FLAGS:
            with Conditions(cudnn_benchmark=benchmark, cudnn_deterministic=deterministic):
                outputs.append(_output(layer, x).cpu())
        steps[name] = [int(ulp_distance(one, outputs[0]).max()) for one in outputs]
    columns = ("both off", "deterministic", "benchmark", "both on")
    table = {
        name: {
            column: Cell(f"{ulps} ULP", "differs") if ulps else Cell("same bits", "agrees")
            for column, ulps in zip(columns, line, strict=True)
        }
        for name, line in steps.items()
    }
    legend: dict[Kind, str] = {"agrees": "same bits as with both off", "differs": "other bits"}
    cells = Cells.of(table, legend)
    largest = max(max(line) for line in steps.values())
    verdict = "The flags change bits here: a kernel of cuDNN was used."
    if not largest and where.torch_device.type == "cpu":
        verdict = "The flags of cuDNN change no bit on a CPU: nothing there calls cuDNN."
    elif not largest:
        verdict = "The flags of cuDNN change no bit of these layers on this device."
    reading = f"largest difference {largest} ULP over {len(FLAGS)} settings of the flags"
    return Finding(verdict, reading, Chart((cells,)), {"largest": largest})


def churn(where: Conditions, *, layer: str, rounds: int) -> Finding:
    """Call a layer again and again, with random allocations and frees before each call."""
    module, x = _made(layer, where)
    sizes = torch.randint(1, 20_000, (rounds, 8)).tolist()
    held: list[Tensor] = []
    outputs: list[Tensor] = []  # all kept, so that each lies elsewhere
    for number, line in enumerate(sizes):
        held += [torch.empty(size, device=x.device) for size in line]
        del held[number % 3 :: 3]
        outputs.append(_output(module, x.clone()))
    places = [output.data_ptr() for output in outputs]
    contents = [tuple(output.flatten().tolist()) for output in outputs]
    calls = range(1, rounds + 1)
    series = tuple(
        Series(name, calls, [len(set(found[:n])) for n in calls])
        for name, found in (("addresses of the output", places), ("outputs", contents))
    )
    values = {"addresses": len(set(places)), "distinct": len(set(contents))}
    verdict = "Whatever was allocated and freed between the calls, the output kept every bit."
    if values["distinct"] > 1:
        verdict = "Some calls gave other bits after memory was allocated and freed."
    reading = f"different in {rounds} calls: addresses {values['addresses']}, "
    axes = Axis("calls", 0, rounds), Axis("different ones so far", 0, rounds)
    panel = Panel(*axes, series)
    return Finding(verdict, f"{reading}outputs {values['distinct']}", Chart((panel,)), values)


def _made(name: str, where: Conditions) -> tuple[nn.Module, Tensor]:
    layers = {"Linear": nn.Linear, "Conv2d": nn.Conv2d, "GRU": nn.GRU}
    sizes = (3, 8, 3) if name == "Conv2d" else (32, 32)
    x = torch.rand(SHAPES[name]).to(where.torch_device, where.torch_dtype)
    return layers[name](*sizes).to(x).eval(), x


def _output(layer: nn.Module, x: Tensor) -> Tensor:
    found = layer(x)
    output: Tensor = found[0] if isinstance(found, tuple) else found
    return output.detach()


CUDNN_FLAGS = Experiment(
    "cudnn_flags_on_a_cpu",
    "What do cuDNN's flags change on this device?",
    "cuDNN's flags",
    (DeviceChoice(),),
    set_flags,
)
MEMORY_CHURN = Experiment(
    "memory_churn",
    "Does it matter where in memory the tensors lie?",
    "what was allocated and freed before",
    (
        Choice("layer", "Linear", tuple(SHAPES)),
        Integer("rounds", 40, 10, 100, step=10, label="calls"),
        DeviceChoice(),
    ),
    churn,
    unmoved={
        "layer": "Wherever its tensors lie, each of these layers gives the same bits.",
        "device": "Wherever in its memory the tensors lie, a device gives the same bits.",
    },
)
