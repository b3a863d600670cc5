"""Answers of this chapter that pass by a loophole are refused; others than the solution pass."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.causes.autograd import MICRO_GRADIENT, REPAIR_TRAINING
from workbook.question import judge


def at_once(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """The gradient from all rows."""
    return 2 * x.T @ (x @ weights - y) / len(y)


def by_autograd(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """The gradient from all rows, by autograd."""
    w = weights.clone().requires_grad_()
    return torch.autograd.grad(F.mse_loss(x @ w, y), w)[0]


def row_by_row(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """The gradient from micro-batches that are picked by index."""
    total = torch.zeros_like(weights)
    for rows in torch.arange(len(y)).split(5):
        xs, ys = x[rows], y[rows]
        total += 2 * xs.T @ (xs @ weights - ys)
    return total / len(y)


def descent(rate: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Make a training of 30 steps of that size, each on the whole batch."""

    def fit(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        w = weights.clone()
        for _ in range(30):
            w -= rate * at_once(x, y, w)
        return w

    return fit


@pytest.mark.parametrize("whole", [at_once, by_autograd])
def test_the_whole_batch_at_once_is_refused(whole) -> None:
    """Its gradient is right, and the batch does not fit into memory."""
    outcome = judge(MICRO_GRADIENT, whole)
    assert outcome.status == "failed" and "all 23 rows at once" in outcome.message


def test_a_training_on_the_whole_batch_is_no_repair() -> None:
    """Its weights are right, and the batch does not fit into memory."""
    outcome = judge(REPAIR_TRAINING, descent(0.05))
    assert outcome.status == "failed" and "all 23 rows at once" in outcome.message


def test_a_repair_may_use_an_optimizer() -> None:
    """SGD of torch, and one loss for each part, give the same steps as the solution."""

    def fit(x: Tensor, y: Tensor, weights: Tensor) -> Tensor:
        w = weights.clone().requires_grad_()
        optimizer = torch.optim.SGD([w], lr=0.05)
        for _ in range(30):
            optimizer.zero_grad()
            for rows in range(0, len(y), 5):
                xs, ys = x[rows : rows + 5], y[rows : rows + 5]
                (F.mse_loss(xs @ w, ys, reduction="sum") / len(y)).backward()
            optimizer.step()
        return w.detach()

    assert judge(REPAIR_TRAINING, fit).status == "passed"


def test_a_wider_gradient_is_right_too() -> None:
    """Added up in float64, the gradient is no worse."""
    assert judge(MICRO_GRADIENT, lambda *data: row_by_row(*data).double()).status == "passed"


def test_rows_may_be_picked_by_index() -> None:
    """Another way to cut the batch than the solution's passes."""
    assert judge(MICRO_GRADIENT, row_by_row).status == "passed"


def test_a_miss_is_told_in_numbers() -> None:
    """Of a wrong gradient is said how far it is off, and what rounding allows."""
    outcome = judge(MICRO_GRADIENT, lambda x, y, weights: torch.zeros(5))
    assert outcome.status == "failed" and "rounding allows" in outcome.message


def test_a_smaller_step_repairs_nothing() -> None:
    """Half the step hides both faults, and is told how far it ends from the descent."""
    outcome = judge(REPAIR_TRAINING, descent(0.025))
    assert outcome.status == "failed" and "After 30 steps" in outcome.message
