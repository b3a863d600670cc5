"""Loops over batches: the same loop with one row at a time.

Owns the change of the program's syntax tree, of loaders and of what cuts a tensor into parts.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader

from workbook.diagnosis.interventions.intervention import PAIR, Setting, on
from workbook.diagnosis.interventions.patching import patch
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import is_user_file

_Loop = TypeVar("_Loop", bound=ast.AST)


class Loops(ast.NodeTransformer):
    """Let every loop over `range(start, end, size)` go on by one, with that size replaced in it."""

    def _one_row(self, node: _Loop, over: ast.expr) -> _Loop:
        self.generic_visit(node)
        size = step(over)
        return node if size is None else _Ones(size).visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        return self._one_row(node, node.iter)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self._one_row(node, node.generators[0].iter)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self._one_row(node, node.generators[0].iter)


def step(over: ast.expr) -> ast.expr | None:
    """Give the third argument of `range`, where a loop is over that."""
    plain = isinstance(over, ast.Call) and isinstance(over.func, ast.Name)
    if plain and over.func.id == "range" and len(over.args) == 3:  # type: ignore[attr-defined]
        return over.args[2]  # type: ignore[attr-defined,no-any-return]
    return None


class _Ones(ast.NodeTransformer):
    """Puts 1 in place of an expression; a number is one only in `range` and in slices."""

    def __init__(self, size: ast.expr) -> None:
        self.size = ast.dump(size)
        self.anywhere = not isinstance(size, ast.Constant)
        self.inside = False

    def visit(self, node: ast.AST) -> Any:
        reached = isinstance(node, ast.expr) and (self.anywhere or self.inside)
        if reached and ast.dump(node) == self.size:
            return ast.copy_location(ast.Constant(1), node)
        was, self.inside = self.inside, self.inside or isinstance(node, ast.Slice) or _ranges(node)
        try:
            return super().visit(node)
        finally:
            self.inside = was


def _ranges(node: ast.AST) -> bool:
    return isinstance(node, ast.expr) and step(node) is not None


def has_loops(tree: ast.AST) -> bool:
    """Whether a program goes through something by a size."""
    return any(_ranges(node) for node in ast.walk(tree))


def _install(run: Setting) -> None:
    real = DataLoader.__init__

    @functools.wraps(real)
    def start(this: Any, dataset: Any, batch_size: Any = 1, *args: Any, **kwargs: Any) -> None:
        if batch_size is not None and batch_size != 1:
            FACTS.add(Fact.LOOPS)
            batch_size = 1 if run.has(ONE_ROW) else batch_size
        real(this, dataset, batch_size, *args, **kwargs)

    DataLoader.__init__ = start  # type: ignore[method-assign]
    for owner in (torch, torch.Tensor):
        for name in ("split", "chunk"):
            patch(owner, name, _cut(getattr(owner, name), run.has(ONE_ROW)))


def _cut(real: Callable[..., Any], acts: bool) -> Callable[..., Any]:
    split = torch.Tensor.split

    @functools.wraps(real)
    def call(value: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        parts = real(value, *args, **kwargs)
        rows = value.shape[0] if value.dim() else 0
        along = rows and sum(part.shape[0] for part in parts) == rows
        if not along or not is_user_file(sys._getframe(2).f_code.co_filename):
            return parts
        FACTS.add(Fact.LOOPS)
        return split(value, 1) if acts else parts

    return call


ONE_ROW = on(
    "one-row", "batch-coupling", "every loop over batches takes one row at a time", 72,
    Fact.LOOPS_OVER_BATCHES, axes=PAIR, install=_install,
)  # fmt: skip
ROWS = (ONE_ROW,)
