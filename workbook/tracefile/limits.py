"""How far rounding can bring the result of one operation of a trace file, known by norms alone.

Owns the limits and the word for a difference. Knows nothing of where in a run it is.

The limits are those of `bounds`, taken in the Frobenius norm: |A||B| has at most the norm of A
times the norm of B, a sum of n sizes at most sqrt(n) times the norm of what is summed (Cauchy and
Schwarz). Norms say less than elements do, so these limits are wider than those of `bounds`. Two
results of one operation are each within its limit of the truth, hence the factor 2.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from workbook.bounds import certain, likely
from workbook.floats import format_of
from workbook.tracefile.sketch import LEAST, distance
from workbook.tracefile.tape import Entry, Value, elements, shape_of

Word = Literal["identical", "rounding", "doubtful", "wrong", "left the range", "cannot tell"]
Limit = tuple[float, float, str]  # likely, certain, of what it follows

GROWTH = 2.0**10
"""Unit roundoffs that a result without a derived limit may be off and be called rounding."""

_EXACT = ("add", "sub", "rsub", "mul", "div", "sqrt", "relu", "threshold_backward")
_ELEMENTARY = ("exp", "log", "tanh", "sigmoid", "gelu", "silu", "erf", "sin", "cos", "rsqrt", "pow")


@dataclass(frozen=True)
class Judgment:
    """How far the results of one operation are apart, the word for it, and why that word.

    `relative` is the estimated norm of the difference over the norm of the result; NaN where the
    file keeps no sums of it.
    """

    word: Word
    relative: float = math.nan
    why: str = ""


def judged(ours: Entry, theirs: Entry, *, short_products: bool = False) -> Judgment:
    """Judge the results of one operation on equal inputs, on two machines.

    `short_products`: products may be computed from TF32 on one of the sides.
    """
    worst = Judgment("identical")
    for first, second in zip(ours.outputs, theirs.outputs, strict=True):
        if first.hash != second.hash:
            judgment = _judged(ours, first, second, short_products)
            worst = max(worst, judgment, key=lambda each: _ORDER.index(each.word))
    if worst.word == "identical" and ours.gave != theirs.gave:
        return Judgment("cannot tell", why="it gives a plain number, of which a file keeps a hash")
    return worst


_ORDER = ("identical", "rounding", "doubtful", "cannot tell", "left the range", "wrong")


def apart(first: Value, second: Value) -> float:
    """Estimate how far two tensors are apart, as a share of the larger norm; NaN where unknown."""
    if not first.sketch or not second.sketch:
        return math.nan
    top = max(first.sketch[0], second.sketch[0])
    return distance(first.sketch, second.sketch) / top if top else 0.0


def small(first: Value, second: Value) -> bool:
    """Say whether two tensors are so near that rounding may grow to it; False if unknown."""
    relative = apart(first, second)
    return relative <= GROWTH * _roundoff(first.kind)


def _judged(entry: Entry, first: Value, second: Value, short_products: bool) -> Judgment:
    if not first.sketch or not second.sketch:
        return Judgment(
            "cannot tell",
            why=f"no sums are kept of a tensor as small as {first.kind}; record both with --small",
        )
    finite = [math.isfinite(value.sketch[0]) for value in (first, second)]
    if finite != [True, True]:
        word: Word = "cannot tell" if not any(finite) else "left the range"
        return Judgment(word, why="infinity or NaN is among its results")
    relative, size = apart(first, second), max(first.sketch[0], second.sketch[0])
    limit = _limit(entry, first, short_products)
    if limit is None:
        near = relative <= GROWTH * _roundoff(first.kind)
        why = "by its size: no limit is derived for this operation"
        return Judgment("rounding" if near else "cannot tell", relative, why)
    probable, sure, name = limit
    gap = relative * size
    word = "rounding" if gap <= probable else "doubtful" if LEAST * gap <= sure else "wrong"
    return Judgment(
        word, relative, f"rounding is likely to stay within {probable / size:.2g}: {name}"
    )


def _limit(entry: Entry, made: Value, short_products: bool) -> Limit | None:
    """Give the limit on the difference of two results of this operation, where one is derived."""
    name = entry.name.removeprefix("aten.").split(".")[0].rstrip("_")
    dtype = made.kind.partition("[")[0]
    if not dtype.startswith(("float", "bfloat")):
        return None
    rules: dict[str, Callable[..., Limit | None]] = {
        **dict.fromkeys(("mm", "bmm", "addmm", "baddbmm", "mv", "dot"), _product),
        "convolution": _product,
        **dict.fromkeys(("sum", "mean"), _sum),
        **dict.fromkeys((*_EXACT, *_ELEMENTARY), _each),
    }
    return rules[name](name, entry, made, dtype, short_products) if name in rules else None


def _product(name: str, entry: Entry, made: Value, dtype: str, short: bool) -> Limit | None:
    tensors = entry.inputs[1:] if name in ("addmm", "baddbmm") else entry.inputs
    if len(tensors) < 2 or not (tensors[0].sketch and tensors[1].sketch):
        return None
    a, b = tensors[:2]
    shape = shape_of(b.kind if name == "convolution" else a.kind)
    depth = math.prod(shape[1:]) if name == "convolution" else shape[-1]
    repeated = math.prod(shape[2:]) if name == "convolution" else 1
    scale = math.sqrt(repeated) * a.sketch[0] * b.sketch[0]
    if len(entry.inputs) > 2:  # a bias is at most the result and the product together
        scale = 2 * scale + made.sketch[0]
    inputs = 4 * format_of("tf32").unit_roundoff if short and dtype == "float32" else 0.0
    probable = likely(depth + 1, dtype, results=elements(made.kind)) + inputs
    sure = certain(depth + 1, dtype) + inputs
    words = f"{depth} terms" + (", products from TF32" if inputs else "")
    return 2 * scale * probable, 2 * scale * sure, words


def _sum(name: str, entry: Entry, made: Value, dtype: str, short: bool) -> Limit | None:
    if not entry.inputs or not entry.inputs[0].sketch:
        return None
    terms = max(elements(entry.inputs[0].kind) // max(elements(made.kind), 1), 1)
    scale = math.sqrt(terms) * entry.inputs[0].sketch[0] / (terms if name == "mean" else 1)
    probable = likely(terms, dtype, results=elements(made.kind))
    return 2 * scale * probable, 2 * scale * certain(terms, dtype), f"{terms} terms"


def _each(name: str, entry: Entry, made: Value, dtype: str, short: bool) -> Limit | None:
    ulps = 1 if name in _EXACT else 4
    limit = 2 * ulps * 2 * _roundoff(made.kind) * made.sketch[0]
    return limit, limit, f"{ulps} ULPs of each element"


def _roundoff(kind: str) -> float:
    dtype: Any = getattr(torch, kind.partition("[")[0], None)
    if not isinstance(dtype, torch.dtype) or not (dtype.is_floating_point or dtype.is_complex):
        return 0.0
    return float(torch.finfo(dtype).eps) / 2
