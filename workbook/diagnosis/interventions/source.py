"""The user's program, loaded with changes: sets in an order of their own, copies of what is kept.

Owns the changes of the program's syntax tree. Lines keep their numbers.
"""

from __future__ import annotations

import ast
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from workbook.diagnosis.interventions import arrays, loops
from workbook.diagnosis.interventions.intervention import PAIR, Intervention, Setting, on
from workbook.diagnosis.interventions.sets import FilledSet, SortedSet
from workbook.diagnosis.probes.facts import Fact

_SET, _COPY = "__sorted_set__", "__copied__"
_KEEPS = frozenset(("append", "appendleft", "insert", "setdefault"))  # a container keeps its last
# what they return is the memory itself
_ALIASES = frozenset(("state_dict", "detach", "numpy", "from_numpy", "as_tensor", "asarray"))


def _call(name: str, node: ast.expr, content: ast.expr) -> ast.expr:
    made = ast.Call(ast.Name(name, ast.Load()), [content], [])
    return ast.fix_missing_locations(ast.copy_location(made, node))


class _Sets(ast.NodeTransformer):
    """Turns every display and comprehension of a set into one that has an order."""

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        return _call(_SET, node, ast.List(node.elts, ast.Load()))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return _call(_SET, node, ast.GeneratorExp(node.elt, node.generators))


class _Copies(ast.NodeTransformer):
    """Copies what a container is given, and what another name for the same memory is kept as."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _KEEPS and node.args:
            node.args[-1] = _call(_COPY, node.args[-1], node.args[-1])
        if isinstance(node.func, ast.Attribute) and node.func.attr == "fromkeys":
            return _call(_COPY, node, node)  # one value for all keys
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        repeats = isinstance(node.op, ast.Mult) and any(
            isinstance(side, (ast.List, ast.Tuple)) for side in (node.left, node.right)
        )
        return _call(_COPY, node, node) if repeats else node  # [x] * 3 is one x under three names

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.elt, (ast.Name, ast.Attribute, ast.Subscript)):
            node.elt = _call(_COPY, node.elt, node.elt)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        another_name = isinstance(node.value, (ast.Name, ast.Attribute, ast.Subscript))
        if another_name or any(isinstance(target, ast.Subscript) for target in node.targets):
            node.value = _call(_COPY, node.value, node.value)
        else:
            node.value = _Aliases().visit(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        if node.value is not None:
            node.value = _Aliases().visit(node.value)
        return node


class _Aliases(ast.NodeTransformer):
    """Copies every other name for the same memory that an expression makes."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        alias = isinstance(node.func, ast.Attribute) and node.func.attr in _ALIASES
        return _call(_COPY, node, node) if alias else node


def _copied(value: Any) -> Any:
    """Give the value with tensors and arrays of its own."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor) and not isinstance(leaf, torch.nn.Parameter):
            return leaf.clone()
        return leaf.copy() if isinstance(leaf, np.ndarray) else leaf

    return tree_map(one, value)


def facts(path: str) -> set[Fact]:
    """List what a program's text shows: sets, loops over batches, formats of NumPy's."""
    tree = ast.parse(Path(path).read_bytes())
    found = arrays.formats(tree, Path(path).name)
    found |= {Fact.SETS} if any(_makes_set(node) for node in ast.walk(tree)) else set()
    return found | ({Fact.LOOPS} if loops.has_loops(tree) else set())


def _makes_set(node: ast.AST) -> bool:
    return isinstance(node, (ast.Set, ast.SetComp)) or (
        isinstance(node, ast.Name) and node.id in ("set", "frozenset")
    )


def changes(run: Setting) -> bool:
    """Whether an active row changes the program's source."""
    return any(run.has(row) for row, _, _ in _CHANGES)


def fill(module: types.ModuleType, path: str, run: Setting) -> None:
    """Run the program in its module, changed as the active rows say."""
    tree = ast.parse(Path(path).read_bytes())
    for row, change, names in _CHANGES:
        if run.has(row):
            tree = change.visit(tree)
            vars(module).update(names)
    exec(compile(ast.fix_missing_locations(tree), path, "exec"), vars(module))


SORTED_SETS = on(
    "sorted-sets", "hash-seed", "sets are gone through in sorted order", 73,
    Fact.SETS, axes=PAIR, rivals="sets",
)  # fmt: skip
FILLED_SETS = on(
    "filled-sets", "hash-seed", "sets are gone through in the order of their filling", 74,
    Fact.SETS, axes=PAIR, rivals="sets",
)  # fmt: skip
COPY_KEPT = on(
    "copy-kept", "overlapping-memory", "what is kept is a copy", 81, Fact.UNEXPLAINED, axes=PAIR
)
ROWS = (SORTED_SETS, FILLED_SETS, COPY_KEPT)
# The rows that change the source, how, and the names that it uses then.
_CHANGES: tuple[tuple[Intervention, ast.NodeTransformer, dict[str, Any]], ...] = (
    (COPY_KEPT, _Copies(), {_COPY: _copied}),
    *(
        (row, _Sets(), {_SET: kind, "set": kind, "frozenset": kind})
        for row, kind in ((SORTED_SETS, SortedSet), (FILLED_SETS, FilledSet))
    ),
    (loops.ONE_ROW, loops.Loops(), {}),
    (arrays.WIDE_HALVES, arrays.Wider(arrays.HALF), {}),
    (arrays.WIDE_SINGLES, arrays.Wider(arrays.SINGLE), {}),
)
