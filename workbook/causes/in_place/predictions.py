"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

import torch

from workbook.causes.in_place.aliases import ALIASES
from workbook.causes.in_place.both_forms import BOTH_FORMS
from workbook.causes.in_place.gradients import VERSION_COUNTER
from workbook.causes.in_place.overlap import OVERLAP
from workbook.causes.in_place.races import LOST_UPDATES
from workbook.experiment import run
from workbook.question import Prediction

NONE_DIFFERS, SOME_DIFFER = "none does", "some do"
NEVER, IF_FLOAT32, ALWAYS = "no, float() copies", "only if x is float32", "yes, always"
ALL_RAISE, SOME_PASS, ALL_RIGHT = (
    "it refuses every such write",
    "it refuses some, and others go wrong",
    "it gets every one right",
)
IN_PLACE, OUT_OF_PLACE, BOTH, NEITHER = "x.add_(1)", "x = x + 1", "both", "neither"
RAISES, WRONG, RIGHT = "an error", "a wrong gradient, no error", "the right gradient"


def _operations_that_differ() -> str:
    return SOME_DIFFER if run(BOTH_FORMS).finding.values["differing"] else NONE_DIFFERS


def _dtype_of_the_sum() -> str:
    x, y = torch.ones(1, dtype=torch.float32), torch.ones(1, dtype=torch.float64)
    try:
        return str(x.add_(y).dtype).removeprefix("torch.")
    except RuntimeError:
        return RAISES


def _whether_float_shares() -> str:
    formats = ("float64", "float32", "float16")
    shares = [
        "x.float()" in run(ALIASES, dtype=name).finding.values["in_place"] for name in formats
    ]
    if all(shares):
        return ALWAYS
    return IF_FLOAT32 if shares == [False, True, False] else NEVER


def _overlaps() -> str:
    values = run(OVERLAP).finding.values
    if values["wrong"] or values["varies"]:
        return SOME_PASS
    return ALL_RAISE if values["raises"] else ALL_RIGHT


def _form_that_loses() -> str:
    lost = run(LOST_UPDATES).finding.values["lost"]
    in_place, out_of_place = lost["in place"] > 0, lost["out of place"] > 0
    if in_place == out_of_place:
        return BOTH if in_place else NEITHER
    return IN_PLACE if in_place else OUT_OF_PLACE


def _write_through_data() -> str:
    values = run(VERSION_COUNTER).finding.values
    way = "y.data.add_(1)"
    if way in values["raises"]:
        return RAISES
    return WRONG if way in values["wrong"] else RIGHT


DIFFERING_FORMS = Prediction(
    name="differing_forms",
    question=(
        "torch has some two hundred operations with two forms, such as `a.add_(b)` and `a.add(b)`. "
        "Same numbers, one thread: how many give other bits in place? (Random draws do not count.)"
    ),
    options=(NONE_DIFFERS, SOME_DIFFER),
    measure=_operations_that_differ,
    because=(
        "Both forms run the same kernel over the same numbers. They differ in where the result is "
        "put: in new memory, or over the input."
    ),
)
SUM_DTYPE = Prediction(
    name="sum_dtype",
    question="x is `float32`, y is `float64`. What is the dtype after `x.add_(y)`?",
    options=("float32", "float64", RAISES),
    measure=_dtype_of_the_sum,
    because=(
        "The memory of x holds 32-bit numbers, and nothing else fits there. The sum is computed in "
        "`float64` and rounded when it is put back. `x + y` would be `float64`."
    ),
)
FLOAT_SHARES = Prediction(
    name="float_shares",
    question="`y = x.float()`, then `x.add_(1)`. Does y change?",
    options=(NEVER, IF_FLOAT32, ALWAYS),
    measure=_whether_float_shares,
    because=(
        "A conversion to the dtype that a tensor already has returns the tensor itself. So one "
        "program shares memory for one input and copies for another."
    ),
)
OVERLAPS = Prediction(
    name="overlaps",
    question="A write reads from memory that it is overwriting. What does torch do?",
    options=(ALL_RAISE, SOME_PASS, ALL_RIGHT),
    measure=_overlaps,
    because=(
        "torch looks for overlap only as far as that is cheap. Where two strided views are too "
        "hard to tell apart it goes ahead, and reads elements that it has already overwritten."
    ),
)
LOSING_FORM = Prediction(
    name="losing_form",
    question=(
        "Two threads each add 1 ten times to one tensor x. A script lets them take turns, one step "
        "each. With which form are updates lost?"
    ),
    options=(IN_PLACE, OUT_OF_PLACE, BOTH, NEITHER),
    measure=_form_that_loses,
    because=(
        "`x = x + 1` is two steps, a read and a later write. Both threads read the same x, and the "
        "second write replaces the first. In place there is one statement, and the script cannot "
        "come in between. (A real race can: no kernel promises to be indivisible.)"
    ),
)
UNSEEN_WRITE = Prediction(
    name="unseen_write",
    question="`y = x.exp()`, then `y.data.add_(1)`. What does `y.sum().backward()` give?",
    options=(RAISES, WRONG, RIGHT),
    measure=_write_through_data,
    because=(
        "The derivative of exp is its result, so autograd has kept y, and y was overwritten. "
        "A write to `.data` does not move the version counter of y, so autograd sees nothing."
    ),
)
PREDICTIONS = (DIFFERING_FORMS, SUM_DTYPE, FLOAT_SHARES, OVERLAPS, LOSING_FORM, UNSEEN_WRITE)
