"""What the reader is asked before each round, and how the answer is measured.

Devices are measured as the chapter does: DirectML where it works, else the simulated accelerator.
"""

from __future__ import annotations

from workbook.causes.directml.accelerator import ACCELERATOR
from workbook.causes.directml.draws import DRAWS_ON_BOTH
from workbook.causes.directml.epsilon import EPSILON
from workbook.causes.directml.fallback import FALLBACK
from workbook.causes.directml.nine_ways import NINE_WAYS
from workbook.causes.directml.programs import ONCE, PROGRAMS
from workbook.causes.directml.sides import nearest
from workbook.causes.directml.whose_default import WHOSE_DEFAULT
from workbook.experiment import run
from workbook.floats import format_of
from workbook.question import Prediction

BY_CPU, BY_NUMPY, BY_NOBODY = "the CPU's", "NumPy's", "nobody's here"
AS_LABELED, NOT_AS_LABELED = "float64, as its dtype says", "not float64"
ARITHMETIC, MATRICES = "the arithmetic of the device", "the matrices"
SHRINKS, STAYS = "it shrinks to rounding", "it stays as large"
PROOF, NO_PROOF = "yes", "no: other numbers do show an order"
CPU_RIGHT, NEITHER = "the CPU's, everywhere", "now the one, now the other"
SAME_MASK, OTHER_MASK = "the same elements", "other elements"
CAN, CANNOT = "yes", "no"


def _whose_default() -> str:
    values = run(WHOSE_DEFAULT, device="cpu").finding.values
    if values["default"] == "float64":
        return BY_CPU
    return BY_NUMPY if values["numpy"] == "float64" else BY_NOBODY


def _a_product_called_float64() -> str:
    found = run(EPSILON, device=nearest()).finding.values["float64 device matmul"]
    return AS_LABELED if found == format_of("float64").epsilon else NOT_AS_LABELED


def _what_the_program_measures() -> str:
    """The program with the CPU on both sides: what is left cannot come from a device."""
    values = run(PROGRAMS, device="cpu").finding.values
    once = run(PROGRAMS, device=nearest(), inputs=ONCE).finding.values
    return MATRICES if values["again float32"] > 100 * once["device float32"] else ARITHMETIC


def _float32_on_both_sides() -> str:
    values = run(PROGRAMS, device=nearest()).finding.values
    rounding = run(PROGRAMS, device=nearest(), inputs=ONCE).finding.values
    return STAYS if values["device float32"] > 100 * rounding["device float32"] else SHRINKS


def _one_result_for_other_numbers() -> str:
    counts = [run(NINE_WAYS, start=start).finding.values["distinct"] for start in range(1, 10)]
    return NO_PROOF if max(counts) > 1 else PROOF


def _who_is_right() -> str:
    values = run(ACCELERATOR).finding.values
    return NEITHER if values["nearer"] else CPU_RIGHT


def _same_mask() -> str:
    same = run(DRAWS_ON_BOTH, device=nearest()).finding.values["dropout mask"]
    return SAME_MASK if same else OTHER_MASK


def _a_fallback_that_differs() -> str:
    values = run(FALLBACK, device=nearest()).finding.values
    lent = [name for name, who in values.items() if who == "CPU"]
    return CANNOT if all(values[f"{name} same"] for name in lent) else CAN


WHOSE_FLOAT64 = Prediction(
    name="whose_float64",
    question=(
        "Results on a GPU are said to differ because the CPU defaults to `float64`. "
        "Whose default is `float64`?"
    ),
    options=(BY_CPU, BY_NUMPY, BY_NOBODY),
    measure=_whose_default,
    because=(
        "PyTorch's default is `float32` on every device. NumPy's is `float64`, and a tensor made "
        "from an array keeps it. The dtype belongs to the tensor, not to the device."
    ),
)
CALLED_FLOAT64 = Prediction(
    name="called_float64",
    question=(
        "Two `float64` matrices are multiplied on an accelerator that has no `float64` arithmetic. "
        "What did the product get?"
    ),
    options=(AS_LABELED, NOT_AS_LABELED),
    measure=_a_product_called_float64,
    because=(
        "Such a device has two ways out: refuse `float64` with an error, or compute in `float32` "
        "and write the label `float64` on the result. The second way is silent."
    ),
)
WHAT_IT_MEASURES = Prediction(
    name="what_it_measures",
    question=(
        "The program calls its function once for the CPU and once for DirectML and prints a large "
        "difference. What made it?"
    ),
    options=(ARITHMETIC, MATRICES),
    measure=_what_the_program_measures,
    because=(
        "The function draws its matrices inside, so each call multiplies other ones. With the CPU "
        "on both sides the difference is as large. No device is needed to see it."
    ),
)
FLOAT32_EVERYWHERE = Prediction(
    name="float32_everywhere",
    question=(
        "A later version of the program passes `float32` to both calls, to bring the results "
        "together. What becomes of the difference?"
    ),
    options=(SHRINKS, STAYS),
    measure=_float32_on_both_sides,
    because="Each call still draws its own matrices. One dtype for both does not make them equal.",
)
SAME_IS_TRUE = Prediction(
    name="same_is_true",
    question=(
        "Another program adds up `a + b` and `a * b` of three numbers each on both sides and "
        "prints `same = True`. Does that show that the order of the additions does not matter?"
    ),
    options=(PROOF, NO_PROOF),
    measure=_one_result_for_other_numbers,
    because=(
        "For its numbers every grouping happens to round to one result. Addition is commutative "
        "and not associative; a test needs numbers that can fail."
    ),
)
WHO_IS_RIGHT = Prediction(
    name="who_is_right",
    question=(
        "CPU and accelerator multiply the same matrices and disagree in the last bits. "
        "Whose elements are nearer to the exact product?"
    ),
    options=(CPU_RIGHT, NEITHER),
    measure=_who_is_right,
    because=(
        "Both round after each addition, in different orders. Neither order is the true one, so "
        "the CPU is a second opinion, not the truth. The truth here comes from `float64`."
    ),
)
MASKS = Prediction(
    name="masks_on_both_sides",
    question=(
        "`torch.manual_seed(0)`, then dropout on the CPU; `torch.manual_seed(0)` again, then "
        "dropout on this chapter's device. Which elements does the second one drop?"
    ),
    options=(SAME_MASK, OTHER_MASK),
    measure=_same_mask,
    because=(
        "torch-directml draws with the CPU's generator and copies the numbers over (so its source "
        "says). The simulated accelerator draws on the CPU. A CUDA device has its own generator."
    ),
)
CAN_IT_DIFFER = Prediction(
    name="can_it_differ",
    question=(
        "An operation has no kernel on the device, and a warning says that it falls back to the "
        "CPU. Can its result differ from the CPU's, given the same inputs?"
    ),
    options=(CAN, CANNOT),
    measure=_a_fallback_that_differs,
    because=(
        "It *is* the CPU's result. Slower, because the numbers travel there and back, and equal in "
        "every bit."
    ),
)
PREDICTIONS = (
    WHOSE_FLOAT64,
    CALLED_FLOAT64,
    WHAT_IT_MEASURES,
    FLOAT32_EVERYWHERE,
    SAME_IS_TRUE,
    WHO_IS_RIGHT,
    MASKS,
    CAN_IT_DIFFER,
)
