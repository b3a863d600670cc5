"""The names under which a model's weights are saved, and who changes them.

Owns one experiment. The factor is a wrapper around the model that is saved.
"""

import torch
from torch import nn

from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding

PLAIN, WRAPPED = WRAPPERS = ("the model itself", "nn.DataParallel(model)")
STRICT, LENIENT = HOW = ("load_state_dict(…)", "load_state_dict(…, strict=False)")
PREFIX = "module."


def wrapped_names(where: Conditions, *, wrapper: str, loaded: str) -> Finding:
    """Save one model, wrapped or not, and load it into a plain one of the same kind."""
    model, fresh = nn.Linear(4, 2), nn.Linear(4, 2)
    before, trained = (layer.weight.detach().clone() for layer in (fresh, model))
    # The wrapper moves the model to a GPU if there is one; what is compared stays on the CPU.
    saved = (nn.DataParallel(model) if wrapper == WRAPPED else model).state_dict()
    error = ""
    try:
        fresh.load_state_dict(saved, strict=loaded == STRICT)
    except RuntimeError as raised:
        error = type(raised).__name__
    kept = torch.equal(fresh.weight, before)
    arrived = torch.equal(fresh.weight, trained)
    values = {
        "prefixed": all(name.startswith(PREFIX) for name in saved),
        "error": error,
        "arrived": arrived,
        "kept": kept,
    }
    reading = f"names saved: {', '.join(saved)}"
    return Finding(_verdict(error, arrived), reading, values=values)


def _verdict(error: str, arrived: bool) -> str:
    if error:
        return "The wrapper puts module. before every name, so the plain model refuses them."
    if arrived:
        return "The names fit, and every weight arrives."
    return "No name fits, nothing is loaded, and nothing is raised: strict=False."


WRAPPED_NAMES = Experiment(
    name="wrapped_names",
    question="Do the saved names of a wrapped model fit the plain one?",
    factor="the wrapper",
    controls=(
        Choice("wrapper", WRAPPED, WRAPPERS),
        Choice("loaded", STRICT, HOW, label="loaded by"),
    ),
    measure=wrapped_names,
)
