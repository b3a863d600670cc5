"""Dropout, and what turns it off.

Owns one experiment. The factor is the switch around one layer; weights, inputs and p stay.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Integer, Toggle
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

TRAIN, NO_GRAD, INFERENCE = "model.train()", "train(), no_grad()", "train(), inference_mode()"
EVAL, IGNORES, ASKS = "model.eval()", "eval(), F.dropout(x)", "eval(), F.dropout(x, training=…)"
ON: Kind = "differs"


def try_switches(where: Conditions, *, p: float, passes: int, reseed: bool) -> Finding:
    """Send one row through one model again and again under each switch."""
    first, second, layer = nn.Linear(8, 16), nn.Linear(16, 4), nn.Dropout(p)
    x = torch.rand(1, 8).to(where.torch_device, where.torch_dtype)
    model = nn.Sequential(first, layer, second).to(x)
    ways: dict[str, tuple[bool, AbstractContextManager[object], Callable[[Tensor], Tensor]]] = {
        TRAIN: (True, nullcontext(), layer),
        NO_GRAD: (True, torch.no_grad(), layer),
        INFERENCE: (True, torch.inference_mode(), layer),
        IGNORES: (False, nullcontext(), lambda hidden: F.dropout(hidden, p)),
        EVAL: (False, nullcontext(), layer),
        ASKS: (False, nullcontext(), lambda hidden: F.dropout(hidden, p, training=model.training)),
    }
    plain, seed = second(first(x)), where.seed or 0
    rows: dict[str, tuple[int, bool, bool]] = {}
    for name, (training, context, drop) in ways.items():
        model.train(training)
        outputs: list[Tensor] = []
        with context:
            torch.manual_seed(seed)
            start = torch.rand(4, device=x.device)
            for _ in range(passes):
                if reseed or not outputs:
                    torch.manual_seed(seed)
                outputs.append(second(drop(first(x))))
            torch.manual_seed(seed)
            drop(first(x))
            draws = not bits_equal(torch.rand(4, device=x.device), start)
        # A copy made outside of inference mode is a tensor like any other.
        off = all(bits_equal(output.clone(), plain) for output in outputs)
        rows[name] = len({tuple(output.flatten().tolist()) for output in outputs}), draws, off
    table = {
        name: {
            "different outputs": Cell(f"{n} of {passes}", ON if n > 1 else "plain"),
            "random numbers": Cell("draws", ON) if draws else Cell("draws none"),
            "without dropout": Cell("same bits") if off else Cell("other values", ON),
        }
        for name, (n, draws, off) in rows.items()
    }
    cells = Cells.of(table, {ON: "dropout is on"})
    keys = ("distinct", "draws", "off")
    values = {name: dict(zip(keys, row, strict=True)) for name, row in rows.items()}
    in_training, no_grad, evaluated = (rows[name][0] for name in (TRAIN, NO_GRAD, EVAL))
    reading = f"{in_training} in training, {no_grad} under no_grad, {evaluated} in evaluation"
    verdict = _switches_verdict({name for name, row in rows.items() if row[2]}, reseed)
    return Finding(verdict, f"different outputs: {reading}", Chart((cells,)), values)


def _switches_verdict(off: set[str], reseed: bool) -> str:
    if off != {EVAL, ASKS}:
        return f"Dropout is off under: {', '.join(sorted(off)) or 'none of these'}."
    if reseed:
        return "A seed before each pass makes dropout repeat; only evaluation mode turns it off."
    return (
        "Only evaluation mode turns dropout off: no_grad and inference_mode do not, and F.dropout "
        "has to be told."
    )


SWITCHES = Experiment(
    "dropout_switches",
    "Which switch turns dropout off?",
    "the switch around one model",
    (
        Choice(
            "p", 0.5, (0.1, 0.3, 0.5, 0.7, 0.9), ordered=True, help="how likely an entry is dropped"
        ),
        Integer("passes", 50, 10, 200, step=10),
        Toggle("reseed", False, label="seed before each pass"),
        DeviceChoice(),
    ),
    try_switches,
)
