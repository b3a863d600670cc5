"""What the reader is asked before each round, and how the answer is measured."""

import torch

from workbook.causes.autograd.autocast_weight import AUTOCAST_WEIGHT
from workbook.causes.autograd.gradient_order import ADDED, CREATED, GRADIENT_ORDER
from workbook.causes.autograd.without_gradients import ENCODER, WITHOUT_GRADIENTS
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.result import Finding

LARGE = 1e-2


def _after_no_grad() -> list[float] | str | None:
    """Give x.grad after backward() through what was not recorded, or "raises"."""
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        y = x * 2
    try:
        y.sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError:
        return "raises"
    return None if x.grad is None else x.grad.tolist()


def _written_through_data() -> list[float] | str | None:
    """Give x.grad after a write through .data between forward and backward, or "raises"."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    x.data.mul_(2)
    try:
        y.sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError:
        return "raises"
    return None if x.grad is None else x.grad.tolist()


def _which_weight() -> object:
    try:
        return run(AUTOCAST_WEIGHT).finding.values["cached"]
    except RuntimeError:
        return "raises"


def _orders_that_count() -> list[str]:
    """Tell which of the two orders changes bits of the gradient."""
    return [
        changed
        for changed in (CREATED, ADDED)
        if run(GRADIENT_ORDER, changed=changed).finding.values["distinct"] > 1
    ]


def _close(finding: Finding) -> bool:
    return finding.comparisons[0].max_abs < LARGE and not _less_exact(finding)


def _less_exact(finding: Finding) -> bool:
    """Say whether one way's error is of another format's size: the errors are in comparisons 1, 2.

    A 16-bit format's unit roundoff is 2**13 times that of `float32` or more.
    """
    first, second = (each.max_abs for each in finding.comparisons[1:])
    return max(first, second) > 2**10 * min(first, second) and max(first, second) < LARGE


TRANSFORMER_NO_GRAD = Prediction(
    name="transformer_no_grad",
    question=(
        "A Transformer encoder layer in evaluation mode, run as usual and under `no_grad()`: what "
        "does `no_grad()` change?"
    ),
    options=(
        Option(
            "nothing but the recording: every bit agrees",
            lambda measured: not measured.values["another_kernel"] and _close(measured),
            "So it was for the linear layer above. This module asks whether gradients are needed "
            "before it chooses how to compute: the figure has two sets of points.",
        ),
        Option(
            "the kernel, which rounds in its own way",
            lambda measured: measured.values["another_kernel"] and _close(measured),
        ),
        Option(
            "dropout: it is off without gradients",
            lambda measured: measured.comparisons[0].max_abs >= LARGE,
            "Then results would differ in their first digits. The figure's differences are in the "
            "last ones; and what switches dropout is `eval()`.",
        ),
        Option(
            "the precision: nothing has to be kept for a backward pass",
            _less_exact,
            "Recording is a note, no operand. In the figure both are equally far from `float64`.",
        ),
    ),
    measure=lambda: run(WITHOUT_GRADIENTS, case=ENCODER).finding,
    because=(
        "In evaluation mode, and where no gradient is needed, torch takes a fused kernel that "
        "computes the whole layer at once, and so in another order. Where bits change, `no_grad()` "
        "is what changed them; both results are equally near to the exact one."
    ),
)
AFTER_NO_GRAD = Prediction(
    name="after_no_grad",
    question=(
        "`y = x * 2` is computed under `no_grad()`, then `y.sum().backward()` is called outside "
        "of it. What happens, and what is `x.grad` then?"
    ),
    options=(
        Option("backward() raises", lambda measured: measured == "raises"),
        Option(
            "nothing is raised, and `x.grad` is 2 everywhere",
            lambda measured: measured == [2.0] * 3,
            "That is the derivative; but nobody noted that y was made from x. The next cell prints "
            "what torch says instead.",
        ),
        Option(
            "nothing is raised, and `x.grad` is 0 everywhere",
            lambda measured: measured == [0.0] * 3,
            "That would say that y does not depend on x. torch does not claim what it did not "
            "record: the next cell prints its message.",
        ),
        Option(
            "nothing is raised, and `x.grad` is None",
            lambda measured: measured is None,
            "None it stays, as the next cell prints; but not in silence.",
        ),
    ),
    measure=_after_no_grad,
    because=(
        "Nothing was recorded, so `y` has no `grad_fn` and `backward()` has nothing to go back "
        "through. Reading `x.grad` never raises: it is None."
    ),
)
WRITTEN_THROUGH_DATA = Prediction(
    name="written_through_data",
    question=(
        "`x` is 1, 2, 3 and requires gradients, and `y = x * x` is computed. Then `x.data.mul_(2)` "
        "doubles x, and `y.sum().backward()` is called. What is `x.grad`?"
    ),
    options=(
        Option(
            "nothing: backward() raises, as x was changed",
            lambda found: found == "raises",
            "So it would for `x.mul_(2)` under `no_grad()`, which moves the counter of x. A write "
            "through `.data` moves none, and the next cell shows no error.",
        ),
        Option(
            "2, 4, 6",
            lambda found: found == [2.0, 4.0, 6.0],
            "That is the slope of the y that was computed. But backward() takes the x that it "
            "finds in memory then.",
        ),
        Option("4, 8, 12", lambda found: found == [4.0, 8.0, 12.0]),
        Option(
            "None: `.data` cuts x off",
            lambda found: found is None,
            "`x.data` is a tensor that is not recorded. But x itself is as it was, with other "
            "numbers.",
        ),
    ),
    measure=_written_through_data,
    because=(
        "The slope of x * x is 2x, and backward() reads x only when it needs it: twice the doubled "
        "numbers. y was made from the old ones, so the gradient is wrong, and nothing says so."
    ),
)
WHICH_ORDER = Prediction(
    name="which_order",
    question=(
        "A loss is the sum of four branches that share their weights. Which order in your program "
        "decides the last bits of the gradient?"
    ),
    options=(
        Option("the order in which the branches are made", lambda counts: counts == [CREATED]),
        Option(
            "the order in which the losses are added",
            lambda counts: counts == [ADDED],
            "That order rounds the *loss*. Backwards, a sum hands the same 1 to each of its terms: "
            "set *changed* to it in the figure, and all points lie at one height.",
        ),
        Option(
            "both",
            lambda counts: counts == [CREATED, ADDED],
            "Set *changed* to the order of addition in the figure: all points lie at one height, "
            "so it changes no bit.",
        ),
        Option(
            "neither: autograd adds in an order of its own",
            lambda counts: not counts,
            "It has a rule, and the rule looks at your program: it goes from what was made last "
            "to what was made first. The figure's points lie at several heights.",
        ),
    ),
    measure=_orders_that_count,
    because=(
        "The backward pass visits the branches from the last created to the first, and adds their "
        "parts in that order. In which order the losses were added does not matter to it."
    ),
)
WHICH_WEIGHT = Prediction(
    name="which_weight",
    question=(
        "Inside one `autocast` block a weight is used, then doubled through `.data`, then used "
        "again. Which weight does the second use see?"
    ),
    options=(
        Option(
            "the new weight: it is converted at each use",
            lambda measured: measured == "new",
            "So it is without the cache, in the figure's second row. With it, the converted copy "
            "is kept for the next use.",
        ),
        Option("the old weight", lambda measured: measured == "old"),
        Option(
            "none: autocast notices the change and raises",
            lambda measured: measured == "raises",
            "Autograd would notice a write in place. Autocast compares nothing with the copy that "
            "it kept, and `.data` moves no counter: the figure has a result in each row.",
        ),
    ),
    measure=_which_weight,
    because=(
        "Autocast converts each weight once and keeps the copy until its block ends. Update "
        "weights outside of the block, or pass `cache_enabled=False`."
    ),
)
