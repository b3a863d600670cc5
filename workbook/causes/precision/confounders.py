"""Programs that claim something about precision, and the question that finds what else they change.

Owns the predictions about them. Each answer is measured by an experiment that changes one thing.
"""

import numpy as np
import torch

from workbook.causes.precision.literals import LITERALS
from workbook.causes.precision.mixed_dtypes import AS_PRINTED, MIXED_DTYPES
from workbook.experiment import run
from workbook.question import Option, Prediction


def _what_numpy_gave() -> str:
    a, b = torch.rand(2, 64, 64).numpy()
    product = np.matmul(a, b)
    if product.dtype != np.float32:
        return str(product.dtype)
    exact = np.matmul(a.astype("float64"), b.astype("float64"))
    return "rounded once" if np.array_equal(product, exact.astype("float32")) else "float32"


WHERE_FROM = Prediction(
    name="where_from",
    question=(
        "1, 2, 3 are multiplied by 0.1, 0.2, 0.3, once in `float32` and once in `float64`, and the "
        "results differ. Which step made the difference?"
    ),
    options=(
        Option(
            "storing 0.1, 0.2 and 0.3",
            lambda measured: measured.values["storing"] and not measured.values["multiplying"],
        ),
        Option(
            "multiplying",
            lambda measured: measured.values["multiplying"] and not measured.values["storing"],
            "The next cell multiplies the numbers that `float32` stored, in both formats: every "
            "bit of the products agrees.",
        ),
        Option(
            "both",
            lambda measured: measured.values["storing"] and measured.values["multiplying"],
            "So it is for most numbers. By 1, 2 and 3 the stored numbers are multiplied without a "
            "rounding: the next cell finds no other bit.",
        ),
        Option(
            "neither: float32 prints fewer digits",
            lambda measured: not measured.values["storing"] and not measured.values["multiplying"],
            "Printing changes no number, and these results differ as numbers.",
        ),
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
        Option(
            "it trains in float64: the wider format wins",
            lambda measured: measured.values[AS_PRINTED] == "float64",
            "That is promotion, as `a + b` does it. Set *operation* to `a @ b` in the table above: "
            "each mixed pair raises.",
        ),
        Option(
            "it trains in float32: the layer converts what it gets",
            lambda measured: measured.values[AS_PRINTED] == "float32",
            "A layer converts nothing. The next cell has `float64` data and `float32` weights, and "
            "no result.",
        ),
        Option(
            "it raises an error", lambda measured: measured.values[AS_PRINTED].endswith("Error")
        ),
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
        Option(
            "a float64 result",
            lambda gave: gave == "float64",
            "NumPy's *default* is `float64`, for arrays made from Python numbers. The next cell "
            "prints the dtype of this product.",
        ),
        Option(
            "a float32 result that was computed in float64 and rounded once",
            lambda gave: gave == "rounded once",
            "Then it would equal the rounded `float64` product in every bit, and it does not: "
            "NumPy hands the product to a library that works in the arrays' own format.",
        ),
        Option("another float32 result, rounded at each step", lambda gave: gave == "float32"),
    ),
    measure=_what_numpy_gave,
    because=(
        "`A.numpy()` keeps the tensor's dtype, and it was `float32`. NumPy makes `float64` arrays "
        "from Python numbers; it does not turn yours into them."
    ),
)
