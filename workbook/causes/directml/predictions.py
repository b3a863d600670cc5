"""What the reader is asked before each round, and how the answer is measured.

Devices are measured as the chapter does: DirectML where it works, else the simulated accelerator.
"""

from __future__ import annotations

from workbook.causes.directml.accelerator import ACCELERATOR
from workbook.causes.directml.programs import ONCE, PROGRAMS
from workbook.causes.directml.sides import nearest
from workbook.causes.directml.whose_default import WHOSE_DEFAULT
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.result import Finding


def _cpu_twice_and_rounding() -> tuple[float, float]:
    """Give the program's difference with the CPU on both sides, and that from equal matrices."""
    twice = run(PROGRAMS, device="cpu").finding.values["again float32"]
    return twice, run(PROGRAMS, device=nearest(), inputs=ONCE).finding.values["device float32"]


def _defaults(finding: Finding) -> tuple[str, str]:
    return finding.values["default"], finding.values["numpy"]


WHOSE_FLOAT64 = Prediction(
    name="whose_float64",
    question=(
        "Results on a GPU are said to differ because the CPU defaults to `float64`. "
        "Whose default is `float64`?"
    ),
    options=(
        Option("the CPU's", lambda found: _defaults(found)[0] == "float64"),
        Option(
            "NumPy's",
            lambda found: _defaults(found) == ("float32", "float64"),
        ),
        Option(
            "nobody's here",
            lambda found: _defaults(found) == ("float32", "float32"),
        ),
    ),
    measure=lambda: run(WHOSE_DEFAULT, device="cpu").finding,
    because=(
        "PyTorch's default is `float32` on every device. NumPy's is `float64`, and a tensor made "
        "from an array keeps it. The dtype belongs to the tensor, not to the device."
    ),
)
WHAT_IT_MEASURES = Prediction(
    name="what_it_measures",
    question=(
        "The program calls its function once for the CPU and once for DirectML and prints a large "
        "difference. What made it?"
    ),
    options=(
        Option("the arithmetic of the device", lambda gaps: gaps[0] <= 100 * gaps[1]),
        Option("the matrices", lambda gaps: gaps[0] > 100 * gaps[1]),
    ),
    measure=_cpu_twice_and_rounding,
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
        Option("the CPU's, everywhere", lambda found: not found.values["nearer"]),
        Option("now the one, now the other", lambda found: found.values["nearer"] > 0),
    ),
    measure=lambda: run(ACCELERATOR).finding,
    because=(
        "Both round after each addition, in different orders. Neither order is the true one, so "
        "the CPU is a second opinion, not the truth. The truth here comes from `float64`."
    ),
)
