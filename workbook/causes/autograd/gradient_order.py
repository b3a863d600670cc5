"""The order in which gradients add up: branches, and micro-batches.

Owns two experiments. The factor is the order, or the cut into micro-batches; the loss is the same
function of the same numbers.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from workbook.bounds import Bound, gamma
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype, Integer, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted

WEIGHTS, BRANCHES = 100, 4
CREATED, ADDED, REPEATED = "order of creation", "order of addition", "nothing"
ORDERS = tuple(itertools.permutations(range(BRANCHES)))
IN_ORDER = tuple(range(BRANCHES))

WHOLE, UNEVEN = "sum over all rows", "mean of the batches' means"
UNDIVIDED = "each batch's mean, undivided"
ROWS, FEATURES = 60, 20


def branch_orders(where: Conditions, *, changed: str) -> Finding:
    """Reorder the creation or the addition of a loss's four branches, and compare gradients."""
    x = torch.rand(WEIGHTS).to(where.torch_dtype)
    gradients = torch.stack([_gradient(x, *_plan(changed, order)) for order in ORDERS])
    first = gradients[:1].expand_as(gradients)
    # Each branch's part of the gradient is the same number in every order; only the three
    # additions that join them differ. Higham, 2nd ed., section 4.2, for either side.
    parts = torch.stack([_gradient(x, (branch,), (branch,)) for branch in IN_ORDER])
    sizes, source = parts.double().abs().sum(0), "Higham, 2nd ed., section 4.2"
    limit = 2 * gamma(BRANCHES - 1, str(where.dtype)) * sizes
    bound = Bound(limit, "four parts added", source, scale=sizes, terms=BRANCHES, term="part")
    compared = compare(gradients, first, bound=bound, first="each order", second="the first")
    labels = gradients.unique(dim=0, return_inverse=True)[1]  # type: ignore[no-untyped-call]
    distinct = int(labels.max()) + 1
    reading = f"{counted(distinct, 'distinct gradient')} from {len(ORDERS)} runs; at most "
    reading += f"{counted(compared.max_ulps or 0, 'ULP')} from the first"
    points = Series("each run", range(1, len(ORDERS) + 1), labels + 1, "points")
    axes = Axis("run", 0, len(ORDERS) + 1), Axis("which gradient", 0, len(ORDERS) + 1)
    chart = Chart((Panel(*axes, (points,)),))
    return Finding(_order_verdict(compared), reading, chart, {"distinct": distinct}, (compared,))


def micro_batches(where: Conditions, *, parts: int, normalized: str) -> Finding:
    """Compute a mean squared error's gradient from all rows at once and from micro-batches."""
    x = torch.rand(ROWS, FEATURES).to(where.torch_dtype)
    y = torch.rand(ROWS).to(where.torch_dtype)
    whole = _batch_gradient(x, y, [ROWS], WHOLE)
    sizes = [len(rows) for rows in torch.arange(ROWS).tensor_split(parts)]
    summed = _batch_gradient(x, y, sizes, normalized)
    bound = _descent_bound(x, y, str(where.dtype))
    compared = compare(summed, whole, bound=bound, first="micro-batches", second="one batch")
    rows = f"{min(sizes)} to {max(sizes)}" if min(sizes) < max(sizes) else f"{max(sizes)}"
    reading = f"{parts} micro-batches of {rows} rows; greatest difference "
    reading += f"{compared.max_abs:.2g}, the bound allows {bound.greatest:.2g}"
    chart = _gap_chart(summed, whole, bound)
    times = float(summed.double().norm() / whole.double().norm())
    values = {"max_abs": compared.max_abs, "times": times}
    verdict = _batch_verdict(compared, normalized)
    return Finding(verdict, reading, chart, values, (compared,))


def _plan(changed: str, order: Sequence[int]) -> tuple[Sequence[int], Sequence[int]]:
    """Choose the order of creation and the order of addition."""
    return (order if changed == CREATED else IN_ORDER), (order if changed == ADDED else IN_ORDER)


def _gradient(x: Tensor, created: Sequence[int], added: Sequence[int]) -> Tensor:
    weights = torch.full_like(x, 0.3).requires_grad_()
    branches = (
        lambda: (weights * x).square(),
        lambda: weights * weights * weights,
        lambda: (weights + x) * (weights - x),
        lambda: weights * x * x,
    )
    with torch.enable_grad():
        losses = {branch: branches[branch]().sum() for branch in created}
        total = losses[added[0]]
        for branch in added[1:]:
            total = total + losses[branch]
        (gradient,) = torch.autograd.grad(total, weights)
    return gradient


def _order_verdict(compared: Comparison) -> str:
    if compared.identical:
        return "Every run gave the same gradient, bit for bit."
    if compared.verdict == "rounding":
        return "The gradient's last bits depend on this order: its parts were added in another one."
    return "The gradients are further apart than the order of addition explains."


def _batch_gradient(x: Tensor, y: Tensor, sizes: list[int], normalized: str) -> Tensor:
    weights = torch.zeros(FEATURES, dtype=x.dtype, requires_grad=True)
    with torch.enable_grad():
        for inputs, targets in zip(torch.split(x, sizes), torch.split(y, sizes), strict=True):
            loss = (inputs @ weights - targets).square().sum()
            scale = {WHOLE: ROWS, UNEVEN: len(inputs) * len(sizes), UNDIVIDED: len(inputs)}[
                normalized
            ]
            (loss / scale).backward()  # type: ignore[no-untyped-call]
    return torch.as_tensor(weights.grad)


def _descent_bound(x: Tensor, y: Tensor, name: str) -> Bound:
    """Bound a gradient's entries: at zero weights each is a sum over rows of 2 x y / ROWS.

    A product, two scalings and ROWS - 1 additions, in any order, on both sides: Higham, 2nd ed.,
    sections 3.1 and 3.5. Three roundings are allowed for the scalings.
    """
    sums = 2 * (x.double().abs() * y.double().abs()[:, None]).sum(0) / ROWS
    limit, source = 2 * gamma(ROWS + 3, name) * sums, "Higham, 2nd ed., sections 3.1 and 3.5"
    words = "dot product of the rows, twice"
    return Bound(limit, words, source, scale=sums, terms=ROWS, term="row")


def _batch_verdict(compared: Comparison, normalized: str) -> str:
    if compared.identical:
        return "Both gradients agree in every bit."
    if compared.verdict == "rounding" and compared.may_lack:
        return "The two gradients are apart by less than this format's rounding of whole rows."
    if compared.verdict == "rounding":
        return "Micro-batches give the same gradient up to rounding: the rows were added in parts."
    if normalized == UNDIVIDED:
        return "This gradient is as many times too large as there are micro-batches."
    return "This is another gradient, not rounding: rows of short batches were given more weight."


def _gap_chart(summed: Tensor, whole: Tensor, bound: Bound) -> Chart:
    gaps = (summed.double() - whole.double()).abs()
    series = (
        Series("difference", range(FEATURES), gaps, "points"),
        Series("bound", range(FEATURES), torch.as_tensor(bound.limit)),
    )
    return Chart((Panel(Axis("weight", -1, FEATURES), Axis("gap", log=True), series),))


FORMATS = Dtype(options=("float64", "float32", "bfloat16"))
GRADIENT_ORDER = Experiment(
    name="gradient_order",
    question="Does the order of a loss's branches change its gradient?",
    factor="order of the branches",
    controls=(Choice("changed", CREATED, (CREATED, ADDED, REPEATED)), Seed(), FORMATS),
    measure=branch_orders,
)
MICRO_BATCHES = Experiment(
    name="micro_batches",
    question="Is the gradient of micro-batches the gradient of the whole batch?",
    factor="cut into micro-batches",
    controls=(
        Integer("parts", 4, 2, 16, label="micro-batches"),
        Choice("normalized", WHOLE, (WHOLE, UNEVEN, UNDIVIDED), label="added up as"),
        Seed(),
        FORMATS,
    ),
    measure=micro_batches,
)
