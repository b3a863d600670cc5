"""A float32 model that is given float64 data."""

import pytest
import torch
from torch import nn

from workbook.causes.precision import mixed_dtypes
from workbook.causes.precision.mixed_dtypes import AS_PRINTED, MIXED_DTYPES, SAME_SEED, SHAPES
from workbook.experiment import run


@pytest.mark.parametrize("layer", SHAPES)
def test_mixed_dtypes_raise_and_repairs_do_not(layer: str) -> None:
    """Every kind of layer raises as printed, and gives a result after each repair."""
    result = run(MIXED_DTYPES, layer=layer)
    values = dict(result.finding.values)
    assert values.pop(AS_PRINTED).endswith("Error")
    assert not values.pop("same weights")[SAME_SEED]
    assert set(values.values()) == {"float32", "float64"}
    assert "same seed has other weights" in result.verdict


def test_the_message_is_torchs() -> None:
    """The reading is what torch raises for the same call."""
    with pytest.raises(RuntimeError) as raised:
        nn.Linear(3, 2)(torch.ones(4, 3, dtype=torch.float64))
    assert run(MIXED_DTYPES).finding.reading == str(raised.value)


def test_one_seed_draws_other_numbers_in_float64() -> None:
    """The second model has other weights because torch draws others."""
    weights = []
    for dtype in (torch.float32, torch.float64):
        torch.manual_seed(0)
        weights.append(nn.Linear(3, 2, dtype=dtype).weight.double())
    assert not torch.allclose(*weights, atol=1e-3)
    assert not run(MIXED_DTYPES).finding.values["same weights"][SAME_SEED]


class Lenient(nn.Linear):
    """A layer that takes any dtype."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convert first."""
        return super().forward(x.to(self.weight.dtype))


class Refusing(nn.Linear):
    """A layer that takes nothing."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Raise."""
        raise ValueError("no")


def make(kind: type[nn.Linear], *, seeded: bool = True) -> object:
    """A stand-in for the model factory."""

    def made(layer: str, seed: int, dtype: torch.dtype) -> nn.Module:
        torch.manual_seed(seed)
        model = kind(3, 2, dtype=dtype)
        nn.init.constant_(model.weight, 1.0 if seeded else torch.rand(()).item())
        return model

    return made


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (Lenient, "Linear took float64 data with float32 weights."),
        (Refusing, "Linear raises for mixed dtypes, and a repair raises as well."),
        (nn.Linear, "Mixed dtypes raise; of the repairs, 0 changed the weights."),
    ],
)
def test_other_outcomes_are_said(
    kind: type[nn.Linear], verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer that converts, one that always raises, and equal weights each get their sentence."""
    monkeypatch.setattr(mixed_dtypes, "_model", make(kind))
    assert run(MIXED_DTYPES).verdict == verdict
