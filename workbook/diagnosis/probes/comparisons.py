"""The comparisons that a test makes: both sides, and the tolerance that it allows.

Owns the patches of what compares numbers in tests (`torch.testing`, `numpy.testing`, `allclose`,
`unittest`, `math.isclose`, `pytest.approx`, `==`), and how far the two sides are apart, in
tolerances.
"""

import contextlib
import functools
import math
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.testing._comparison import default_tolerances

from workbook.diagnosis.patching import line, wrap
from workbook.diagnosis.probes.values import as_tensor

_LARGEST = 1 << 22  # numbers of a side that is kept
SEEN: list["Comparison"] = []
TRIED: dict[int, float] = {}
"""Absolute tolerances that comparisons get in place of their own, by their number in SEEN."""


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
        shares = torch.nan_to_num(shares, nan=math.inf, posinf=math.inf)
        return float(shares.max()) if shares.numel() else 0.0


def start() -> None:
    """Forget what was compared so far: a test begins."""
    SEEN.clear()


def note(how: str, line: str, actual: Any, expected: Any, rtol: float, atol: float) -> bool | None:
    """Take down a comparison, where both sides are numbers of one shape.

    Gives whether the sides agree within the tolerance that is tried here, None where none is.
    """
    sides = _tensor(actual), _tensor(expected)
    if sides[0] is None or sides[1] is None:
        return None
    try:
        actual, expected = torch.broadcast_tensors(*sides)
    except RuntimeError:
        return None
    if actual.numel() > _LARGEST:
        return None
    SEEN.append(Comparison(how, line, rtol, atol, actual.clone(), expected.clone()))
    allowed = TRIED.get(len(SEEN) - 1)
    return None if allowed is None else bool((SEEN[-1].apart <= allowed).all())


def _tensor(value: Any) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        return None if value.is_complex() else as_tensor(value)
    if isinstance(value, (bool, str, bytes)) or value is None:
        return None
    if isinstance(value, (list, tuple)) and any(isinstance(part, torch.Tensor) for part in value):
        parts = [_tensor(part) for part in value]
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
    for owner, names, tolerance in _COMPARED:
        for name in names.split():
            word = f"{getattr(owner, '__name__', owner)}.{name}"
            wrap(functools.partial(_compared, word, tolerance), owner, name)
    for kind in approximate:
        if "__eq__" in vars(kind):
            wrap(_approximately, kind, "__eq__")


def _none(*_: Any) -> tuple[float, float]:
    return 0.0, 0.0


def _plain(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, *_: Any) -> tuple[float, float]:
    return rtol, atol


def _torchs(actual: Any, expected: Any, **more: Any) -> tuple[float, float]:
    sides = [side for side in (_tensor(actual), _tensor(expected)) if side is not None]
    rtol, atol = default_tolerances(*sides) if sides else (0.0, 0.0)
    given = more.get("rtol"), more.get("atol")
    return (rtol if given[0] is None else given[0]), (atol if given[1] is None else given[1])


def _places(
    a: Any, b: Any, places: int | None = None, _: Any = None, delta: float | None = None
) -> tuple[float, float]:
    return 0.0, 0.5 * 10 ** -(7 if places is None else places) if delta is None else delta


# What compares numbers, and what that allows: relative to the expected, and absolute.
_COMPARED: tuple[tuple[Any, str, Callable[..., tuple[float, float]]], ...] = (
    (torch.testing, "assert_close", _torchs),
    (torch, "allclose", _plain),
    (torch.Tensor, "allclose", _plain),
    (np, "allclose", _plain),
    (torch, "equal", _none),
    (np, "array_equal", _none),
    (np.testing, "assert_array_equal assert_equal", _none),
    (np.testing, "assert_allclose", lambda a, b, rtol=1e-7, atol=0.0, *_: (rtol, atol)),
    (np.testing, "assert_almost_equal",
     lambda a, b, decimal=7, *_: (0.0, 1.5 * 10**-decimal)),
    (np.testing, "assert_array_almost_equal",
     lambda a, b, decimal=6, *_: (0.0, 1.5 * 10**-decimal)),
    (unittest.TestCase, "assertEqual", _none),
    (unittest.TestCase, "assertAlmostEqual", _places),
    (math, "isclose", lambda a, b, *, rel_tol=1e-9, abs_tol=0.0: (rel_tol, abs_tol)),
)  # fmt: skip
_TOLERANCES = ("rtol", "atol", "decimal", "places", "delta", "rel_tol", "abs_tol")
_INSIDE = [False]  # of a comparison that makes others


@contextlib.contextmanager
def _outermost() -> Iterator[bool]:
    """Whether no other comparison is being made."""
    was, _INSIDE[0] = _INSIDE[0], True
    try:
        yield not was
    finally:
        _INSIDE[0] = was


def _compared(word: str, tolerance: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
    with _outermost() as outermost:
        known = {k: v for k, v in kwargs.items() if k in _TOLERANCES}
        given = args[1:] if args and isinstance(args[0], unittest.TestCase) else args
        sides = (*given, *(v for k, v in kwargs.items() if k not in known))[:2]
        if outermost and len(sides) == 2:
            agree = note(word, line(), *sides, *tolerance(*sides, *given[2:4], **known))
            if agree is False and ".assert" in word:
                raise AssertionError("further apart than the tolerance that is tried")
            if agree is not None:
                return None if ".assert" in word else agree
        return real(*args, **kwargs)


def _approximately(real: Any, self: Any, actual: Any) -> bool:
    with _outermost() as outermost:
        if outermost:
            rtol = 1e-6 if self.rel is None else float(self.rel)
            atol = 1e-12 if self.abs is None else float(self.abs)
            agree = note("pytest.approx", line(), actual, self.expected, rtol, atol)
            if agree is not None:
                return agree
        return bool(real(self, actual))
