"""Writes between forward and backward."""

import torch

from workbook.causes.in_place import VERSION_COUNTER
from workbook.causes.in_place.gradients import FUNCTIONS, WRITES, _gradient, _verdict
from workbook.experiment import run

DERIVATIVES = {
    "exp": torch.exp,
    "tanh": lambda x: 1 - torch.tanh(x) ** 2,
    "relu": lambda x: (x > 0).double(),
    "sin": torch.cos,
    "square": lambda x: 2 * x,
    "3 * x": lambda x: torch.full_like(x, 3),
}


def test_the_plain_gradient_is_the_derivative() -> None:
    """The sum of f(x) + 1 has the derivative of f, as calculus says."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    for name, function in FUNCTIONS.items():
        gradient, _ = _gradient(x, function, WRITES["y = y + 1"])
        assert gradient is not None
        torch.testing.assert_close(gradient, DERIVATIVES[name](x), rtol=1e-14, atol=1e-15)


def test_through_data_the_overwritten_result_is_used() -> None:
    """exp keeps its result; with 1 added behind its back the gradient is exp(x) + 1."""
    x = torch.zeros(3, dtype=torch.float64)
    gradient, counted = _gradient(x, torch.exp, WRITES["y.data.add_(1)"])
    assert gradient is not None and gradient.tolist() == [2.0, 2.0, 2.0]
    assert counted == 0


def test_only_writes_around_the_counter_are_silently_wrong() -> None:
    """detach() shares the counter of y; .data and NumPy do not."""
    values = run(VERSION_COUNTER).finding.values
    assert set(values["wrong"]) == {"y.data.add_(1)", "y.detach().numpy() += 1"}
    assert "y.detach().add_(1)" in values["raises"]
    assert all(values["versions"][way] == 0 for way in values["wrong"])
    assert all(values["versions"][way] > 0 for way in values["raises"])


def test_each_outcome_has_its_words() -> None:
    """No wrong gradient, a counted one, and an uncounted one are three sentences."""
    said = {_verdict((), {}), _verdict(("w",), {"w": 1}), _verdict(("w",), {"w": 0})}
    assert len(said) == 3
