"""What a layer draws, and what that does to everything drawn after it.

Owns one experiment. The factor is the mode of one layer; seed, inputs and later code stay. It reads
the CPU's stream of random numbers, so it has no device to choose.
"""

from __future__ import annotations

import torch
from torch import nn

from workbook.chart import Cells, Chart
from workbook.conditions import Conditions
from workbook.control import Choice, Integer, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

LATER, MOST = 4, 16
LAYERS = ("Dropout", "AlphaDropout", "RReLU")
KINDS = ("", "taken by the layer", "drawn by later code", "drawn, but not in the stream")


def draw_after(where: Conditions, *, layer: str, units: int, p: float) -> Finding:
    """Call the layer in each mode, then draw four numbers, and find those in the seed's stream."""
    module = nn.RReLU() if layer == "RReLU" else getattr(nn, layer)(p)
    seed = where.seed or 0
    torch.manual_seed(seed)
    stream = torch.rand(MOST)
    later, taken, lines = {}, {}, []
    for mode in ("train", "eval"):
        torch.manual_seed(seed)
        module.train(mode == "train")(-torch.ones(units))
        drawn = later[mode] = torch.rand(LATER)
        spots = range(MOST - LATER + 1)
        found = [at for at in spots if bits_equal(stream[at : at + LATER], drawn)]
        taken[mode] = found[0] if found else -1
        before = found[0] if found else MOST - LATER
        after = MOST - LATER - before
        shades = (1,) * before + (2 if found else 3,) * LATER + (-1,) * after
        lines.append((shades, ("×",) * before + _short(drawn) + ("",) * after))
    shared = int((later["train"] == later["eval"]).sum())
    cells = Cells.shaded(
        ("the seed's stream", "layer in train()", "layer in eval()"),
        ("",) * MOST,
        ((0,) * MOST, *(shades for shades, _ in lines)),
        (_short(stream), *(text for _, text in lines)),
        KINDS if -1 in taken.values() else KINDS[:3],
        "who gets which random number",
    )
    values = {"taken in train": taken["train"], "taken in eval": taken["eval"], "shared": shared}
    reading = f"numbers taken by the layer: {taken['train']} in train(), {taken['eval']} in eval()"
    verdict = _verdict(shared, bits_equal(later["eval"], stream[:LATER]))
    return Finding(verdict, reading, Chart((cells,)), values)


def _short(numbers: torch.Tensor) -> tuple[str, ...]:
    return tuple(f"{min(number, 0.99):.2f}"[1:] for number in numbers.tolist())


def _verdict(shared: int, none_in_eval: bool) -> str:
    if not none_in_eval:
        return "The layer draws in evaluation mode as well."
    if shared == LATER:
        return "With these settings the layer draws in neither mode, and nothing shifts."
    return (
        "In training mode the layer draws first, so the later draws are others; in evaluation mode "
        "it draws nothing."
    )


LATER_DRAWS = Experiment(
    "later_draws",
    "Does the mode of one layer change what later code draws?",
    "mode of one layer",
    (
        Choice("layer", "Dropout", LAYERS),
        Integer("units", 4, 1, 6, help="how many entries the layer gets"),
        Choice("p", 0.5, (0.0, 0.1, 0.5, 0.9, 1.0), ordered=True, help="not used by RReLU"),
        Seed(),
    ),
    draw_after,
)
