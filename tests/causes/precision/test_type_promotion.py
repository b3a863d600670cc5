"""Type promotion, held against torch's and NumPy's own tables."""

import itertools

import numpy as np
import pytest
import torch

from workbook.causes.precision import type_promotion
from workbook.causes.precision.type_promotion import (
    NAMES,
    NUMBER,
    NUMBERS,
    NUMPY,
    PROMOTION,
    SECONDS,
    TENSOR,
    ZERO_DIM,
    table_of,
)
from workbook.experiment import run

SHORT = {
    torch.bool: "bool", torch.uint8: "u8", torch.int8: "i8", torch.int16: "i16",
    torch.int32: "i32", torch.int64: "i64", torch.float16: "f16", torch.bfloat16: "bf16",
    torch.float32: "f32", torch.float64: "f64",
}  # fmt: skip
FLOATS = [name for name in NAMES if "float" in name]


def dtype(name: str) -> torch.dtype:
    """The dtype of that name."""
    made = getattr(torch, name)
    assert isinstance(made, torch.dtype)
    return made


@pytest.mark.parametrize("operation", ["a + b", "a * b", "torch.where(m, a, b)"])
def test_tensors_promote_as_torch_says(operation: str) -> None:
    """All 81 pairs give torch.promote_types."""
    expected = tuple(
        tuple(SHORT[torch.promote_types(dtype(row), dtype(column))] for column in NAMES)
        for row in NAMES
    )
    assert table_of(operation, TENSOR) == expected


@pytest.mark.parametrize("swapped", [False, True])
def test_zero_dimensional_tensors_promote_as_torch_says(swapped: bool) -> None:
    """All pairs of a tensor and a 0-dim tensor give torch.result_type, in either order."""
    expected = tuple(
        tuple(
            SHORT[torch.result_type(torch.ones(2, dtype=dtype(r)), torch.ones((), dtype=dtype(c)))]
            for c in NAMES
        )
        for r in NAMES
    )
    assert table_of("a + b", ZERO_DIM, swapped=swapped) == expected


def test_python_numbers_promote_as_torch_says() -> None:
    """True, 1 and 1.0 give torch.result_type."""
    expected = tuple(
        tuple(SHORT[torch.result_type(torch.ones(2, dtype=dtype(r)), n)] for n in NUMBERS)
        for r in NAMES
    )
    assert table_of("a * b", NUMBER) == expected


def test_division_of_whole_numbers_is_the_default_dtype() -> None:
    """Whole numbers divide to the default dtype, floats as they add."""
    table = table_of("a / b", TENSOR)
    for (i, row), (j, column) in itertools.product(enumerate(NAMES), repeat=2):
        whole = row not in FLOATS and column not in FLOATS
        result = (
            torch.get_default_dtype() if whole else torch.promote_types(dtype(row), dtype(column))
        )
        assert table[i][j] == SHORT[result]


def test_in_place_keeps_the_dtype_or_raises() -> None:
    """a += b raises exactly where the promoted dtype cannot be cast back, by torch.can_cast."""
    table = table_of("a += b", TENSOR)
    for (i, row), (j, column) in itertools.product(enumerate(NAMES), repeat=2):
        promoted = torch.promote_types(dtype(row), dtype(column))
        fits = torch.can_cast(promoted, dtype(row))
        assert table[i][j] == (SHORT[dtype(row)] if fits else "raises")


def test_a_matrix_product_takes_equal_floats_only() -> None:
    """Floats of one dtype multiply, every mixed pair raises."""
    table = table_of("a @ b", TENSOR)
    for (i, row), (j, column) in itertools.product(enumerate(NAMES), repeat=2):
        if row != column:
            assert table[i][j] == "raises"
        elif row in FLOATS:
            assert table[i][j] == SHORT[dtype(row)]


def test_numpy_promotes_as_numpy_says() -> None:
    """NumPy's own table is np.promote_types; bfloat16, which it lacks, stays blank."""
    table = table_of(NUMPY, TENSOR)
    for (i, row), (j, column) in itertools.product(enumerate(NAMES), repeat=2):
        if "bfloat16" in (row, column):
            assert table[i][j] == ""
        else:
            name = str(np.promote_types(row, column))
            assert table[i][j] == SHORT[dtype(name)]


def test_cells_unlike_torch_are_marked() -> None:
    """A cell is marked exactly where NumPy's dtype is not torch's."""
    cells = run(PROMOTION, operation=NUMPY).finding.chart.panels[0]
    marked = sum(line.count("differs") for line in cells.kinds)
    differing = sum(
        str(np.promote_types(a, b)) != str(torch.promote_types(dtype(a), dtype(b)))[6:]
        for a, b in itertools.product([name for name in NAMES if name != "bfloat16"], repeat=2)
    )
    assert marked == differing > 0


@pytest.mark.parametrize("second", SECONDS)
@pytest.mark.parametrize("operation", type_promotion.OPERATIONS)
def test_no_promotion_depends_on_chance_or_order(operation: str, second: str) -> None:
    """No combination of controls says that a pair gave two dtypes or that order matters."""
    verdict = run(PROMOTION, operation=operation, second=second).verdict
    assert "two dtypes" not in verdict and "comes first" not in verdict


def test_a_matrix_product_with_a_number_raises() -> None:
    """Neither a 0-dim tensor nor a Python number can be multiplied as a matrix."""
    for second in (ZERO_DIM, NUMBER):
        verdict = run(PROMOTION, operation="a @ b", second=second).verdict
        assert verdict == f"A matrix product with {second} raises."


def test_an_order_that_matters_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that keeps its first operand's dtype is not called symmetric."""
    monkeypatch.setitem(type_promotion.OPERATIONS, "a + b", lambda a, _: a)
    assert "comes first" in run(PROMOTION).verdict


def test_chance_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation whose dtype changes from call to call is not called a rule."""
    kinds = itertools.cycle([torch.ones(1), torch.ones(1, dtype=torch.float64)])
    monkeypatch.setitem(type_promotion.OPERATIONS, "a + b", lambda a, b: next(kinds))
    assert "two dtypes" in run(PROMOTION).verdict
