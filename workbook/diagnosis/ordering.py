"""Sets that are gone through in sorted order, for the intervention on orders that follow hashes.

Owns the set that does so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


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
