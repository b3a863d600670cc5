"""A row of a batch: what it gets from the other rows, by design or by rounding.

Owns one experiment. The factor is the number of rows in the call; the first rows, the weights and
the statistics stay. Most of these layers treat every row by itself, yet a library may add up in
another order for another number of rows.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from workbook.bounds import Bound, matmul_bound
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, LogRange, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import percent

SIZES, ALL = (1, 2, 4, 16, 64), 256
TRAIN, EVAL, UNTRACKED = "BatchNorm, train()", "BatchNorm, eval()", "eval(), nothing tracked"
LAYER_NORM, SOFTMAX, LINEAR = "LayerNorm, train()", "softmax", "Linear"
KINDS = SAME, ROUNDING, OTHER, RAISES = ("same bits", "within the bound", "other values", "raises")
WORDS = {"identical": SAME, "rounding": ROUNDING, "doubtful": OTHER, "wrong": OTHER}
WORDS["left the range"] = OTHER
CODE: dict[str, Kind] = {SAME: "agrees", ROUNDING: "agrees", OTHER: "differs", RAISES: "raises"}
# Some machines round alike: a figure that told the two apart would not be everybody's.
LEGEND: dict[Kind, str] = {
    "agrees": f"{SAME}, or rounding {ROUNDING}",
    "differs": OTHER,
    "raises": RAISES,
}


def join_batches(where: Conditions, *, features: int) -> Finding:
    """Hold the first rows of small batches beside the same rows of a batch of 256."""
    x = (2 * torch.rand(ALL, features) - 1).to(where.torch_device, where.torch_dtype)
    linear = nn.Linear(features, features).to(x)
    remembers = nn.BatchNorm1d(features).to(x)
    remembers(x)
    layers: dict[str, Callable[[Tensor], Tensor]] = {
        TRAIN: nn.BatchNorm1d(features).to(x),
        UNTRACKED: nn.BatchNorm1d(features, track_running_stats=False).to(x).eval(),
        EVAL: remembers.eval(),
        LAYER_NORM: nn.LayerNorm(features).to(x),
        SOFTMAX: lambda rows: rows.softmax(dim=1),
        LINEAR: linear,
    }
    with torch.no_grad():
        state = torch.get_rng_state()
        twice = compare(layers[TRAIN](x).cpu(), layers[TRAIN](x).cpu()).verdict
        bound = _linear_bound(linear, x, where.adds_in)
        comparisons = {
            name: [_held(layer, x, size, bound if name == LINEAR else None) for size in SIZES]
            for name, layer in layers.items()
        }
        whole = linear(x).argmax(dim=1)
        flips = sum(int((linear(x[:n]).argmax(dim=1) != whole[:n]).sum()) for n in SIZES)
    words = {
        name: [WORDS[c.verdict] if c else RAISES for c in row] for name, row in comparisons.items()
    }
    columns = ("alone", *(f"{size} rows" for size in SIZES[1:]))
    table = {
        name: {
            column: Cell(_digits(compared), CODE[word])
            for column, word, compared in zip(columns, words[name], line, strict=True)
        }
        for name, line in comparisons.items()
    }
    title = f"largest difference from the same rows in a batch of {ALL}"
    cells = Cells.of(table, LEGEND, title)
    values: dict[str, object] = {
        name: {"alone": line[0], "in a batch": max(line[1:], key=KINDS.index)}
        for name, line in words.items()
    }
    values |= {"argmax flips": flips, "same batch twice": twice}
    values |= {"draws": not torch.equal(state, torch.get_rng_state())}
    worst = max((c for c in comparisons[LINEAR] if c), key=lambda c: c.max_abs)
    reading = (
        f"Linear: {_digits(worst)} at most, {percent(worst.bound_used or 0, 1)} of the bound; "
    )
    reading += f"{flips} argmax flips"
    return Finding(_verdict(words), reading, Chart((cells,)), values, (worst,))


def _held(
    layer: Callable[[Tensor], Tensor], x: Tensor, size: int, bound: Bound | None
) -> Comparison | None:
    """Compare the first rows in a small batch and in the whole; None where torch refuses."""
    try:
        few, many = layer(x[:size]), layer(x)[:size]
    except ValueError:
        return None
    limit = _first(bound, size) if bound else None
    return compare(few.cpu(), many.cpu(), bound=limit, first=f"{size} rows", second=f"{ALL} rows")


def _first(bound: Bound, rows: int) -> Bound:
    """Keep what is said of the first rows."""
    parts = {name: getattr(bound, name) for name in ("limit", "likely", "scale")}
    cut: dict[str, Any] = {n: part[:rows] for n, part in parts.items() if isinstance(part, Tensor)}
    return replace(bound, **cut)


def _linear_bound(linear: nn.Linear, x: Tensor, fmt: str) -> Bound:
    """Bound two results of one affine map, each a dot product of n + 1 terms (one is the bias).

    They are added up in `fmt`, and rounded to the dtype of x.
    """
    rows = torch.cat([x, torch.ones_like(x[:, :1])], dim=1).cpu()
    weights = torch.cat([linear.weight, linear.bias[:, None]], dim=1).cpu()
    bound = matmul_bound(rows, weights.T, fmt, result=x.dtype)
    return bound + bound


def _digits(compared: Comparison | None) -> str:
    if compared is None:
        return RAISES
    return f"{compared.max_abs:.1g}" if compared.differing else "0"


def _verdict(words: dict[str, list[str]]) -> str:
    depend = [name for name, line in words.items() if set(line) != {SAME} and name != LINEAR]
    if OTHER in words[LINEAR]:
        return "Linear gives a row in a batch values further off than rounding explains."
    if depend == [TRAIN, UNTRACKED]:
        return (
            "Only batch statistics tie a row to its batch, in eval() too if none are tracked. "
            "In Linear it is rounding at most."
        )
    return f"A row depends on its batch in: {', '.join(depend) or 'none of these layers'}."


BATCH_MATES = Experiment(
    "batch_mates",
    "Does a row's output depend on the other rows of its batch?",
    "number of rows in the call",
    (
        LogRange("features", 64, 2, 9, base=2),
        Seed(),
        Dtype("float32", ("float64", "float32")),
        DeviceChoice(),
    ),
    join_batches,
)
