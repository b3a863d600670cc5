"""The user's program, changed before it runs: ordered sets, copies, wider formats, rows one by one.

Owns the changes of the program's syntax tree, and what its text shows. Lines keep their numbers.
"""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_map

from workbook.diagnosis.interventions.intervention import PAIR, Intervention, on
from workbook.diagnosis.interventions.sets import FilledSet, SortedSet
from workbook.diagnosis.probes.facts import FACTS, Fact

HALF, SINGLE = ("float16", "half"), ("float32", "single")
_WIDER = dict.fromkeys(HALF, "float32") | dict.fromkeys(SINGLE, "float64")
_SET, _COPY, _PLAIN = "__sorted_set__", "__copied__", "__contiguous__"
_KEEPS = frozenset(("append", "appendleft", "insert", "setdefault"))  # a container keeps its last


def facts(path: str) -> set[Fact]:
    """List what a program's text shows: sets, loops over batches, formats of NumPy's."""
    tree = ast.parse(Path(path).read_bytes())
    facts = formats(tree, Path(path).name)
    for node in ast.walk(tree):
        named = isinstance(node, ast.Name) and node.id in ("set", "frozenset")
        facts |= {Fact.SETS} if named or isinstance(node, (ast.Set, ast.SetComp)) else set()
        facts |= {Fact.LOOPS} if _size(node) is not None else set()
    return facts


def _call(name: str, node: ast.expr, content: ast.expr) -> ast.expr:
    made = ast.Call(ast.Name(name, ast.Load()), [content], [])
    return ast.fix_missing_locations(ast.copy_location(made, node))


class Sets(ast.NodeTransformer):
    """Turns every display and comprehension of a set into one that has an order."""

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        return _call(_SET, node, ast.List(node.elts, ast.Load()))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return _call(_SET, node, ast.GeneratorExp(node.elt, node.generators))


class Kept(ast.NodeTransformer):
    """Passes what a container is given, and what is given a name or returned, to a function."""

    def __init__(self, function: str) -> None:
        self.function = function

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        match node:
            case ast.Assign(value=value) | ast.Return(value=ast.expr() as value):
                node.value = self._passed(value)
            case ast.ListComp(elt=ast.Name() | ast.Attribute() | ast.Subscript()):
                node.elt = self._passed(node.elt)
            case ast.Call(func=ast.Attribute(attr="fromkeys")):  # one value for all keys
                return self._passed(node)
            case ast.Call(func=ast.Attribute(attr=name), args=[*_, last]) if name in _KEEPS:
                node.args[-1] = self._passed(last)
            case ast.BinOp(op=ast.Mult(), left=left, right=right):
                if any(isinstance(side, (ast.List, ast.Tuple)) for side in (left, right)):
                    return self._passed(node)  # [x] * 3 is one x under three names
        return node

    def _passed(self, node: ast.expr) -> ast.expr:
        return _call(self.function, node, node)


def _copied(value: Any) -> Any:
    """Give the value with tensors and arrays of its own, but for what is trained."""

    def copied(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor) and not (leaf.is_leaf and leaf.requires_grad):
            return leaf.clone()
        return leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf

    return tree_map(copied, value)


def _contiguous(value: Any) -> Any:
    return np.asarray(value, order="C") if isinstance(value, np.ndarray) else value


class Wider(ast.NodeTransformer):
    """Puts a wider format for some of NumPy's, written `np.float16` or, in a call, "float16"."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if _of_numpy(node, self.names):
            node.attr = _WIDER[node.attr]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        for text in _texts(node, self.names):
            text.value = _WIDER[str(text.value)]
        return node


def _of_numpy(node: ast.AST, names: tuple[str, ...]) -> bool:
    plain = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return plain and node.value.id in ("np", "numpy") and node.attr in names  # type: ignore[attr-defined,no-any-return]


def _texts(node: ast.AST, names: tuple[str, ...]) -> list[ast.Constant]:
    """Give the arguments of a call that are one of some texts."""
    if not isinstance(node, ast.Call):
        return []
    values = (*node.args, *(word.value for word in node.keywords))
    return [v for v in values if isinstance(v, ast.Constant) and v.value in names]


def formats(tree: ast.AST, file: str) -> set[Fact]:
    """Which of NumPy's short formats a program names; where is noted under the rows' names."""
    facts: set[Fact] = set()
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    for names, row in ((HALF, WIDE_HALVES), (SINGLE, WIDE_SINGLES)):
        lines = {n.lineno for n in nodes if _of_numpy(n, names) or _texts(n, names)}
        for line in sorted(lines):
            facts |= row.facts
            FACTS.place(row.name, f"{names[0]} at {file}:{line}")
    return facts


class Loops(ast.NodeTransformer):
    """Let every loop over `range(start, end, size)` go on by one, with that size replaced in it."""

    def generic_visit(self, node: ast.AST) -> Any:
        super().generic_visit(node)
        match node:
            case (
                ast.For(iter=over)
                | ast.ListComp(generators=[ast.comprehension(iter=over), *_])
                | ast.GeneratorExp(generators=[ast.comprehension(iter=over), *_])
            ) if (size := _size(over)) is not None:
                return _Ones(size).visit(node)
        return node


def _size(over: ast.AST) -> ast.expr | None:
    """Give the third argument of `range`, where something is that."""
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and len(over.args) == 3:
        return over.args[2] if over.func.id == "range" else None
    return None


class _Ones(ast.NodeTransformer):
    """Puts 1 in place of an expression; a number is one only in `range` and in slices."""

    def __init__(self, size: ast.expr) -> None:
        self.size = ast.dump(size)
        self.reached = not isinstance(size, ast.Constant)

    def visit(self, node: ast.AST) -> Any:
        if self.reached and isinstance(node, ast.expr) and ast.dump(node) == self.size:
            return ast.copy_location(ast.Constant(1), node)
        was = self.reached
        self.reached = was or isinstance(node, ast.Slice) or _size(node) is not None
        try:
            return super().visit(node)
        finally:
            self.reached = was


def _ordered(name: str, words: str, rank: int, kind: type) -> Intervention:
    return on(
        name, "hash-seed", words, rank, Fact.SETS, axes=PAIR, rivals="sets",
        rewrite=Sets().visit, names=((_SET, kind), ("set", kind), ("frozenset", kind)),
    )  # fmt: skip


WIDE_HALVES = on(
    "wide-halves", "reduced-precision", "NumPy's float16 is float32", 63, Fact.HALF_ARRAYS,
    axes=PAIR, format=torch.float16, rewrite=Wider(HALF).visit)  # fmt: skip
WIDE_SINGLES = on(
    "wide-singles", "dtype", "NumPy's float32 is float64", 77, Fact.SINGLE_ARRAYS, axes=PAIR,
    format=torch.float32, rewrite=Wider(SINGLE).visit)  # fmt: skip
COPY_KEPT = on(
    "copy-kept", "overlapping-memory", "what is kept is a copy", 81, Fact.UNEXPLAINED, axes=PAIR,
    rewrite=Kept(_COPY).visit, names=((_COPY, _copied),),
    fix="Keep a copy (x.clone(), copy.deepcopy(state)): what is kept changes with "
        "what it names.")  # fmt: skip
PLAIN_ARRAYS = on(
    "plain-arrays", "memory-layout", "arrays are contiguous wherever they have a name", 80,
    Fact.UNEXPLAINED, axes=PAIR, rewrite=Kept(_PLAIN).visit,
    names=((_PLAIN, _contiguous),))  # fmt: skip
ROWS = (
    _ordered("sorted-sets", "sets are gone through in sorted order", 73, SortedSet),
    _ordered("filled-sets", "sets are gone through in the order of their filling", 74, FilledSet),
    PLAIN_ARRAYS, COPY_KEPT, WIDE_HALVES, WIDE_SINGLES,
)  # fmt: skip
