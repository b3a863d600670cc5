"""Sets that are gone through in an order that no hash decides.

Owns the two sets that do so: one sorted, one in the order of its filling.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any


class _Ordered(set):  # type: ignore[type-arg]  # stands for the user's set, of anything
    def pop(self) -> Any:
        """Take the first element."""
        first = next(iter(self))
        self.remove(first)
        return first


class SortedSet(_Ordered):
    """A set whose order follows its elements, not their hashes."""

    def __iter__(self) -> Iterator[Any]:
        plain = super().__iter__()
        try:
            return iter(sorted(plain))
        except TypeError:  # elements of several types
            return iter(sorted(set(self.copy()), key=lambda it: (type(it).__name__, repr(it))))


class FilledSet(_Ordered):
    """A set whose order is the one in which its elements came."""

    def __init__(self, elements: Iterable[Any] = ()) -> None:
        self._came: dict[Any, None] = {}
        super().__init__()
        self.update(elements)

    def __iter__(self) -> Iterator[Any]:
        rest = [each for each in super().__iter__() if each not in self._came]  # by way of ^=
        return iter([*(element for element in self._came if element in self), *rest])

    def add(self, element: Any) -> None:
        """Add an element at the end."""
        self._came.setdefault(element)
        super().add(element)

    def update(self, *others: Iterable[Any]) -> None:
        """Add all elements of the others."""
        for element in itertools.chain(*others):
            self.add(element)

    def __ior__(self, others: Any) -> Any:  # type: ignore[misc]  # __or__ is set below
        if not isinstance(others, (set, frozenset)):
            return NotImplemented
        self.update(others)
        return self

    def copy(self) -> "FilledSet":
        """Another set of the same elements in the same order."""
        return FilledSet(self)


def _again(kind: type, name: str) -> Any:
    real = getattr(set, name)

    def method(self: Any, *others: Any) -> Any:
        made = real(self, *others)
        if made is NotImplemented:
            return made
        return kind(element for element in itertools.chain(self, *others) if element in made)

    return method


for _name in ("__or__", "__and__", "__sub__", "__xor__", "__ror__", "__rand__", "__rsub__",
              "union", "intersection", "difference", "symmetric_difference"):  # fmt: skip
    for _kind in (SortedSet, FilledSet):
        setattr(_kind, _name, _again(_kind, _name))
