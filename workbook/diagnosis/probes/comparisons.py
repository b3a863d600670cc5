"""The comparisons that a test makes: both sides, and the tolerance that it allows.

Owns the patches of what compares numbers in tests (`torch.testing`, `numpy.testing`, `allclose`,
`pytest.approx`, `==`), and how far the two sides are apart, in tolerances.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from workbook.trace.places import line_of

# what torch.testing.assert_close allows by default, as its documentation says
_BY_DTYPE = {
    torch.float16: (1e-3, 1e-5), torch.bfloat16: (1.6e-2, 1e-5), torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-7, 1e-7), torch.complex64: (1.3e-6, 1e-5), torch.complex128: (1e-7, 1e-7),
}  # fmt: skip
_LARGEST = 1 << 22  # numbers of a side that is kept
SEEN: list[Comparison] = []


@dataclass(frozen=True)
class Comparison:
    """Two sides that a test compares: what compared them, where, and what it allows.

    `gap` is the largest difference; `share` how many times the tolerance it is (infinite where none
    is allowed).
    """

    how: str
    line: str
    rtol: float
    atol: float
    actual: torch.Tensor
    expected: torch.Tensor

    @property
    def apart(self) -> torch.Tensor:
        """The differences, in float64."""
        return (self.actual.double() - self.expected.double()).abs()

    @property
    def share(self) -> float:
        """The largest difference, in tolerances."""
        apart = self.apart
        allowed = self.atol + self.rtol * self.expected.double().abs()
        shares = torch.where(apart == 0, torch.zeros_like(apart), apart / allowed)
        return float(torch.nan_to_num(shares, nan=float("inf")).max()) if apart.numel() else 0.0


def start() -> None:
    """Forget what was compared so far: a test begins."""
    SEEN.clear()


def note(how: str, line: str, actual: Any, expected: Any, rtol: float, atol: float) -> None:
    """Take down a comparison, where both sides are numbers of one shape."""
    sides = _tensor(actual), _tensor(expected)
    if sides[0] is None or sides[1] is None:
        return
    try:
        one, other = torch.broadcast_tensors(*sides)
    except RuntimeError:
        return
    if one.numel() <= _LARGEST:
        SEEN.append(Comparison(how, line, rtol, atol, one.clone(), other.clone()))


def _tensor(value: Any) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        plain = value.detach()
        plain = plain.to_dense() if plain.layout is not torch.strided else plain
        return None if plain.is_complex() else plain.cpu()
    if isinstance(value, (bool, str, bytes)) or value is None:
        return None
    if isinstance(value, (list, tuple)) and any(isinstance(one, torch.Tensor) for one in value):
        parts = [_tensor(one) for one in value]
        return torch.cat([p.reshape(-1) for p in parts if p is not None]) if parts else None
    if isinstance(value, dict):
        return _tensor(list(value.values()))
    try:
        made = np.asarray(value)
        return torch.from_numpy(made.copy()) if made.dtype.kind in "fiu" else None
    except (TypeError, ValueError):
        return None


def watch(approximate: tuple[type, ...] = ()) -> None:
    """Take down every comparison from now on; `approximate` are the classes of pytest.approx."""
    _patch(torch.testing, "assert_close", _torch_tolerance)
    _patch(torch, "allclose", _plain_tolerance)
    _patch(torch.Tensor, "allclose", _plain_tolerance)
    _patch(torch, "equal", lambda *_: (0.0, 0.0))
    _patch(np.testing, "assert_allclose", lambda a, b, rtol=1e-7, atol=0.0, *_: (rtol, atol))
    _patch(np.testing, "assert_array_equal", lambda *_: (0.0, 0.0))
    _patch(np.testing, "assert_equal", lambda *_: (0.0, 0.0))
    _patch(np.testing, "assert_almost_equal", lambda a, b, decimal=7, *_: (0.0, 1.5 * 10**-decimal))
    _patch(np.testing, "assert_array_almost_equal",
           lambda a, b, decimal=6, *_: (0.0, 1.5 * 10**-decimal))  # fmt: skip
    _patch(np, "allclose", _plain_tolerance)
    _patch(np, "array_equal", lambda *_: (0.0, 0.0))
    for kind in approximate:
        if "__eq__" in vars(kind):
            kind.__eq__ = _approximately(vars(kind)["__eq__"])  # type: ignore[assignment,method-assign]


def _plain_tolerance(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, *_: Any) -> Any:
    return rtol, atol


def _torch_tolerance(actual: Any, expected: Any, **more: Any) -> tuple[float, float]:
    kinds = [t.dtype for t in (_tensor(actual), _tensor(expected)) if t is not None]
    known = [_BY_DTYPE.get(kind, (0.0, 0.0)) for kind in kinds] or [(0.0, 0.0)]
    rtol, atol = max(known)
    given = more.get("rtol"), more.get("atol")
    return (rtol if given[0] is None else given[0]), (atol if given[1] is None else given[1])


_INSIDE = [False]  # of a comparison that makes others


def _patch(owner: Any, name: str, tolerance: Callable[..., tuple[float, float]]) -> None:
    real = getattr(owner, name)
    word = f"{getattr(owner, '__name__', owner)}.{name}"

    @functools.wraps(real)
    def compare(*args: Any, **kwargs: Any) -> Any:
        if _INSIDE[0]:
            return real(*args, **kwargs)
        _INSIDE[0] = True
        try:
            known = {k: v for k, v in kwargs.items() if k in ("rtol", "atol", "decimal")}
            sides = (*args, *(v for k, v in kwargs.items() if k not in known))[:2]
            if len(sides) == 2:
                line = line_of(sys._getframe(1))
                note(word, line, *sides, *tolerance(*sides, *args[2:4], **known))
            return real(*args, **kwargs)
        finally:
            _INSIDE[0] = False

    setattr(owner, name, compare)


def _approximately(real: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    @functools.wraps(real)
    def equal(self: Any, actual: Any) -> bool:
        if _INSIDE[0]:
            return real(self, actual)
        _INSIDE[0] = True
        try:
            rtol = 1e-6 if self.rel is None else float(self.rel)
            atol = 1e-12 if self.abs is None else float(self.abs)
            note("pytest.approx", line_of(sys._getframe(1)), actual, self.expected, rtol, atol)
            return real(self, actual)
        finally:
            _INSIDE[0] = False

    return equal
