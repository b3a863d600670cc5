"""Dropout: what turns it off, and what it does to the values that it keeps.

Owns two experiments. Weights, inputs and p stay; the first changes the switch around one and the
same layer, the second whether the kept values are scaled.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.bounds import elementwise_bound
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Dtype, Integer, LogRange, Seed, Toggle
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

TRAIN, NO_GRAD, INFERENCE = "model.train()", "train(), no_grad()", "train(), inference_mode()"
EVAL, IGNORES, ASKS = "model.eval()", "eval(), F.dropout(x)", "eval(), F.dropout(x, training=…)"
P = Choice("p", 0.5, (0.1, 0.3, 0.5, 0.7, 0.9), ordered=True, help="how likely an entry is dropped")
RISK = 1e-9
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


def keep_the_mean(where: Conditions, *, p: float, size: int) -> Finding:
    """Average ones after dropout, scaled as torch does and unscaled."""
    ones = torch.ones(size, device=where.torch_device, dtype=where.torch_dtype)
    dropped = nn.Dropout(p)(ones).cpu()
    kept = (dropped != 0).double()
    exact = kept / (1 - p)
    # The factor is rounded in the arithmetic's format, the product in the result's.
    bound = elementwise_bound(exact, str(where.dtype), ulps=2)
    compared = compare(dropped, exact.to(dropped.dtype), bound=bound, second="0 or 1/(1 - p)")
    scaled, unscaled = (float(values.mean()) for values in (dropped.double(), kept))
    # Hoeffding (1963): a mean of n values from 0 to 1 is off by more only once in 1 / RISK.
    reach = math.sqrt(math.log(2 / RISK) / (2 * size))
    likely = abs(unscaled - (1 - p)) <= reach and abs(scaled - 1) * (1 - p) <= 1.01 * reach
    values = {"scaled": scaled, "unscaled": unscaled, "kept": int(kept.sum())}
    reading = f"mean {scaled:.4f} scaled, {unscaled:.4f} unscaled; {values['kept']} kept"
    verdict = _scale_verdict(compared.within, likely)
    return Finding(verdict, reading, values=values, comparisons=(compared,))


def _scale_verdict(scaled: bool, likely: bool) -> str:
    if not scaled:
        return "Some values are neither 0 nor 1/(1 − p)."
    if not likely:
        return "Values are 0 or 1/(1 − p), but not in the shares that p asks for."
    return (
        "Training scales what it keeps by 1/(1 − p), so the mean stays, and evaluation has nothing "
        "to mend."
    )


SWITCHES = Experiment(
    "dropout_switches",
    "Which switch turns dropout off?",
    "the switch around one model",
    (
        P,
        Integer("passes", 50, 10, 200, step=10),
        Toggle("reseed", False, label="seed before each pass"),
        DeviceChoice(),
    ),
    try_switches,
)
SCALE = Experiment(
    "dropout_scale",
    "What does dropout do to the values that it keeps?",
    "scaling",
    (
        P,
        LogRange("size", 2**14, 10, 16, base=2, help="how many ones go in"),
        Seed(),
        Dtype(),
        DeviceChoice(),
    ),
    keep_the_mean,
)
