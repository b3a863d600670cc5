"""In place against out of place: every operation that torch offers in both forms.

Owns one experiment. The factor is the form of the call; operands, arguments, seed and thread stay.
"""

import warnings
from collections import Counter
from collections.abc import Mapping

import torch
from torch import Tensor

from workbook.causes.in_place.operations import (
    REFUSALS,
    Operation,
    first_line,
    make_operands,
    only_in_place,
    operations,
)
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, LogRange
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

KINDS: dict[Kind, str] = {
    "agrees": "equal in every bit",
    "first": "equal, but in place keeps its dtype",
    "wrong": "not equal",
    "differs": "draws other random numbers",
    "not tried": "could not be tried",
}
COLUMNS = 24


def compare_forms(where: Conditions, *, size: int) -> Finding:
    """Call both forms of each operation on the same operands and hold the results side by side."""
    operands = make_operands(size, where.torch_dtype, where.torch_device)
    kinds: dict[str, Kind] = {}
    refused: dict[str, str] = {}
    pairs: list[tuple[Tensor, Tensor]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates some of the forms
        for operation in operations():
            try:
                pair = _both(operation, operands, where.seed or 0)
            except REFUSALS as error:
                kinds[operation.name] = "not tried"
                refused[operation.name] = operation.reason or first_line(error)
            else:
                kinds[operation.name] = _kind(*pair, draws=operation.draws)
                pairs += [] if operation.draws or not _in(pair, where) else [pair]
    counts = Counter(kinds.values())
    values = {
        "tried": len(kinds) - counts["not tried"],
        "equal": counts["agrees"] + counts["first"],
        "keeps_dtype": counts["first"],
        "differing": [name for name, kind in kinds.items() if kind == "wrong"],
        "other_draws": [name for name, kind in kinds.items() if kind == "differs"],
        "not_tried": refused,
        "only_in_place": only_in_place(),
    }
    reading = "; ".join(f"{counts[kind]} {words}" for kind, words in KINDS.items() if counts[kind])
    return Finding(_verdict(counts), reading, _chart(kinds, refused), values, (_all(pairs),))


def _both(operation: Operation, operands: Mapping[str, Tensor], seed: int) -> tuple[Tensor, Tensor]:
    if operation.reason:
        raise ValueError(operation.reason)
    results = []
    for form in (operation.in_place, operation.out_of_place):
        if operation.draws:
            torch.manual_seed(seed)
        results.append(operation.run(form, operands))
    return results[0], results[1]


def _in(pair: tuple[Tensor, Tensor], where: Conditions) -> bool:
    return all(result.dtype == where.torch_dtype for result in pair)


def _kind(in_place: Tensor, out_of_place: Tensor, *, draws: bool) -> Kind:
    if not bits_equal(in_place, out_of_place.to(in_place.dtype)):
        return "differs" if draws else "wrong"
    return "agrees" if in_place.dtype == out_of_place.dtype else "first"


def _all(pairs: list[tuple[Tensor, Tensor]]) -> Comparison:
    """Join every result of both forms end to end, in the chosen format."""
    first, second = (torch.cat([pair[i].flatten() for pair in pairs]).cpu() for i in (0, 1))
    return compare(first, second, first="in place", second="out of place")


def _verdict(counts: Counter[Kind]) -> str:
    if counts["wrong"]:
        return "Some operations give other bits in place than out of place."
    if not counts["agrees"]:
        return "No operation could be tried."
    keeps = " In place, some keep the dtype of their input." * (counts["first"] > 0)
    draws = " A few draw other random numbers." * (counts["differs"] > 0)
    return f"Every operation that draws nothing gives equal values in both forms.{keeps}{draws}"


def _chart(kinds: dict[str, Kind], refused: dict[str, str]) -> Chart:
    names = list(kinds)
    lines = [names[start : start + COLUMNS] for start in range(0, len(names), COLUMNS)]
    table = {
        f"{line[0].split('.')[0]} …": [
            Cell(f"{name}: {refused.get(name, KINDS[kinds[name]])}", kinds[name]) for name in line
        ]
        for line in lines
    }
    return Chart((Cells.of(table, KINDS),))


BOTH_FORMS = Experiment(
    name="both_forms",
    question="Does an operation give other numbers in place than out of place?",
    factor="the form of the call",
    controls=(
        LogRange("size", 1_000, 2, 5, help="about how many elements"),
        Dtype(),
        DeviceChoice(),
    ),
    measure=compare_forms,
)
