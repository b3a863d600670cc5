"""Sets that are gone through in sorted order, for the intervention on orders that follow hashes.

Owns the set that does so, and the loading of a program in which every set is one.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_NAME = "__sorted_set__"


class SortedSet(set):  # type: ignore[type-arg]  # stands for the user's set, of anything
    """A set whose order follows its elements, not their hashes."""

    def __iter__(self) -> Iterator[Any]:
        plain = super().__iter__()
        try:
            return iter(sorted(plain))
        except TypeError:  # elements of several types
            return iter(sorted(set(self.copy()), key=lambda one: (type(one).__name__, repr(one))))

    def pop(self) -> Any:
        """Take the first element."""
        first = next(iter(self))
        self.remove(first)
        return first


def _again(name: str) -> Any:
    real = getattr(set, name)

    def method(self: Any, *others: Any) -> Any:
        made = real(self, *others)
        return SortedSet(made) if made is not NotImplemented else made

    return method


for _name in ("__or__", "__and__", "__sub__", "__xor__", "__ror__", "__rand__", "__rsub__",
              "union", "intersection", "difference", "symmetric_difference"):  # fmt: skip
    setattr(SortedSet, _name, _again(_name))


class _Sets(ast.NodeTransformer):
    """Turns every display and comprehension of a set into a sorted one."""

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        return self._made(node, ast.List(node.elts, ast.Load()))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return self._made(node, ast.GeneratorExp(node.elt, node.generators))

    @staticmethod
    def _made(node: ast.expr, content: ast.expr) -> ast.AST:
        call = ast.Call(ast.Name(_NAME, ast.Load()), [content], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


def has_sets(path: str) -> bool:
    """Whether a program makes sets."""
    return any(
        isinstance(node, (ast.Set, ast.SetComp))
        or (isinstance(node, ast.Name) and node.id in ("set", "frozenset"))
        for node in ast.walk(ast.parse(Path(path).read_text()))
    )


def fill(module: types.ModuleType, path: str) -> None:
    """Run the program in its module, with sorted sets."""
    tree = _Sets().visit(ast.parse(Path(path).read_text()))
    vars(module).update({_NAME: SortedSet, "set": SortedSet, "frozenset": SortedSet})
    exec(compile(tree, path, "exec"), vars(module))
