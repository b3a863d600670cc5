"""What the reader is asked before each round, and how the answer is measured."""

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
FEW = 20


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
        Option("none does", lambda measured: not measured.values["differing"]),
        Option(
            "a few, such as those that read a value twice",
            lambda measured: 0 < len(measured.values["differing"]) <= FEW,
            "They would read what they have already overwritten. torch's kernels take an element, "
            "compute, and store it: look for a cell that says *not equal*.",
        ),
        Option(
            "most: what is stored in place is rounded once more",
            lambda measured: len(measured.values["differing"]) > FEW,
            "Both results are stored in memory, and rounded when they are. The figure finds equal "
            "bits where the dtype is the same.",
        ),
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
        Option(
            "float64, as for x + y",
            lambda dtype: dtype == "float64",
            "`x + y` gets new memory, of any dtype. x has its memory already: the next cell prints "
            "both dtypes.",
        ),
        Option(
            "it raises an error",
            lambda dtype: dtype == "an error",
            "It does where the kind is higher: a fraction into whole numbers. Among floats torch "
            "rounds without a word: the next cell runs both.",
        ),
    ),
    measure=_dtype_of_the_sum,
    because=(
        "The memory of x holds 32-bit numbers, and nothing else fits there. The sum is computed in "
        "`float64` and rounded when it is put back. `x + y` would be `float64`."
    ),
)
AFTER_FLOAT = Prediction(
    name="after_float",
    question="`y = x.float()`, then `x.add_(1)`. Does y change?",
    options=(
        Option(
            "no: a conversion makes a copy",
            lambda shared: not shared,
            "Only where there is something to convert. In the next cell x is `float32`, and y "
            "prints ones.",
        ),
        Option("only if x is float32", lambda shared: shared == ["float32"]),
        Option(
            "only if x has more than 32 bits",
            lambda shared: shared == ["float64"],
            "A shorter number has a memory of its own: the bytes of x are not those of y. Set "
            "*dtype* to `float64` in the figure: the row `x.float()` stays.",
        ),
        Option(
            "yes: y is another name for x",
            lambda shared: len(shared) == 3,
            "Numbers of 64 bits and of 32 cannot share their bytes. Set *dtype* to `float64` in "
            "the figure: the row `x.float()` stays.",
        ),
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
            "it refuses every such write",
            lambda measured: len(measured.values["raises"]) == len(CASES),
            "It would have to compare every address with every other. The next cell writes over "
            "what it reads, and nothing is raised.",
        ),
        Option(
            "it refuses some, and others go wrong",
            lambda measured: (
                measured.values["raises"] and measured.values["wrong"] + measured.values["varies"]
            ),
        ),
        Option(
            "it notices, and reads from a copy: every result is right",
            lambda measured: len(measured.values["right"]) == len(CASES),
            "A copy would cost the memory that working in place saves. The next cell prints values "
            "that are not the sum.",
        ),
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
        Option(
            "the first, which is out of place",
            lambda measured: _losing_forms(measured) == [OUT],
            "The second reads in one statement and writes in the next, just so. In the figure both "
            "lose the same share.",
        ),
        Option(
            "the last two, which are in place",
            lambda measured: _losing_forms(measured) == [TWO, ONE],
            "That is the usual advice: with threads, avoid in place. The figure's first bar is out "
            "of place, and it is short.",
        ),
        Option(
            "the first two, of two steps", lambda measured: _losing_forms(measured) == [OUT, TWO]
        ),
        Option(
            "none: they take turns, so nobody writes at the same time",
            lambda measured: not _losing_forms(measured),
            "Turns of one statement. Between reading x and writing it there is time for the other "
            "one's turn: the next cell adds 20 times, and look what it reached.",
        ),
    ),
    measure=lambda: run(LOST_UPDATES).finding,
    because=(
        "Whoever reads in one step and writes in a later one can write over what came in between, "
        "in either form. The last way is one statement, and this script cannot come in between. (A "
        "free race can: no kernel promises to be indivisible.)"
    ),
)
WRITE_TO_DATA = Prediction(
    name="write_to_data",
    question="`y = x.exp()`, then `y.data.add_(1)`. What does `y.sum().backward()` give?",
    options=(
        Option(
            "an error: autograd sees that y has changed",
            lambda measured: UNSEEN in measured.values["raises"],
            "It would for `y.add_(1)`, which moves the version counter. The next cell writes "
            "through `.data`, and prints.",
        ),
        Option("a wrong gradient, no error", lambda measured: UNSEEN in measured.values["wrong"]),
        Option(
            "the right gradient: adding 1 has the slope 1",
            lambda measured: UNSEEN not in measured.values["wrong"] + measured.values["raises"],
            "It has, and out of place you would be right. But exp has kept y for its derivative, "
            "and y was overwritten: compare the two lines that the next cell prints.",
        ),
    ),
    measure=lambda: run(VERSION_COUNTER).finding,
    because=(
        "The derivative of exp is its result, so autograd has kept y, and y was overwritten. "
        "A write to `.data` does not move the version counter of y, so autograd sees nothing."
    ),
)
