"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

import torch

from workbook.causes.in_place.aliases import ALIASES
from workbook.causes.in_place.both_forms import BOTH_FORMS
from workbook.causes.in_place.gradients import VERSION_COUNTER
from workbook.causes.in_place.overlap import CASES, OVERLAP
from workbook.causes.in_place.races import LOST_UPDATES, ONE, OUT, TWO
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.result import Finding

UNSEEN = "y.data.add_(1)"


def _dtype_of_the_sum() -> str:
    x, y = torch.ones(1, dtype=torch.float32), torch.ones(1, dtype=torch.float64)
    try:
        return str(x.add_(y).dtype).removeprefix("torch.")
    except RuntimeError:
        return "an error"


def _formats_that_float_shares() -> list[str]:
    return [
        name
        for name in ("float64", "float32", "float16")
        if "x.float()" in run(ALIASES, dtype=name).finding.values["in_place"]
    ]


def _losing_forms(finding: Finding) -> list[str]:
    return [way for way in (OUT, TWO, ONE) if finding.values["lost"][way] > 0]


DIFFERING_FORMS = Prediction(
    name="differing_forms",
    question=(
        "torch has some two hundred operations with two forms, such as `a.add_(b)` and `a.add(b)`. "
        "Same numbers, one thread: how many give other values in place? (Draws do not count, nor "
        "does the dtype: a comparison gives True out of place and 1 in place.)"
    ),
    options=(
        Option("none does", lambda found: not found.values["differing"]),
        Option("some do", lambda found: bool(found.values["differing"])),
    ),
    measure=lambda: run(BOTH_FORMS).finding,
    because=(
        "Each pair agreed in every value. What differs is where the result is put: in new memory, "
        "or over the input. Most in-place forms run the other form's kernel."
    ),
)
SUM_DTYPE = Prediction(
    name="sum_dtype",
    question="x is `float32`, y is `float64`. What is the dtype after `x.add_(y)`?",
    options=(
        Option("float32", lambda dtype: dtype == "float32"),
        Option("float64", lambda dtype: dtype == "float64"),
        Option("an error", lambda dtype: dtype == "an error"),
    ),
    measure=_dtype_of_the_sum,
    because=(
        "The memory of x holds 32-bit numbers, and nothing else fits there. The sum is computed in "
        "`float64` and rounded when it is put back. `x + y` would be `float64`."
    ),
)
FLOAT_SHARES = Prediction(
    name="float_shares",
    question="`y = x.float()`, then `x.add_(1)`. Does y change?",
    options=(
        Option("no, float() copies", lambda shared: not shared),
        Option("only if x is float32", lambda shared: shared == ["float32"]),
        Option("yes, always", lambda shared: len(shared) == 3),
    ),
    measure=_formats_that_float_shares,
    because=(
        "A conversion to the dtype that a tensor already has returns the tensor itself. So one "
        "program shares memory for one input and copies for another."
    ),
)
OVERLAPS = Prediction(
    name="overlaps",
    question="A write reads from memory that it is overwriting. What does torch do?",
    options=(
        Option(
            "it refuses every such write", lambda found: len(found.values["raises"]) == len(CASES)
        ),
        Option(
            "it refuses some, and others go wrong",
            lambda found: found.values["raises"] and found.values["wrong"] + found.values["varies"],
        ),
        Option("it gets every one right", lambda found: len(found.values["right"]) == len(CASES)),
    ),
    measure=lambda: run(OVERLAP).finding,
    because=(
        "torch looks for overlap only as far as that is cheap. Where two strided views are too "
        "hard to tell apart it goes ahead, and reads elements that it has already overwritten."
    ),
)
LOSING_FORM = Prediction(
    name="losing_form",
    question=(
        "Two threads each add 1 ten times to one tensor x, one statement each in turn. Three ways "
        "to write it: `new = x + 1`, then `x = new`; `new = x + 1`, then `x.copy_(new)`; or "
        "`x.add_(1)`. Which lose updates?"
    ),
    options=(
        Option("the first, which is out of place", lambda found: _losing_forms(found) == [OUT]),
        Option(
            "the last two, which are in place", lambda found: _losing_forms(found) == [TWO, ONE]
        ),
        Option("the first two, of two steps", lambda found: _losing_forms(found) == [OUT, TWO]),
        Option("none of them", lambda found: not _losing_forms(found)),
    ),
    measure=lambda: run(LOST_UPDATES).finding,
    because=(
        "Whoever reads in one step and writes in a later one can write over what came in between, "
        "in either form. The last way is one statement, and this script cannot come in between. (A "
        "free race can: no kernel promises to be indivisible.)"
    ),
)
UNSEEN_WRITE = Prediction(
    name="unseen_write",
    question="`y = x.exp()`, then `y.data.add_(1)`. What does `y.sum().backward()` give?",
    options=(
        Option("an error", lambda found: UNSEEN in found.values["raises"]),
        Option("a wrong gradient, no error", lambda found: UNSEEN in found.values["wrong"]),
        Option(
            "the right gradient",
            lambda found: UNSEEN not in found.values["wrong"] + found.values["raises"],
        ),
    ),
    measure=lambda: run(VERSION_COUNTER).finding,
    because=(
        "The derivative of exp is its result, so autograd has kept y, and y was overwritten. "
        "A write to `.data` does not move the version counter of y, so autograd sees nothing."
    ),
)
