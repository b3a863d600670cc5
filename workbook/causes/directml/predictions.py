"""What the reader is asked before each round, and how the answer is measured.

Devices are measured as the chapter does: DirectML where it works, else the simulated accelerator.
"""

from workbook.causes.directml.accelerator import ACCELERATOR
from workbook.causes.directml.programs import ONCE, PROGRAMS
from workbook.causes.directml.sides import nearest
from workbook.causes.directml.whose_default import WHOSE_DEFAULT
from workbook.experiment import run
from workbook.question import Option, Prediction


def _gaps() -> tuple[float, float, float]:
    """Give three largest differences: CPU and CPU again as printed, in each dtype, and rounding."""
    twice = run(PROGRAMS, device="cpu").finding.values
    once = run(PROGRAMS, device=nearest(), inputs=ONCE).finding.values
    return twice["again float32"], twice["again float64"], once["device float32"]


WHOSE_FLOAT64 = Prediction(
    name="whose_float64",
    question=(
        "Results on a GPU are said to differ because the CPU defaults to `float64`. "
        "Whose default is `float64`?"
    ),
    options=(
        Option(
            "the CPU's",
            lambda measured: measured["default"] == "float64",
            "A CPU computes in `float64`, as Python's own floats show. But `torch.tensor([0.1])` "
            "on it is `float32`: a default belongs to a library and not to a processor.",
        ),
        Option(
            "NumPy's",
            lambda measured: (measured["default"], measured["numpy"]) == ("float32", "float64"),
        ),
        Option(
            "neither the CPU's, nor NumPy's, nor the GPU's",
            lambda measured: (measured["default"], measured["numpy"]) == ("float32", "float32"),
            "NumPy's is: make a tensor from a NumPy array and look at the dtype that it keeps.",
        ),
        Option(
            "the GPU's",
            lambda _: False,
            "A tensor keeps its dtype when it moves to a device. Many have no `float64` at all.",
        ),
    ),
    measure=lambda: run(WHOSE_DEFAULT, device="cpu").finding.values,
    because=(
        "PyTorch's default is `float32` on every device. NumPy's is `float64`, and a tensor made "
        "from an array keeps it. The dtype belongs to the tensor, not to the device."
    ),
)
WHAT_IT_MEASURES = Prediction(
    name="what_it_measures",
    question=(
        "The program calls its function once for the CPU and once for the device and prints a "
        "large difference. What made it?"
    ),
    options=(
        Option(
            "the arithmetic of the device",
            lambda gaps: gaps[0] <= 100 * gaps[2],
            "The device is what the program names. But then the difference would be gone with the "
            "CPU on both sides, and it is as large as before.",
        ),
        Option(
            "`float64` here and `float32` there",
            lambda gaps: gaps[0] > 100 * gaps[2] >= gaps[1],
            "Half the digits are lost by that, and all of them differ here. In the figure the "
            "points are as high in one dtype as in the other.",
        ),
        Option("the matrices", lambda gaps: min(gaps[:2]) > 100 * gaps[2]),
        Option(
            "the copy to the device and back",
            lambda _: False,
            "A copy changes no bit; and with the CPU on both sides nothing is copied anywhere.",
        ),
    ),
    measure=_gaps,
    because=(
        "The function draws its matrices inside, so each call multiplies other ones. With the CPU "
        "on both sides the difference is as large. No device is needed to see it."
    ),
)
WHO_IS_RIGHT = Prediction(
    name="who_is_right",
    question=(
        "CPU and accelerator multiply the same matrices and disagree in the last bits. "
        "Whose elements are nearer to the exact product?"
    ),
    options=(
        Option(
            "the CPU's, each of them",
            lambda measured: measured["farther"] > 0 == measured["nearer"],
            "The CPU rounds after each addition as well, and its order of adding is no better "
            "founded. Compare both with `float64`: some elements of the other are nearer.",
        ),
        Option(
            "the accelerator's, each of them",
            lambda measured: measured["nearer"] > 0 == measured["farther"],
            "Another order helps one element and harms the next. In some the CPU is nearer.",
        ),
        Option(
            "in some elements the CPU's, in others the accelerator's",
            lambda measured: measured["nearer"] > 0 and measured["farther"] > 0,
        ),
        Option(
            "neither's: each element is as far off on one side as on the other",
            lambda measured: measured["nearer"] == measured["farther"] == 0,
            "Where two results have other bits, one of them is nearer, but for rare ties.",
        ),
    ),
    measure=lambda: run(ACCELERATOR).finding.values,
    because=(
        "Both round after each addition, in different orders. One order may be better on the "
        "whole, and still lose in many elements: neither is the truth. The truth here comes from "
        "`float64`."
    ),
)
