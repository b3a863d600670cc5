"""Formats that a program asks NumPy for: the next wider one in place of each.

Owns the change of the program's syntax tree.
"""

from __future__ import annotations

import ast

import torch

from workbook.diagnosis.interventions.intervention import PAIR, on
from workbook.diagnosis.probes.facts import FACTS, Fact

HALF, SINGLE = ("float16", "half"), ("float32", "single")
_WIDER = dict.fromkeys(HALF, "float32") | dict.fromkeys(SINGLE, "float64")


class Wider(ast.NodeTransformer):
    """Puts a wider format for some of NumPy's, written `np.float16` or, in a call, "float16"."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if _numpys(node) and node.attr in self.names:
            node.attr = _WIDER[node.attr]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        for value in (*node.args, *(word.value for word in node.keywords)):
            if isinstance(value, ast.Constant) and value.value in self.names:
                value.value = _WIDER[value.value]
        return node


def _numpys(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("np", "numpy")
    )


def formats(tree: ast.AST, file: str) -> set[Fact]:
    """Which of NumPy's short formats a program names; where is noted under the rows' names."""
    found: set[Fact] = set()
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    for names, row in ((HALF, WIDE_HALVES), (SINGLE, WIDE_SINGLES)):
        for line in sorted({node.lineno for node in nodes if _named(node, names)}):
            found |= row.facts
            FACTS.place(row.name, f"{names[0]} at {file}:{line}")
    return found


def _named(node: ast.AST, names: tuple[str, ...]) -> bool:
    if isinstance(node, ast.Call):
        values = (*node.args, *(word.value for word in node.keywords))
        return any(isinstance(v, ast.Constant) and v.value in names for v in values)
    return _numpys(node) and node.attr in names  # type: ignore[attr-defined,no-any-return]


WIDE_HALVES = on(
    "wide-halves", "reduced-precision", "NumPy's float16 is float32", 63,
    Fact.HALF_ARRAYS, axes=PAIR, format=torch.float16,
)  # fmt: skip
WIDE_SINGLES = on(
    "wide-singles", "dtype", "NumPy's float32 is float64", 77,
    Fact.SINGLE_ARRAYS, axes=PAIR, format=torch.float32,
)  # fmt: skip
ROWS = (WIDE_HALVES, WIDE_SINGLES)
