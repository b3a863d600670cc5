"""Type promotion: which dtype comes out when two go in, for every pair.

Owns one experiment. The factor is the pair of dtypes; shapes and values are ones throughout. The
table is measured, never looked up: every cell is a call that was made.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from workbook.chart import PARTS, Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding

NAMES = (
    "bool", "uint8", "int8", "int32", "int64", "float16", "bfloat16", "float32", "float64",
)  # fmt: skip
WIDTH = (0, 1, 1, 1, 1, 2, 2, 2, 2)  # of the kind of number: bool, whole, real
SHORT = {"bool": "bool", "bfloat16": "bf16"}
NUMBERS = (True, 1, 1.0)
TENSOR, ZERO_DIM, NUMBER = SECONDS = "a tensor", "a zero-dimensional tensor", "a Python number"
IN_PLACE, PRODUCT, NUMPY = "a += b", "a @ b", "NumPy's a + b"
RAISES = "raises"
KINDS: dict[Kind, str] = {
    "first": "a's dtype",
    "second": "b's dtype",
    "third": "a third one",
    "raises": RAISES,
    "differs": "unlike torch",
}

Table = tuple[tuple[str, ...], ...]


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a + b": operator.add,
    "a * b": operator.mul,
    "a / b": operator.truediv,
    "torch.where(m, a, b)": lambda a, b: torch.where(torch.ones(2, 2, dtype=torch.bool), a, b),
    IN_PLACE: operator.iadd,
    PRODUCT: operator.matmul,
    NUMPY: operator.add,
}


def every_pair(where: Conditions, *, operation: str, second: str) -> Finding:
    """Apply an operation to every pair of dtypes, in both orders and twice."""
    table = table_of(operation, second)
    again = table_of(operation, second)
    swapped = table_of(operation, second, swapped=True)
    torch_table = table_of("a + b", second) if operation == NUMPY else table
    grid = {
        f"a: {row}": {
            _text(column) or repr(column): Cell(text, _kind(text, _text(row), _text(column), like))
            for text, column, like in zip(line, _columns(second), other, strict=True)
        }
        for row, line, other in zip(NAMES, table, torch_table, strict=True)
    }
    legend = {k: words for k, words in KINDS.items() if k != "differs" or operation == NUMPY}
    cells = Cells.of(grid, legend, f"{operation}, b is {second}")
    counts = {words: sum(line.count(kind) for line in cells.kinds) for kind, words in KINDS.items()}
    total = sum(counts.values())
    reading = f"of {total} pairs: " + ", ".join(f"{kind} {n}" for kind, n in counts.items() if n)
    verdict = _verdict(operation, second, table, again == table, swapped == table)
    if again == table and counts["unlike torch"]:
        verdict = "NumPy has a fixed table too, and for some pairs another one than torch."
    return Finding(verdict, reading, Chart((cells,)), {"table": table, **counts})


def table_of(operation: str, second: str, *, swapped: bool = False) -> Table:
    """Look up the short name of every pair's resulting dtype; "" where a library lacks one."""
    return tuple(
        tuple(_outcome(operation, row, column, second, swapped) for column in _columns(second))
        for row in NAMES
    )


def _columns(second: str) -> Sequence[Any]:
    return NUMBERS if second == NUMBER else NAMES


def _outcome(operation: str, row: str, column: Any, second: str, swapped: bool) -> str:
    make = _array if operation == NUMPY else _tensor
    if operation == NUMPY and "bfloat16" in (row, column):
        return ""
    a = make(row, (2, 2))
    b = column if second == NUMBER else make(column, () if second == ZERO_DIM else (2, 2))
    try:
        result = OPERATIONS[operation](b, a) if swapped else OPERATIONS[operation](a, b)
    except (RuntimeError, TypeError, ValueError):  # NumPy raises TypeErrors of its own
        return RAISES
    return _text(str(result.dtype).removeprefix("torch."))


def _tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.ones(shape, dtype=getattr(torch, name))


def _array(name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    return np.ones(shape, dtype=name)


def _text(name: Any) -> str:
    if not isinstance(name, str):
        return ""
    return SHORT.get(name) or name[0] + name.lstrip("abcdefghijklmnopqrstuvwxyz")


def _kind(text: str, row: str, column: str, in_torch: str) -> Kind:
    if not text:
        return "blank"
    if text != in_torch:
        return "differs"
    return "raises" if text == RAISES else PARTS[(row, column, text).index(text)]


def _verdict(operation: str, second: str, table: Table, repeats: bool, symmetric: bool) -> str:
    if not repeats:
        return "The same pair gave two dtypes: here promotion is no fixed rule."
    cells = [
        (NAMES.index(row), column, text)
        for row, line in zip(NAMES, table, strict=True)
        for column, text in enumerate(line)
    ]
    if operation == PRODUCT and second != TENSOR:
        raised = all(text == RAISES for _, _, text in cells)
        return f"A matrix product with {second} {RAISES if raised else 'works'}."
    if operation == PRODUCT and all(text == RAISES for row, col, text in cells if row != col):
        return "A matrix product promotes nothing: every mixed pair raises an error."
    if operation == IN_PLACE and all(text in (_text(NAMES[r]), RAISES) for r, _, text in cells):
        return "In place, the result keeps the dtype of a; where it cannot, the call raises."
    if second != TENSOR and all(_keeps_kind(r, c, t, second) for r, c, t in cells if t):
        return f"A{second[1:]} changes the dtype only if its kind (bool, whole, real) is wider."
    if symmetric:
        return "Every pair gives one dtype, the same in either order: a fixed table, no chance."
    return "Which operand comes first changes the dtype of some pairs."


def _keeps_kind(row: int, column: int, text: str, second: str) -> bool:
    """Say whether a keeps its dtype against a b whose kind of number is no wider."""
    other = column if second == NUMBER else WIDTH[column]
    return other > WIDTH[row] or text == _text(NAMES[row])


PROMOTION = Experiment(
    name="type_promotion",
    question="Two dtypes go in: which one comes out?",
    factor="pair of dtypes",
    controls=(
        Choice("operation", "a + b", tuple(OPERATIONS)),
        Choice("second", TENSOR, SECONDS, label="b is"),
    ),
    measure=every_pair,
)
