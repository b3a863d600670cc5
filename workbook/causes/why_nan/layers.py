"""One bad row of a batch: which rows of a layer it reaches, and what a training step makes of it.

Owns the second table of the experiment in `travel`. Layers, rows and labels are the same; one entry
of one row is replaced.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.result import Finding

ROWS, FEATURES, BAD = 8, 4, 2
LINEAR, LAYER_NORM, SOFTMAX, BATCH_NORM, LATER, ATTENTION = (
    "Linear", "LayerNorm", "softmax", "BatchNorm, training", "BatchNorm later, clean rows, eval()",
    "attention over the rows",
)  # fmt: skip
GRADIENT, CLIPPED, STEPPED, HEALED = (
    "gradient of the weights",
    "the same, clipped to norm 1",
    "weights after one step of Adam",
    "weights after 20 clean steps",
)
WHOLE: Kind = "agrees"
LEGEND: dict[Kind, str] = {
    WHOLE: "all finite",
    "doubtful": "some are not finite",
    "wrong": "none is finite",
}


def send(where: Conditions, value: float) -> Finding:
    """Count what is not finite in each layer's rows, and in a training step's numbers."""
    x = torch.rand(ROWS, FEATURES).to(where.torch_device, where.torch_dtype)
    bad = x.clone()
    bad[BAD, 0] = value
    shares = {**_rows(x, bad), **_training(x, bad)}
    table = {
        name: {"not finite": Cell(f"{count} of {total} {what}", _kind(count, total))}
        for name, (count, total, what) in shares.items()
    }
    values = {name: count / total for name, (count, total, _) in shares.items()}
    everywhere = [name for name, share in values.items() if share == 1]
    reading = f"nothing finite is left in {len(everywhere)} of {len(values)}"
    title = f"row {BAD} of {ROWS} has one entry {value:g}"
    return Finding(_verdict(values), reading, Chart((Cells.of(table, LEGEND, title),)), values)


def _rows(x: Tensor, bad: Tensor) -> dict[str, tuple[int, int, str]]:
    norm = nn.BatchNorm1d(FEATURES).to(x)
    outputs = {
        LINEAR: nn.Linear(FEATURES, FEATURES).to(x)(bad),
        LAYER_NORM: nn.LayerNorm(FEATURES).to(x)(bad),
        SOFTMAX: bad.softmax(1),
        BATCH_NORM: norm(bad),
        LATER: norm.eval()(x),
        ATTENTION: F.scaled_dot_product_attention(bad[None], bad[None], bad[None])[0],
    }
    return {name: (int((~y.isfinite()).any(1).sum()), ROWS, "rows") for name, y in outputs.items()}


def _training(x: Tensor, bad: Tensor) -> dict[str, tuple[int, int, str]]:
    model = nn.Linear(FEATURES, 1).to(x)
    optimizer = torch.optim.Adam(model.parameters())
    counts = {}

    def count(name: str, numbers: list[Tensor]) -> None:
        flat = torch.cat([each.detach().flatten() for each in numbers])
        counts[name] = (int((~flat.isfinite()).sum()), flat.numel(), "numbers")

    # A bad row that the loss leaves out: its output never reaches the loss, so it seems harmless.
    clean = torch.ones(ROWS, dtype=torch.bool, device=x.device)
    clean[BAD] = False
    output = model(bad)[:, 0]
    loss = torch.where(clean, output, 0.0).square().mean()
    loss.backward()  # type: ignore[no-untyped-call]
    count(GRADIENT, [p.grad for p in model.parameters() if p.grad is not None])
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    count(CLIPPED, [p.grad for p in model.parameters() if p.grad is not None])
    optimizer.step()
    count(STEPPED, list(model.parameters()))
    for _ in range(20):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    count(HEALED, list(model.parameters()))
    return counts


def _kind(count: int, total: int) -> Kind:
    if not count:
        return WHOLE
    return "wrong" if count == total else "doubtful"


def _verdict(values: dict[str, float]) -> str:
    spread = [name for name in (BATCH_NORM, LATER, ATTENTION) if values[name] == 1]
    if math.isclose(values[LINEAR], 1 / ROWS) and len(spread) == 3 and values[HEALED] == 1:
        return (
            "Some layers keep it in its row, others spread it to all; after one step it is in "
            "every weight, and stays."
        )
    if not any(values.values()):
        return "It reaches nothing here."
    return f"It reaches every row in: {', '.join(spread) or 'none of these layers'}."
