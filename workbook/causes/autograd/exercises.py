"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from workbook.bounds import Bound, gamma
from workbook.comparison import compare
from workbook.floats import bits_equal
from workbook.question import Exercise, Form, WrongAnswer

ROWS, FEATURES = 23, 5  # the last micro-batch of five is short
PICKS = (
    "index",
    "index_select",
    "gather",
    "clone",
    "_to_copy",
    "detach",
    "zeros_like",
    "ones_like",
)
STEPS, RATE = 30, 0.05
Fit = Callable[[Tensor, Tensor, Tensor], Any]


class AllRows(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base
    """Note which operations compute with all rows at once; views and picking rows do not count."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Hand every operation on as it is."""
        if func._opname not in PICKS and not _is_view(func) and any(map(_has_all_rows, args)):
            self.names.append(func._opname)
        return func(*args, **(kwargs or {}))


def _is_view(func: Any) -> bool:
    alias = func._schema.returns and func._schema.returns[0].alias_info
    return bool(alias) and not alias.is_write


def _has_all_rows(operand: Any) -> bool:
    return isinstance(operand, Tensor) and operand.is_floating_point() and ROWS in operand.shape


def _data() -> tuple[Tensor, Tensor, Tensor]:
    return torch.rand(ROWS, FEATURES), torch.rand(ROWS), torch.ones(FEATURES)


def _right_gradient(micro: Fit) -> bool | str:
    x, y, weights = _data()
    residual = x.double() @ weights.double() - y.double()
    exact = 2 * x.double().T @ residual / ROWS
    reach = x.double().abs() @ weights.double().abs() + y.double().abs()
    # Products, residuals and sums over rows: Higham, 2nd ed., section 3.5, with room for scalings.
    limit = 2 * (x.double().abs().T @ reach) / ROWS * gamma(ROWS + FEATURES + 4, "float32")
    bound = Bound(limit, "gradient of a mean", "Higham, 2nd ed., section 3.5")
    with AllRows() as whole:
        got = micro(x, y, weights).float()
    compared = compare(got, exact.float(), bound=bound)
    if not compared.within:
        return (
            f"Tried with {ROWS} rows: your gradient is up to {compared.max_abs:.2g} from that of "
            f"the whole batch; rounding allows {bound.greatest:.2g}."
        )
    return _kept_apart(whole, "The gradient is right")


def _kept_apart(whole: AllRows, right: str) -> bool | str:
    """Refuse what computed with the whole batch, though its result is right."""
    if not whole.names:
        return True
    return (
        f"{right}, but an operation (torch calls it `{whole.names[0]}`) computed with all {ROWS} "
        "rows at once, and those do not fit into memory. Cut x and y first."
    )


def _descends(fit: Fit) -> bool | str:
    x, y, weights = (each.double() for each in _data())
    with AllRows() as whole:
        got = fit(x.clone(), y.clone(), weights.clone())
    for _ in range(STEPS):
        weights = weights - RATE * 2 * x.T @ (x @ weights - y) / ROWS
    apart = float((got.double() - weights).abs().max())
    if apart <= 1e-9:
        return _kept_apart(whole, "The weights are right")
    return (
        f"After {STEPS} steps in float64 your weights are up to {apart:.2g} from those of descent "
        "on the whole batch; rounding would leave less than 1e-9."
    )


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
    if not leaf.requires_grad:
        return "x itself takes part in no gradient any more: whoever trains it goes on without it."
    return bits_equal(leaf.detach(), before) or "The input was changed on the way."


_MICRO = """def micro(x, y, weights):
    total = torch.zeros_like(weights)
    for xs, ys in zip(x.split(5), y.split(5), strict=True):
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
    form=Form("function", returns=Form("tensor", shape=(FEATURES,))),
    check=_right_gradient,
    wrong=(
        WrongAnswer(
            source=_MICRO.format("mean()", " / len(y.split(5))"),
            message="The mean of the batches' means gives each row of the short batch more weight.",
        ),
        WrongAnswer(
            source=_MICRO.format("mean()", ""),
            message=(
                "The means of five batches are added and never divided: the gradient is about five "
                "times too large."
            ),
        ),
        WrongAnswer(
            source=_MICRO.format("sum()", ""),
            message="This is the gradient of the sum. Divide by the number of rows.",
        ),
    ),
    hints=(
        "A mean over all rows is a sum divided by the number of all rows.",
        "Use `.square().sum()` in each micro-batch and divide once, by `len(y)`.",
    ),
    solution=_MICRO.format("sum()", " / len(y)"),
    because="Sums can be cut anywhere; means cannot, unless the parts are equally long.",
)
_FIT = """def fit(x, y, weights):
    w = weights.clone().requires_grad_()
    for _ in range(30):
        for xs, ys in zip(x.split(5), y.split(5), strict=True):
            (xs @ w - ys).square().{}.backward()
        with torch.no_grad():
            w -= 0.05 * w.grad
{}    return w.detach()"""
_CLEARED = "        w.grad = None\n"
REPAIR_TRAINING = Exercise(
    name="repair_training",
    task=(
        "Repair `fit`: 30 steps of gradient descent on the mean squared error over all rows, each "
        "with the gradient of five micro-batches. Leave the steps and their size as they are."
    ),
    stub=_FIT.format("mean()", ""),
    answer="fit",
    form=Form("function", returns=Form("tensor", shape=(FEATURES,))),
    check=_descends,
    wrong=(
        WrongAnswer(
            source=_FIT.format("mean()", _CLEARED),
            message=(
                "The gradients are cleared now. But the means of five batches are added, the last "
                "of them over three rows: what should each row be divided by?"
            ),
        ),
        WrongAnswer(
            source=_FIT.format("sum().div(len(y))", ""),
            message=(
                "The parts add up to the whole batch now. But `backward()` adds to the gradients "
                "of all steps before: nobody clears them."
            ),
        ),
        WrongAnswer(
            source=_FIT.format("mean().div(5)", _CLEARED),
            message=(
                "Nearly: each part counts for a fifth, and the last part has only three rows. So "
                "its rows count for more."
            ),
        ),
    ),
    hints=(
        "There are two faults. Print `w.grad` in the first two steps: is it what you expect?",
        "One line is missing at the end of a step, and `mean()` divides by the rows of its part.",
    ),
    solution=_FIT.format("sum().div(len(y))", _CLEARED),
    because=(
        "Cleared gradients, and one division for all rows: these are the steps of the whole batch. "
        "Neither fault raised anything, and a smaller step would have hidden both."
    ),
)
OUT_OF_THE_GRADIENT = Exercise(
    name="out_of_the_gradient",
    task=(
        "Write `doubled(x)`: twice the tensor, kept out of the gradient, without touching `x` "
        "itself."
    ),
    stub="def doubled(x):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_keeps_its_input,
    wrong=(
        WrongAnswer(
            source="return x.data.mul_(2)",
            message="The values are right, but x was doubled, too: what shares its memory with x "
            "(`.data`, `detach()`) may not be written to.",
        ),
        WrongAnswer(
            source="return 2 * x",
            message="What you return is recorded: it takes part in the gradient.",
        ),
    ),
    hints=("`detach()` gives a tensor that is out of the graph and shares the memory.",),
    solution="return 2 * x.detach()",
    because="It is out of the graph, by `detach()` or `no_grad()`, and an operation made it anew: "
    "no memory is shared.",
)
