"""Sums of equal parts: is a tenth plus two tenths three tenths?

Owns one experiment. The factor is the way to the same real number: (a + b) / n in one division, or
a / n + b / n with one addition more.
"""

import torch

from workbook.bounds import Bound
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, Integer
from workbook.experiment import Experiment
from workbook.floats import format_of, ulp_distance
from workbook.result import Finding
from workbook.wording import counted

COUNT = 9
KINDS: dict[Kind, str] = {
    "agrees": "equal in every bit",
    "within the bound": "off by this many ULPs",
    "wrong": "off by more than rounding",
}


def add_parts(where: Conditions, *, parts: int) -> Finding:
    """Hold a/n + b/n beside (a+b)/n for all a and b from 1 to 9."""
    whole = torch.arange(1, COUNT + 1, device=where.torch_device)
    numerators = whole.to(where.torch_dtype)
    each = numerators / parts
    added = each[:, None] + each[None, :]
    direct = (whole[:, None] + whole[None, :]).to(where.torch_dtype) / parts
    compared = _compare(added.cpu(), direct.cpu(), str(where.dtype), parts)
    same = (added == direct).cpu()
    count, total = int(same.sum()), same.numel()
    reading = f"{count} of {total} pairs are equal"
    if count < total:
        reading += f"; the others are up to {counted(compared.max_ulps or 0, 'ULP')} off"
    off: Kind = "within the bound" if compared.within else "wrong"
    chart = _chart(same, ulp_distance(added.cpu(), direct.cpu()), parts, off)
    return Finding(_verdict(compared, count), reading, chart, {"equal": count}, (compared,))


def _compare(added: torch.Tensor, direct: torch.Tensor, name: str, parts: int) -> Comparison:
    """Compare a way with three roundings (two divisions, one addition) and one with one, each u.

    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 2.2: each operation is
    exact up to a factor of 1 + d with |d| <= u. Terms in u squared are covered by rounding 3 up.
    """
    whole = torch.arange(1, COUNT + 1, dtype=torch.float64)
    exact = (whole[:, None] + whole[None, :]) / parts
    limit = exact * 4 * format_of(name).unit_roundoff
    bound = Bound(limit, "4 roundings", "Higham, 2nd ed., section 2.2")
    return compare(added, direct, bound=bound, first="a/n + b/n", second="(a + b)/n")


def _verdict(compared: Comparison, equal: int) -> str:
    if not compared.within:
        return "The two ways differ by more than rounding."
    if compared.identical:
        return "Every pair agrees bit for bit: nothing had to be rounded differently."
    if equal == 0:
        return "No pair agrees bit for bit, and every difference is rounding."
    return "Some pairs agree bit for bit, others do not, and every difference is rounding."


def _chart(same: torch.Tensor, ulps: torch.Tensor, parts: int, off: Kind) -> Chart:
    names = [f"{number}/{parts}" for number in range(1, COUNT + 1)]
    table = {
        row: {
            column: Cell("=", "agrees") if equal else Cell(f"{apart}", off)
            for column, equal, apart in zip(names, equals, line, strict=True)
        }
        for row, equals, line in zip(names, same.tolist(), ulps.tolist(), strict=True)
    }
    legend: dict[Kind, str] = {"agrees": KINDS["agrees"], off: KINDS[off]}
    return Chart((Cells.of(table, legend),))


PARTS_OF_ONE = Experiment(
    name="parts_of_one",
    question="Is a/n + b/n equal to (a + b)/n?",
    factor="the way to the same number",
    controls=(
        Dtype("float64"),
        Integer("parts", 10, 2, 16, label="n", help="into how many parts one is cut"),
        DeviceChoice(),
    ),
    measure=add_parts,
)
