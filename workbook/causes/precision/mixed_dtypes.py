"""A float32 model that is given float64 data: what happens, and which repair keeps its weights.

Owns one experiment. Each row changes one thing about the first; all start from the same seed.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

SHAPES = {"Linear": (4, 3), "Conv1d": (4, 3, 5), "GRU": (4, 5, 3)}
AS_PRINTED, SAME_SEED = "float64 data into it", "float64 model, same seed"


def four_ways(where: Conditions, *, layer: str) -> Finding:
    """Call a float32 model with float64 data as it is, then after each of three repairs."""
    seed = where.seed or 0
    model, data = _model(layer, seed, torch.float32), torch.rand(SHAPES[layer]).double()
    ways = {
        AS_PRINTED: (model, data),
        "data.float()": (model, data.float()),
        "copy of it, .double()": (copy.deepcopy(model).double(), data),
        SAME_SEED: (_model(layer, seed, torch.float64), data),
    }
    called = {name: _call(*way) for name, way in ways.items()}
    weights = {name: next(each.parameters()).double() for name, (each, _) in ways.items()}
    same = {name: bits_equal(each, weights[AS_PRINTED]) for name, each in weights.items()}
    outcomes = {name: outcome for name, (outcome, _) in called.items()}
    reading = called[AS_PRINTED][1] or "nothing raised"
    values = {**outcomes, "same weights": same}
    return Finding(_verdict(layer, outcomes, same), reading, values=values)


def _model(layer: str, seed: int, dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(seed)
    if layer == "Conv1d":
        return nn.Conv1d(3, 2, 3, dtype=dtype)
    if layer == "GRU":
        return nn.GRU(3, 2, dtype=dtype)
    return nn.Linear(3, 2, dtype=dtype)


def _call(model: nn.Module, data: Tensor) -> tuple[str, str]:
    """Give the dtype of the output; of an error its name, and what it says."""
    try:
        output: Any = model(data)
    except (RuntimeError, ValueError) as error:  # recurrent layers check for themselves
        return type(error).__name__, str(error)
    result = output[0] if isinstance(output, tuple) else output
    return str(result.dtype).removeprefix("torch."), ""


def _verdict(layer: str, outcomes: dict[str, str], same: dict[str, bool]) -> str:
    raised = [name for name, outcome in outcomes.items() if outcome.endswith("Error")]
    other = [name for name, kept in same.items() if not kept]
    if AS_PRINTED not in raised:
        return f"{layer} took float64 data with float32 weights."
    if raised != [AS_PRINTED]:
        return f"{layer} raises for mixed dtypes, and a repair raises as well."
    if other == [SAME_SEED]:
        return (
            "Mixed dtypes raise. Convert the data or a copy of the model: "
            "a float64 model made with the same seed has other weights."
        )
    return f"Mixed dtypes raise; of the repairs, {len(other)} changed the weights."


MIXED_DTYPES = Experiment(
    name="mixed_dtypes",
    question="What happens when a float32 model meets float64 data?",
    factor="dtype of the data",
    controls=(Choice("layer", "Linear", tuple(SHAPES)),),
    measure=four_ways,
)
