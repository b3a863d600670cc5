"""The reduction tree: which number is added to which, and what that does to the sum.

Owns one experiment. The factor is the tree; numbers, format and device stay. Each addition is an
operation of its own, so that no library chooses an order; the real call stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import torch

from workbook.bounds import HIGHAM, Bound
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import error_of
from workbook.conditions import Conditions
from workbook.control import Choice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import format_of, spacing
from workbook.result import Finding
from workbook.simulated.reduction import ORDERS

SHOWN = 16
FORMATS = ("float32", "float64", "bfloat16", "float16")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Tree:
    """How numbers are added: number i goes to lane i mod `lanes`, `block` neighbors of a lane are
    added one after another, the blocks in `order`, and at last the lanes in pairs."""

    order: str
    lanes: int
    block: int

    def total(self, parts: Sequence[Part], add: Callable[[Part, Part], Part]) -> Part:
        """All parts added along this tree.

        >>> import operator
        >>> Tree("pairwise", 2, 1).total("abcd", operator.add)
        'acbd'
        """
        lanes = [parts[lane :: self.lanes] for lane in range(min(self.lanes, len(parts)))]
        return _in_pairs([self._lane(lane, add) for lane in lanes], add)

    def _lane(self, lane: Sequence[Part], add: Callable[[Part, Part], Part]) -> Part:
        starts = range(0, len(lane), self.block)
        blocks = [reduce(add, lane[start : start + self.block]) for start in starts]
        if self.order == "pairwise":
            return _in_pairs(blocks, add)
        if self.order == "reverse":
            blocks.reverse()
        if self.order == "permuted":
            step = next(s for s in range(max(2, len(blocks) * 5 // 8), 2 * len(blocks) + 3)
                        if math.gcd(s, len(blocks)) == 1)  # fmt: skip
            blocks = [blocks[i * step % len(blocks)] for i in range(len(blocks))]
        return reduce(add, blocks)


def _in_pairs(parts: list[Part], add: Callable[[Part, Part], Part]) -> Part:
    while len(parts) > 1:
        pairs = [add(*parts[i : i + 2]) for i in range(0, len(parts) - 1, 2)]
        parts = pairs + parts[len(parts) // 2 * 2 :]
    return parts[0]


def grow_trees(
    where: Conditions, *, numbers: int, order: str, lanes: int, block: int, accumulator: str
) -> Finding:
    """Add the same numbers along four trees and with torch.sum; count additions on the way."""
    values = torch.rand(numbers)
    exact = math.fsum(values.double().tolist())
    leaves = values.to(getattr(torch, accumulator)).unbind()
    sums = {name: Tree(name, lanes, block).total(leaves, torch.add) for name in ORDERS}
    sums["torch.sum"] = values.to(where.torch_device).sum().cpu()
    gap = spacing(exact, "float32")
    errors = {name: (float(one.double()) - exact) / gap for name, one in sums.items()}
    compared = []
    for name, one in sums.items():
        used = accumulator if name != "torch.sum" else "float32"
        bound = _bound(numbers, used, exact)
        truth = torch.tensor(exact, dtype=torch.float64)
        compared.append(error_of(one.double(), truth, bound=bound, first=name))
    distinct = len({float(sums[name].double()) for name in ORDERS})
    depths = Tree(order, lanes, block).total(_leaves(), _deeper)
    deepest = max(depths.values())
    reading = f"error {errors[order]:.3g} ULPs {order}, {errors['torch.sum']:.3g} by torch.sum; "
    reading += f"with {SHOWN} numbers at most {deepest} additions deep"
    wrong = not all(one.within for one in compared)
    found = {"distinct": distinct, "errors": errors, "deepest": deepest}
    chart = _chart(depths, errors, order)
    return Finding(_verdict(distinct, wrong), reading, chart, found, tuple(compared))


def _bound(count: int, name: str, size: float) -> Bound:
    """(1 + u)**n - 1 times the sum: n roundings in a row at most, the first of them of a number.

    Unlike gamma this also says something where n u is 1 or more. (Higham, section 3.1.)
    """
    roundoff = format_of(name).unit_roundoff
    return Bound(math.expm1(count * math.log1p(roundoff)) * size, "(1 + u)**n - 1", HIGHAM)


def _leaves() -> list[dict[int, int]]:
    """For each number a partial sum of its own: its place, and how often it was added so far."""
    return [{place: 0} for place in range(SHOWN)]


def _deeper(a: dict[int, int], b: dict[int, int]) -> dict[int, int]:
    return {place: depth + 1 for place, depth in (a | b).items()}


def _verdict(distinct: int, wrong: bool) -> str:
    if wrong:
        return "A sum is further off than its tree and its format explain."
    if distinct == 1:
        return "Here all four trees give one sum."
    return "The same numbers along other trees give other sums, each within its bound."


def _chart(depths: dict[int, int], errors: dict[str, float], order: str) -> Chart:
    places = tuple(float(place + 1) for place in sorted(depths))
    heights = tuple(float(depths[place]) for place in sorted(depths))
    bars = Series(order, places, heights, "bars")
    left = Panel(
        Axis(f"the first {SHOWN} numbers", 0, SHOWN + 1),
        Axis("additions it goes through", 0, SHOWN),
        (bars,),
    )
    limit = 2.0 ** math.ceil(math.log2(max(1.0, *map(abs, errors.values()))) + 0.1)
    ticks = tuple((float(i), name.removesuffix("uential")) for i, name in enumerate(errors))
    place = float(tuple(errors).index(order))
    rest = {float(i): e for i, (name, e) in enumerate(errors.items()) if name != order}
    points = (
        Series("chosen", (place,), (errors[order],), "points"),
        Series("others", tuple(rest), tuple(rest.values()), "points"),
        Series("exact", (), (0.0,), "rule"),
    )
    x = Axis("tree", -0.5, len(errors) - 0.5, ticks=ticks)
    right = Panel(x, Axis("error in float32 ULPs", -limit, limit), points)
    return Chart((left, right))


TREE = Experiment(
    name="reduction_tree",
    question="How does the tree of additions shape the error of a sum?",
    factor="the tree",
    controls=(
        Choice("order", "sequential", ORDERS, help="how the sums of blocks are added"),
        LogRange("lanes", 1, 0, 4, base=2, help="running sums side by side"),
        LogRange("block", 1, 0, 4, base=2, help="neighbors that are added one after another"),
        Choice("accumulator", "float32", FORMATS, help="the format of every partial sum"),
        LogRange("numbers", 1024, 4, 12, base=2),
        Seed(),
        DEVICE,
    ),
    measure=grow_trees,
)
