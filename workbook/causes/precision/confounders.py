"""Programs that claim something about precision, and the question that finds what else they change.

Owns the predictions about them. Each answer is measured by an experiment that changes one thing.
"""

from __future__ import annotations

from workbook.causes.precision.four_products import FOUR_PRODUCTS
from workbook.causes.precision.literals import LITERALS
from workbook.causes.precision.mixed_dtypes import MIXED_DTYPES
from workbook.causes.precision.regression import REGRESSION
from workbook.experiment import run
from workbook.question import Prediction

STORING, MULTIPLYING, BOTH = "storing 0.1, 0.2 and 0.3", "multiplying", "both"
TRAINS, RAISES = "it trains in float64", "it raises an error"
FORMATS, STARTS = "the number formats", "the starting weights"
TRUTH, ROUNDING = "float64 results", "another float32 result"


def _source_of_the_difference() -> str:
    values = run(LITERALS).finding.values
    if values["storing"] and values["multiplying"]:
        return BOTH
    return STORING if values["storing"] else MULTIPLYING


def _float64_data_into_a_float32_model() -> str:
    outcome = run(MIXED_DTYPES).finding.values["float64 data into it"]
    return RAISES if "Error" in outcome else TRAINS


def _what_parts_the_lines() -> str:
    """The gap at first with starts of their own, beside the largest gap ever from one start."""
    own, same = REGRESSION.control("start").values()
    first = run(REGRESSION, start=own).finding.values["first"]
    return (
        STARTS if first > 1000 * run(REGRESSION, start=same).finding.values["largest"] else FORMATS
    )


def _what_numpy_gave() -> str:
    gaps = run(FOUR_PRODUCTS).finding.values
    exact = gaps["torch float64 / NumPy"] < gaps["torch float32 / torch float64"] / 1000
    return TRUTH if exact else ROUNDING


WHERE_FROM = Prediction(
    name="where_from",
    question=(
        "A program multiplies 1, 2, 3 by 0.1, 0.2, 0.3, once in `float32` and once in `float64`, "
        "and shows that the results differ. Which step made the difference?"
    ),
    options=(STORING, MULTIPLYING, BOTH),
    measure=_source_of_the_difference,
    because=(
        "The two runs did not start from the same numbers: 0.1 in `float32` is not 0.1 in "
        "`float64`. Take the stored numbers as they are, and each product happens to be exact. So "
        "nothing accumulates here."
    ),
)
FLOAT64_DATA = Prediction(
    name="float64_data",
    question=(
        "A program creates a model with `nn.Linear(1, 1)` and trains it on `X.double()`, to see "
        "what `float64` changes. What happens?"
    ),
    options=(TRAINS, RAISES),
    measure=_float64_data_into_a_float32_model,
    because=(
        "The dtype belongs to each tensor, and the weights stayed `float32`. Matrix products do "
        "not promote. Convert the data, or convert a copy of the model with `.double()`."
    ),
)
WHAT_PARTS_THE_LINES = Prediction(
    name="what_parts_the_lines",
    question=(
        "The same program, repaired: it makes a `float32` model, then a `float64` model, trains "
        "both for some steps and compares their weights. What does the difference show at first?"
    ),
    options=(FORMATS, STARTS),
    measure=_what_parts_the_lines,
    because=(
        "Two things changed: the format and the starting weights. Each model drew weights of its "
        "own. Copy one model instead, and only the format is left."
    ),
)
WHAT_NUMPY_GAVE = Prediction(
    name="what_numpy_gave",
    question=(
        "A program checks a `float32` matrix product against NumPy, "
        "`np.matmul(A.numpy(), B.numpy())`, because NumPy computes in double precision. "
        "What does it compare with?"
    ),
    options=(TRUTH, ROUNDING),
    measure=_what_numpy_gave,
    because=(
        "`A.numpy()` keeps the tensor's dtype, and it was `float32`. NumPy makes `float64` arrays "
        "from Python numbers; it does not turn yours into them."
    ),
)
CONFOUNDERS = (WHERE_FROM, FLOAT64_DATA, WHAT_PARTS_THE_LINES, WHAT_NUMPY_GAVE)
