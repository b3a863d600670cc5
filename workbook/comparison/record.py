"""What a comparison found, as plain data, and the sentence that says it.

Owns Comparison. Knows no tensors and measures nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args

import torch

from workbook.floats import format_of
from workbook.wording import counted, percent

Verdict = Literal["identical", "rounding", "doubtful", "wrong", "left the range"]


@dataclass(frozen=True)
class Comparison:
    """Two tensors side by side, in plain numbers.

    `count` elements, of which `differing` differ in at least one bit. `incomparable` of those have
    no distance: NaN or infinity against anything else. `max_ulps` and `histogram` count steps of
    the format between the two values, over all other elements; `histogram` holds how many are 0, 1,
    2-3, 4-7, ... steps apart. They are None where no ULPs exist (integers, bool). `max_abs` is the
    greatest |first - second|, at `worst_index`; `max_rel` the greatest |first - second| / |second|,
    at `worst_rel_index`; both are infinite where something is incomparable. An index is None where
    nothing differs. `bound` is the greatest certain limit, `bound_used` the largest |first -
    second| / limit and `likely_used` the same for the likely limit: up to 1.0 a limit holds.
    `unseen` is the greatest |first - second| + limit: whatever else is in the difference is
    smaller. `unseen_share` is the greatest share of the sizes of the `terms` that a result is made
    of, each of them a `term`. Each is None without a bound, the last three where the bound does not
    know them.

    `verdict`: "identical" if every bit is equal; "rounding" if every difference is within the
    likely limit; "doubtful" if within the certain one: only roundings that pull one way, or a
    fault, go so far; "wrong" if some difference is beyond it; and "left the range" if infinity or
    NaN stands against a number and nothing finite is wrong. Without a bound every bit is expected
    to agree.

    >>> import torch
    >>> from workbook.comparison import compare
    >>> compared = compare(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.5]))
    >>> compared.verdict, compared.differing, compared.worst_index, compared.max_abs
    ('wrong', 1, (1,), 0.5)
    """

    first: str
    second: str
    shape: tuple[int, ...]
    dtype: str
    count: int
    differing: int
    incomparable: int
    max_ulps: int | None
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
    likely_used: float | None = None
    unseen: float | None = None
    unseen_share: float | None = None
    terms: int | None = None
    term: str | None = None

    @property
    def identical(self) -> bool:
        """Whether every bit is equal."""
        return self.verdict == "identical"

    @property
    def within(self) -> bool:
        """Whether rounding is enough to explain what differs, or nothing does."""
        return self.verdict in ("identical", "rounding")

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
            f"{pair}: mismatched elements: {self.differing} / {self.count} "
            f"({percent(self.share, 1)}); "
            f"greatest absolute difference: {self.max_abs:.3g}{_at(self.worst_index)}; "
            f"greatest relative difference: {self.max_rel:.3g}{_at(self.worst_rel_index)}"
        )
        if self.max_ulps is not None:
            text += f"; greatest distance: {counted(self.max_ulps, 'ULP')}"
        if self.incomparable:
            text += f"; NaN or infinity against another value: {self.incomparable}"
        return f"{text}. {self._judged()}"

    @property
    def may_lack(self) -> int:
        """How many terms of mean size the bound would not miss; 0 where it knows no terms."""
        if self.unseen_share is None or not self.terms:
            return 0
        if self.unseen_share >= 1:
            return self.terms
        return max(math.ceil(self.unseen_share * self.terms) - 1, 0)

    def unseen_words(self) -> str:
        """Say what the bound would not notice; empty where nothing was held against one."""
        if self.unseen is None:
            return ""
        if not self.unseen:
            return "nothing could hide here"
        text = f"a fault below {_rounded_up(self.unseen)} could hide here"
        if self.unseen_share is None or not self.terms:
            return text
        if not self.may_lack:
            few = f", but not the loss of one {self.term} of mean size"
            return text + (few if self.terms > 1 else "")
        lost = f"{self.may_lack:,} {self.term}s" if self.may_lack > 1 else f"one {self.term}"
        lost += " of mean size"
        if self.may_lack == self.terms:
            lost = f"all {self.terms:,} {self.term}s" if self.terms > 1 else "the whole result"
        return f"{text}, such as the loss of {lost}"

    def _judged(self) -> str:
        bad = f"infinite or NaN on one side only: {self.incomparable}"
        if self.verdict == "left the range":
            largest = format_of(getattr(torch, self.dtype)).largest
            return f"Left the range of {self.dtype} ({largest:.6g}), which no bound covers; {bad}."
        if self.bound_used is None or self.bound is None:
            return "Wrong: every bit was expected to agree."
        limit = f"the limit {self.bound:.2g} ({self.bound_name})"
        if self.verdict == "wrong":
            if self.bound == 0:
                return f"Wrong: {self.bound_name} allow no difference."
            used = f"{self.bound_used:.2g} times" if not self.incomparable else "beyond"
            return f"Wrong: {used} {limit}; no order of roundings goes so far."
        unseen = self.unseen_words()
        if self.verdict == "rounding":
            used = f"at most {self.bound_used:.2g} of {limit}"
            if self.may_lack:
                return f"Rounding, though {unseen}: {used}."
            return f"Rounding: {used}; {unseen}."
        return (
            f"Doubtful: {self.likely_used:.2g} times what rounding is likely to reach, "
            f"{self.bound_used:.2g} of {limit}. Only roundings that pull one way go so far, or a "
            f"fault: compute it again in float64; {unseen}."
        )

    def to_json(self) -> dict[str, Any]:
        """Give the comparison as plain data that json.dumps takes with allow_nan=False."""
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Comparison":
        """Read the comparison that `to_json` wrote; ValueError with the missing or damaged part."""
        names = [field.name for field in fields(cls)]
        needed = [field.name for field in fields(cls) if field.default is MISSING]
        missing = [name for name in needed if name not in data]
        if missing:
            raise ValueError(f"a comparison needs {', '.join(names)}; missing: {missing[0]}")
        if data["verdict"] not in get_args(Verdict):
            raise ValueError(
                f"verdict must be one of {', '.join(get_args(Verdict))}, got {data['verdict']!r}"
            )
        return cls(**{name: _restored(data[name]) for name in names if name in data})


def _rounded_up(value: float) -> str:
    """Write two digits of a number, rounded up, so that it stays below what is written."""
    if not value or not math.isfinite(value):
        return f"{value:g}"
    digits, _, exponent = f"{value:.1e}".partition("e")
    tenths, power = round(10 * float(digits)), int(exponent) - 1
    if float(f"{tenths}e{power}") < value:
        tenths += 1
    return f"{float(f'{tenths}e{power}'):.2g}"


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
