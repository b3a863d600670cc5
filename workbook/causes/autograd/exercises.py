"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.bounds import Bound, gamma
from workbook.comparison import compare
from workbook.floats import bits_equal
from workbook.question import Exercise, Form, WrongAnswer

ROWS, FEATURES = 23, 5  # the last micro-batch of five is short


def _data() -> tuple[Tensor, Tensor, Tensor]:
    return torch.rand(ROWS, FEATURES), torch.rand(ROWS), torch.ones(FEATURES)


def _right_gradient(micro: Callable[[Tensor, Tensor, Tensor], Any]) -> bool | str:
    x, y, weights = _data()
    residual = x.double() @ weights.double() - y.double()
    exact = 2 * x.double().T @ residual / ROWS
    reach = x.double().abs() @ weights.double().abs() + y.double().abs()
    # Products, residuals and sums over rows: Higham, 2nd ed., section 3.5, with room for scalings.
    limit = 2 * (x.double().abs().T @ reach) / ROWS * gamma(ROWS + FEATURES + 4, "float32")
    bound = Bound(limit, "gradient of a mean", "Higham, 2nd ed., section 3.5")
    got = micro(x, y, weights)
    near = compare(got, exact.float(), bound=bound).within
    return near or "The result is further from the gradient of the whole batch than rounding."


def _divides_by_parts(micro: Callable[[Tensor, Tensor, Tensor], Any]) -> bool:
    x, y, weights = _data()
    means = [
        2 * xs.T @ (xs @ weights - ys) / len(ys)
        for xs, ys in zip(torch.split(x, 5), torch.split(y, 5), strict=True)
    ]
    return bool(torch.allclose(micro(x, y, weights), sum(means) / len(means)))  # type: ignore[arg-type]


def _never_divides(micro: Callable[[Tensor, Tensor, Tensor], Any]) -> bool:
    x, y, weights = _data()
    return bool(torch.allclose(micro(x, y, weights), 2 * x.T @ (x @ weights - y)))


def _keeps_its_input(doubled: Callable[[Tensor], Any]) -> bool | str:
    x = torch.rand(6)
    before = x.clone()
    leaf = x.clone().requires_grad_()
    with torch.enable_grad():
        out = doubled(leaf)
    if not isinstance(out, Tensor) or not bits_equal(out.detach(), 2 * before):
        return "The result is not twice the input."
    if out.requires_grad:
        return "The result still takes part in the gradient."
    return bits_equal(leaf.detach(), before) or "The input was changed on the way."


_MICRO = """def micro(x, y, weights):
    total = torch.zeros_like(weights)
    for xs, ys in zip(x.split(5), y.split(5)):
        w = weights.clone().requires_grad_()
        (xs @ w - ys).square().{}.backward()
        total += w.grad
    return total{}"""

MICRO_GRADIENT = Exercise(
    name="micro_gradient",
    task=(
        "Write `micro(x, y, weights)`: the gradient of the mean squared error of `x @ weights - y` "
        "over all rows, added up from micro-batches of 5 rows. The last one may be shorter."
    ),
    stub="def micro(x, y, weights):\n    ...",
    answer="micro",
    form=Form("function", returns=Form("tensor", shape=(FEATURES,), dtype="float32")),
    check=_right_gradient,
    wrong=(
        WrongAnswer(
            source=_MICRO.format("mean()", " / len(y.split(5))"),
            message="The mean of the batches' means gives each row of the short batch more weight.",
            recognizes=_divides_by_parts,
        ),
        WrongAnswer(
            source=_MICRO.format("sum()", ""),
            message="This is the gradient of the sum. Divide by the number of rows.",
            recognizes=_never_divides,
        ),
    ),
    hints=(
        "A mean over all rows is a sum divided by the number of all rows.",
        "Use `.square().sum()` in each micro-batch and divide once, by `len(y)`.",
    ),
    solution=_MICRO.format("sum()", " / len(y)"),
    because="Sums can be cut anywhere; means cannot, unless the parts are equally long.",
)
OUT_OF_THE_GRADIENT = Exercise(
    name="out_of_the_gradient",
    task=(
        "Write `doubled(x)`: twice the tensor, kept out of the gradient, without touching `x` "
        "itself."
    ),
    stub="def doubled(x):\n    ...",
    answer="doubled",
    form=Form("function", returns=Form("tensor")),
    check=_keeps_its_input,
    wrong=(
        WrongAnswer(
            source="def doubled(x):\n    return x.data.mul_(2)",
            message="`.data` shares its memory with x: you doubled x itself, unseen by autograd.",
            recognizes=lambda doubled: _changes_its_input(doubled),
        ),
        WrongAnswer(
            source="def doubled(x):\n    return 2 * x",
            message="`2 * x` is recorded: it takes part in the gradient.",
            recognizes=lambda doubled: _is_recorded(doubled),
        ),
    ),
    hints=("`detach()` gives a tensor that is out of the graph and shares the memory.",),
    solution="def doubled(x):\n    return 2 * x.detach()",
    because="`detach()` first, then an operation that makes a new tensor: nothing is shared.",
)


def _changes_its_input(doubled: Callable[[Tensor], Any]) -> bool:
    x = torch.rand(6)
    before = x.clone()
    doubled(x)
    return not bits_equal(x, before)


def _is_recorded(doubled: Callable[[Tensor], Any]) -> bool:
    with torch.enable_grad():
        return bool(doubled(torch.rand(6, requires_grad=True)).requires_grad)
