"""A float32 model that is given float64 data: what happens, and which repair keeps its weights.

Owns one experiment. Each row changes one thing about the first; all start from the same seed.
"""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

SHAPES = {"Linear": (4, 3), "Conv1d": (4, 3, 5), "GRU": (4, 5, 3)}
AS_PRINTED, SAME_SEED = "float64 data into it", "float64 model, same seed"


@dataclass(frozen=True)
class Way:
    """One way to bring model and data together, and how it ended."""

    name: str
    data: str
    weight: str
    outcome: str
    same_weights: bool

    @property
    def raised(self) -> bool:
        """Whether the call raised an error."""
        return self.outcome.endswith("Error")


def four_ways(where: Conditions, *, layer: str) -> Finding:
    """Call a float32 model with float64 data as it is, then after each of three repairs."""
    seed = where.seed or 0
    model = _model(layer, seed, torch.float32)
    data = torch.rand(SHAPES[layer]).double()
    error, printed = _call(AS_PRINTED, model, data, model)
    ways = (
        printed,
        _call("data.float()", model, data.float(), model)[1],
        _call("copy of it, .double()", copy.deepcopy(model).double(), data, model)[1],
        _call(SAME_SEED, _model(layer, seed, torch.float64), data, model)[1],
    )
    values: dict[str, Any] = {way.name: way.outcome for way in ways}
    values["same weights"] = {way.name: way.same_weights for way in ways}
    return Finding(_verdict(layer, ways), error or "nothing raised", values=values)


def _model(layer: str, seed: int, dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(seed)
    if layer == "Conv1d":
        return nn.Conv1d(3, 2, 3, dtype=dtype)
    if layer == "GRU":
        return nn.GRU(3, 2, dtype=dtype)
    return nn.Linear(3, 2, dtype=dtype)


def _call(name: str, model: nn.Module, data: torch.Tensor, first: nn.Module) -> tuple[str, Way]:
    weights, others = next(model.parameters()), next(first.parameters())
    error = ""
    try:
        output: Any = model(data)
        result = output[0] if isinstance(output, tuple) else output
        outcome = _plain(result.dtype)
    except (RuntimeError, ValueError) as raised:  # recurrent layers check for themselves
        error, outcome = str(raised), type(raised).__name__
    same = bits_equal(weights.double(), others.double())
    return error, Way(name, _plain(data.dtype), _plain(weights.dtype), outcome, same)


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _verdict(layer: str, ways: tuple[Way, ...]) -> str:
    printed, *repairs = ways
    other = [way.name for way in repairs if not way.same_weights]
    if not printed.raised:
        return f"{layer} took float64 data with float32 weights."
    if any(way.raised for way in repairs):
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
