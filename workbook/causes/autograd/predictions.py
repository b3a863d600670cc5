"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

from collections.abc import Callable

import torch

from workbook.causes.autograd.autocast_cache import AUTOCAST_CACHE
from workbook.causes.autograd.gradient_order import ADDED, CREATED, GRADIENT_ORDER
from workbook.causes.autograd.kernel_choice import ENCODER, KERNEL_CHOICE
from workbook.experiment import run
from workbook.question import Option, Prediction


def _what_raises() -> str:
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        y = x * 2
    steps: dict[str, Callable[[], object]] = {
        "backward()": lambda: y.sum().backward(),  # type: ignore[no-untyped-call]
        "x.grad": lambda: x.grad,
    }
    for name, step in steps.items():
        try:
            step()
        except RuntimeError:
            return name
    return "nothing"


def _orders_that_count() -> list[str]:
    """Tell which of the two orders changes bits of the gradient."""
    return [
        changed
        for changed in (CREATED, ADDED)
        if run(GRADIENT_ORDER, changed=changed).finding.values["distinct"] > 1
    ]


TRANSFORMER_NO_GRAD = Prediction(
    name="transformer_no_grad",
    question=(
        "A Transformer encoder layer in evaluation mode, run as usual and under `no_grad()`: what "
        "does `no_grad()` change?"
    ),
    options=(
        Option(
            "nothing but the recording: every bit agrees",
            lambda found: not found.values["another_kernel"] and found.comparisons[0].identical,
        ),
        Option(
            "the kernel, which rounds in its own way", lambda found: found.values["another_kernel"]
        ),
    ),
    measure=lambda: run(KERNEL_CHOICE, case=ENCODER).finding,
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
        "of it. What happens?"
    ),
    options=(
        Option("backward() raises", lambda raises: raises == "backward()"),
        Option("reading x.grad raises", lambda raises: raises == "x.grad"),
        Option("nothing raises", lambda raises: raises == "nothing"),
    ),
    measure=_what_raises,
    because=(
        "Nothing was recorded, so `y` has no `grad_fn` and `backward()` has nothing to go back "
        "through. Reading `x.grad` never raises: it is None."
    ),
)
WHICH_ORDER = Prediction(
    name="which_order",
    question=(
        "A loss is the sum of four branches that share their weights. Which order decides the last "
        "bits of the gradient?"
    ),
    options=(
        Option("the order of creation", lambda counts: counts == [CREATED]),
        Option("the order of addition", lambda counts: counts == [ADDED]),
        Option("both", lambda counts: counts == [CREATED, ADDED]),
    ),
    measure=_orders_that_count,
    because=(
        "The backward pass visits the branches from the last created to the first, and adds their "
        "parts in that order. In which order the losses were added does not matter to it."
    ),
)
CACHED_WEIGHT = Prediction(
    name="cached_weight",
    question=(
        "Inside one `autocast` block a weight is used, then doubled through `.data`, then used "
        "again. Which weight does the second use see?"
    ),
    options=(
        Option("the new weight", lambda found: found.values["cached"] == "new"),
        Option("the old weight", lambda found: found.values["cached"] == "old"),
    ),
    measure=lambda: run(AUTOCAST_CACHE).finding,
    because=(
        "Autocast converts each weight once and keeps the copy until its block ends. Update "
        "weights outside of the block, or pass `cache_enabled=False`."
    ),
)
