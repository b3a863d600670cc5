"""Programs that claim something about precision, and the question that finds what else they change.

Owns the predictions about them. Each answer is measured by an experiment that changes one thing.
"""

from __future__ import annotations

from workbook.causes.precision.four_products import FOUR_PRODUCTS
from workbook.causes.precision.literals import LITERALS
from workbook.causes.precision.mixed_dtypes import AS_PRINTED, MIXED_DTYPES
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.result import Finding


def _numpy_is_exact(finding: Finding) -> bool:
    gaps = finding.values
    return bool(gaps["torch float64 / NumPy"] < gaps["torch float32 / torch float64"] / 1000)


WHERE_FROM = Prediction(
    name="where_from",
    question=(
        "1, 2, 3 are multiplied by 0.1, 0.2, 0.3, once in `float32` and once in `float64`, and the "
        "results differ. Which step made the difference?"
    ),
    options=(
        Option(
            "storing 0.1, 0.2 and 0.3",
            lambda found: found.values["storing"] and not found.values["multiplying"],
        ),
        Option(
            "multiplying", lambda found: found.values["multiplying"] and not found.values["storing"]
        ),
        Option("both", lambda found: found.values["storing"] and found.values["multiplying"]),
    ),
    measure=lambda: run(LITERALS).finding,
    because=(
        "The two runs did not start from the same numbers: 0.1 in `float32` is not 0.1 in "
        "`float64`. Take the stored numbers as they are, and each product happens to be exact. So "
        "nothing accumulates here."
    ),
)
FLOAT64_DATA = Prediction(
    name="float64_data",
    question=(
        "To see what `float64` changes, somebody creates `nn.Linear(1, 1)` and trains it on "
        "`X.double()`. What happens?"
    ),
    options=(
        Option("it trains in float64", lambda found: found.values[AS_PRINTED] == "float64"),
        Option("it raises an error", lambda found: found.values[AS_PRINTED].endswith("Error")),
    ),
    measure=lambda: run(MIXED_DTYPES).finding,
    because=(
        "The dtype belongs to each tensor, and the weights stayed `float32`. Matrix products do "
        "not promote. Convert the data, or convert a copy of the model with `.double()`."
    ),
)
WHAT_NUMPY_GAVE = Prediction(
    name="what_numpy_gave",
    question=(
        "A `float32` matrix product is checked against NumPy, `np.matmul(A.numpy(), B.numpy())`, "
        "because NumPy computes in double precision. With what is the product compared?"
    ),
    options=(
        Option("float64 results", _numpy_is_exact),
        Option("another float32 result", lambda found: not _numpy_is_exact(found)),
    ),
    measure=lambda: run(FOUR_PRODUCTS).finding,
    because=(
        "`A.numpy()` keeps the tensor's dtype, and it was `float32`. NumPy makes `float64` arrays "
        "from Python numbers; it does not turn yours into them."
    ),
)
