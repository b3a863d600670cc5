"""The formula of nn.Linear, written out."""

import pytest
import torch
from torch import nn

from workbook.causes.linear_init import BY_HAND
from workbook.causes.linear_init.by_hand import NOT_TURNED, PRODUCT, SUMS, WAYS
from workbook.experiment import run


def test_the_formula_is_the_layer() -> None:
    """Both ways to write it stay within the bound; the forgotten transposition does not."""
    result = run(BY_HAND)
    assert result.finding.values == {PRODUCT: True, SUMS: True, NOT_TURNED: False}
    assert result.verdict.startswith("nn.Linear is x @ W.T + b up to rounding. Without the T")


@pytest.mark.parametrize("way", [PRODUCT, SUMS])
def test_the_ways_are_exact_on_whole_numbers(way: str) -> None:
    """Where nothing is rounded, float64 gives what float32 gives."""
    whole = torch.arange(12.0)
    x, w, b = whole[:6].reshape(2, 3), whole.reshape(4, 3), whole[:4]
    exact = x.double() @ w.double().T + b.double()
    assert torch.equal(WAYS[way](x, w, b).double(), exact)


def test_another_layer_is_told_from_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer that adds something is found, and said to be more than rounding."""
    monkeypatch.setattr(nn.Linear, "forward", lambda self, x: x @ self.weight.T + self.bias + 1e-3)
    assert run(BY_HAND).verdict.startswith("The layer gives other numbers than its formula")


def test_a_matrix_of_equal_rows_and_columns_hides_the_transposition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a symmetric matrix the T makes no difference, and the sentence says so."""
    init = nn.Linear.reset_parameters

    def symmetric(self: nn.Linear) -> None:
        init(self)
        with torch.no_grad():
            self.weight.fill_(0.5)

    monkeypatch.setattr(nn.Linear, "reset_parameters", symmetric)
    assert run(BY_HAND).verdict.endswith("Here the T makes no difference.")
