"""What a comparison found, as plain data, and the sentence that says it.

Owns Comparison. Knows no tensors and measures nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

Verdict = Literal["identical", "rounding", "wrong"]


@dataclass(frozen=True)
class Comparison:
    """Two tensors side by side, in plain numbers.

    `count` elements, of which `differing` differ in at least one bit. `incomparable` of those have
    no distance: NaN or infinity against anything else. `max_ulps`, `median_ulps` and `histogram`
    count steps of the format between the two values, over all other elements; `histogram` holds
    how many are 0, 1, 2-3, 4-7, ... steps apart. They are None where no ULPs exist (integers,
    bool). `max_abs` is the greatest |first - second|, at `worst_index`; `max_rel` the greatest
    |first - second| / |second|, at `worst_rel_index`; both are infinite where something is
    incomparable. An index is None where nothing differs. `bound` is the greatest limit, and
    `bound_used` the largest |first - second| / limit: up to 1.0 the bound holds.

    `verdict`: "identical" if every bit is equal; "rounding" if every difference is within the
    bound; otherwise "wrong". Without a bound every bit is expected to agree.
    """

    first: str
    second: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    differing: int
    incomparable: int
    max_ulps: int | None
    median_ulps: float | None
    histogram: tuple[int, ...] | None
    worst_index: tuple[int, ...] | None
    max_abs: float
    worst_rel_index: tuple[int, ...] | None
    max_rel: float
    bound: float | None
    bound_name: str | None
    bound_source: str | None
    bound_used: float | None
    verdict: Verdict

    @property
    def identical(self) -> bool:
        """Whether every bit is equal."""
        return self.verdict == "identical"

    @property
    def share(self) -> float:
        """The share of elements that differ, from 0.0 to 1.0."""
        return self.differing / self.count if self.count else 0.0

    def sentence(self) -> str:
        """Say what differs, in this machine's digits, in assert_close's words and in ULPs."""
        pair = f"{self.first} and {self.second}"
        if self.identical:
            return f"{pair} are identical: all {self.count} elements agree in every bit."
        text = (
            f"{pair}: mismatched elements: {self.differing} / {self.count} ({self.share:.1%}); "
            f"greatest absolute difference: {self.max_abs:.3g}{_at(self.worst_index)}; "
            f"greatest relative difference: {self.max_rel:.3g}{_at(self.worst_rel_index)}"
        )
        if self.max_ulps is not None:
            text += f"; greatest distance: {self.max_ulps} ULP{'s' * (self.max_ulps != 1)}"
        if self.incomparable:
            text += f"; NaN or infinity against another value: {self.incomparable}"
        return f"{text}. {self._judged()}"

    def _judged(self) -> str:
        if self.bound_used is None or self.bound_name is None:
            return "Wrong: every bit was expected to agree."
        if self.verdict == "rounding":
            return f"Rounding: at most {self.bound_used:.2g} of the bound {self.bound_name}."
        if self.incomparable:
            return f"Wrong: no rounding within the bound {self.bound_name} makes NaN or infinity."
        return f"Wrong: {self.bound_used:.2g} times the bound {self.bound_name}."

    def to_json(self) -> dict[str, Any]:
        """The comparison as plain data that json.dumps takes with allow_nan=False."""
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison that `to_json` wrote; ValueError with the missing or damaged part."""
        names = [field.name for field in fields(cls)]
        missing = [name for name in names if name not in data]
        if missing:
            raise ValueError(f"a comparison needs {', '.join(names)}; missing: {missing[0]}")
        if data["verdict"] not in get_args(Verdict):
            raise ValueError(
                f"verdict must be one of {', '.join(get_args(Verdict))}, got {data['verdict']!r}"
            )
        return cls(**{name: _restored(data[name]) for name in names})


def _at(index: tuple[int, ...] | None) -> str:
    return "" if index is None else f" at index {index}"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    return list(value) if isinstance(value, tuple) else value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        return float(value["float"])
    return tuple(value) if isinstance(value, list) else value
