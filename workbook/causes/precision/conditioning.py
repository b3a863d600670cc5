"""A linear system that enlarges every rounding, and the number that says so beforehand.

Owns one experiment. The factor is the format in which the same system is solved. The matrix is
Hilbert's, H[i, j] = 1 / (i + j + 1), whose condition number grows by about 33 for each row more.
"""

import warnings

import torch
from torch import Tensor

from workbook.conditions import Conditions
from workbook.control import Dtype, Integer
from workbook.experiment import Experiment
from workbook.result import Finding

MOST = 14
NO_DIGIT = 0.5  # relative error: not even the first digit is sure


def ill_conditioned(where: Conditions, *, size: int) -> Finding:
    """Solve H x = H 1; the exact solution is a vector of ones.

    The condition number is computed in float64 from the float64 matrix, before anything is solved.
    """
    matrix = hilbert(size)
    condition = float(torch.linalg.cond(matrix))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        solution = torch.linalg.solve(
            matrix.to(where.torch_dtype), matrix.sum(1).to(where.torch_dtype)
        )
    error = float((solution.double() - 1).abs().max())
    lost = error >= NO_DIGIT
    values = {"error": error, "condition": condition, "lost": lost, "warnings": len(caught)}
    values["foreseen"] = condition * torch.finfo(where.torch_dtype).eps / 2 >= NO_DIGIT
    reading = f"{size} rows: error {error:.2g}, condition number {condition:.2g}"
    return Finding(_verdict(lost, len(caught)), reading, values=values)


def hilbert(rows: int) -> Tensor:
    """Make Hilbert's matrix in float64, shape (rows, rows)."""
    index = torch.arange(rows, dtype=torch.float64)
    return 1 / (index[:, None] + index + 1)


def _verdict(lost: bool, told: int) -> str:
    silence = "nothing is raised, nothing warned" if not told else "torch warns"
    if lost:
        return f"No digit of the solution is right, and {silence}."
    return f"The solution has right digits, and {silence}."


ILL_CONDITIONED = Experiment(
    name="ill_conditioned",
    question="Does torch say so when a linear system cannot be solved in its format?",
    factor="dtype",
    controls=(Integer("size", 10, 2, MOST, label="rows"), Dtype(options=("float32", "float64"))),
    measure=ill_conditioned,
)
