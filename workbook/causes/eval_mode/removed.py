"""A dropout layer taken out of a trained model: what becomes of the weights and of the output.

Owns one experiment. The factor is the way of doing without dropout; weights and inputs stay.
"""

import copy
from typing import Any

import torch
from torch import nn

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

KEEP, IDENTITY, RENAMED = "keep it, model.eval()", "nn.Identity() there", "left out, keys renamed"
PRINTED, LAX = "left out", "left out, strict=False"
KINDS: dict[Kind, str] = {"wrong": "not what was trained", "raises": "raises"}


def without_dropout(where: Conditions, *, p: float) -> Finding:
    """Carry one model's weights into a model without dropout in five ways."""
    model = nn.Sequential(nn.Linear(10, 5), nn.Dropout(p), nn.Linear(5, 1)).eval()
    x = torch.rand(4, 10)
    truth = model[2](model[0](x))  # the trained layers, and nothing between them
    trained = model.state_dict()
    renamed = {key.replace("2.", "1."): value for key, value in trained.items()}
    placed = copy.deepcopy(model)
    placed[1] = nn.Identity()
    made, errors = {KEEP: model, IDENTITY: placed}, {KEEP: "", IDENTITY: ""}
    loads = ((PRINTED, trained, True), (LAX, trained, False), (RENAMED, renamed, True))
    for name, weights, strict in loads:
        made[name] = nn.Sequential(nn.Linear(10, 5), nn.Linear(5, 1)).eval()
        errors[name] = _load(made[name], weights, strict)
    rows: dict[str, dict[str, Any]] = {}
    for name, smaller in made.items():
        pairs = ((smaller[0], model[0]), (smaller[-1], model[-1]))
        loaded = sum(_same_weights(a, b) for a, b in pairs)
        agrees = bits_equal(smaller(x), truth)
        rows[name] = {"error": errors[name], "loaded": loaded, "same": agrees}
    table = {
        name: {
            "loading": Cell("raises", "raises") if row["error"] else Cell("works"),
            "trained layers": Cell(f"{row['loaded']} of 2", _kind(row["loaded"] == 2)),
            "output": Cell("same bits" if row["same"] else "other values", _kind(row["same"])),
        }
        for name, row in rows.items()
    }
    cells = Cells.of(table, KINDS, "Linear, Dropout, Linear without its Dropout")
    reading = errors[PRINTED] or "nothing raised"
    same = {name for name, row in rows.items() if row["same"] and not row["error"]}
    verdict = _verdict(same, bool(errors[PRINTED]) and not errors[LAX])
    return Finding(verdict, reading, Chart((cells,)), rows)


def _kind(trained: bool) -> Kind:
    return "plain" if trained else "wrong"


def _same_weights(first: nn.Module, second: nn.Module) -> bool:
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return all(bits_equal(a, b) for a, b in pairs)


def _load(model: nn.Module, weights: dict[str, torch.Tensor], strict: bool) -> str:
    """Load and give the error's words in one line; empty if there was none."""
    try:
        model.load_state_dict(weights, strict=strict)
    except RuntimeError as error:
        return " ".join(str(error).split("\n", 1)[-1].split())
    return ""


def _verdict(same: set[str], only_strict_raises: bool) -> str:
    if same != {KEEP, IDENTITY, RENAMED}:
        return f"These give what the trained layers give: {', '.join(sorted(same)) or 'none'}."
    if not only_strict_raises:
        return "Evaluation mode already gives the model without dropout; leaving it out does not."
    return (
        "Evaluation mode already gives the model without dropout. Leaving the layer out shifts the "
        "keys: loading raises, or skips a layer."
    )


REMOVED_LAYER = Experiment(
    "removed_layer",
    "Must the dropout layer go before the model is used?",
    "the way of doing without dropout",
    (Choice("p", 0.5, (0.1, 0.5, 0.9), ordered=True),),
    without_dropout,
    unmoved={"p": "In evaluation mode nothing is dropped, whatever the layer's p is."},
)
