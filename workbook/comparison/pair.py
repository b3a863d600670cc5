"""The pair that is compared: checked, and cut into pieces.

Owns what may be compared with what, and the pieces. Knows the formats; measures nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from workbook.bounds import Bound
from workbook.devices import computes
from workbook.floats import FORMATS, round_to

PIECE = 1 << 17
"""Elements compared at once: float64 copies of a piece stay in the processor's cache."""

_INTEGERS = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_FLOATS = tuple(fmt.dtype for fmt in FORMATS if fmt.dtype is not None)
_COMPLEX = (torch.complex32, torch.complex64, torch.complex128)


Limits = tuple[Tensor | float, Tensor | float, Tensor | float]


@dataclass(frozen=True)
class Pair:
    """Two checked tensors, or flat pieces of them.

    Bits and ULPs are those of `actual` with `expected`; differences those of `actual` with
    `exact`, or with `expected` where `exact` is None. `offset` is a piece's first flat index.
    `limits` are the bound's certain limit, its likely one and its scale, None without a bound;
    infinite for a scale that is not known.
    """

    actual: Tensor
    expected: Tensor
    exact: Tensor | None = None
    limits: Limits | None = None
    offset: int = 0


def plain_pair(actual: object, expected: object, bound: Bound | None) -> Pair:
    """Check two tensors of one shape, dtype and device; complex becomes pairs of reals."""
    a, b = _plain(actual, "actual"), _plain(expected, "expected")
    _check_alike(a, b)
    if a.dtype != b.dtype:
        raise ValueError(
            f"both dtypes must be the same, got {a.dtype} and {b.dtype}: "
            "convert one, or use error_of against a float64 truth"
        )
    return Pair(a, b, limits=_limits(bound, a))


def truth_pair(actual: object, exact: object, bound: Bound | None) -> Pair:
    """Check a floating tensor and its float64 truth."""
    a, b = _plain(actual, "actual"), _plain(exact, "exact")
    _check_alike(a, b)
    if a.dtype not in _FLOATS or b.dtype != torch.float64:
        raise ValueError(f"actual must be floating and exact float64, got {a.dtype} and {b.dtype}")
    return Pair(a, b, b, _limits(bound, a))


def pieces(pair: Pair) -> Iterator[Pair]:
    """Cut a pair into flat pieces of at most PIECE elements, in row-major order."""
    parts = [pair.actual, pair.expected]
    shape = pair.actual.shape
    parts += [limit.expand(shape) for limit in pair.limits or () if isinstance(limit, Tensor)]
    if all(part.is_contiguous() for part in parts):
        parts, shape = [part.view(-1) for part in parts], torch.Size([pair.actual.numel()])
    offset = 0
    for place in _places(tuple(shape)):
        # Only a piece is ever copied, whatever the strides.
        cut = [near(part[place].reshape(-1)) for part in parts]
        yield _piece(pair, cut, offset)
        offset += cut[0].numel()


def _piece(pair: Pair, cut: list[Tensor], offset: int) -> Pair:
    actual, expected, exact = cut[0], cut[1], None
    if pair.exact is not None:
        exact = expected
        expected = round_to(exact, actual.dtype).to(actual.dtype)
    tensors = iter(cut[2:])
    limits = tuple(
        _numbers(next(tensors).to(actual.device, torch.float64))
        if isinstance(limit, Tensor)
        else limit
        for limit in pair.limits or ()
    )
    return Pair(actual, expected, exact, cast(Limits, limits) or None, offset)


def _numbers(limit: Tensor) -> Tensor:
    """Let a limit of NaN admit nothing."""
    return limit.nan_to_num(nan=0.0, posinf=math.inf)


def near(piece: Tensor) -> Tensor:
    """Bring a piece to the CPU from devices that may lack float64."""
    return piece if computes(piece.device, "float64") else piece.cpu()


def _places(shape: tuple[int, ...]) -> Iterator[tuple[int | slice, ...]]:
    """Index blocks of at most PIECE elements, in row-major order; `shape` is not ()."""
    if math.prod(shape) == 0:
        return
    inner = math.prod(shape[1:])
    if inner <= PIECE:
        rows = PIECE // inner
        for start in range(0, shape[0], rows):
            yield (slice(start, start + rows),)
    else:
        for index in range(shape[0]):
            for place in _places(shape[1:]):
                yield (index, *place)


def _plain(tensor: object, name: str) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        kind = "quantized" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        raise TypeError(f"{name} must be a dense tensor, got a {kind} one: call .to_dense() first")
    if tensor.device.type == "meta":
        raise TypeError(f"{name} must hold values, got a meta tensor")
    if tensor.dtype not in (*_INTEGERS, *_FLOATS, *_COMPLEX):
        raise TypeError(f"{name} must have a dtype with a known format, got {tensor.dtype}")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def _check_alike(a: Tensor, b: Tensor) -> None:
    if a.shape != b.shape:
        raise ValueError(f"both shapes must be the same, got {tuple(a.shape)} and {tuple(b.shape)}")
    if a.device != b.device:
        raise ValueError(f"both devices must be the same, got {a.device} and {b.device}")


def _limits(bound: object, actual: Tensor) -> Limits | None:
    """Give the bound's limits, checked against the tensor that they are for."""
    if bound is None:
        return None
    if not isinstance(bound, Bound):
        raise TypeError(f"bound must be a Bound, got {type(bound).__name__}")
    if not actual.dtype.is_floating_point:
        raise ValueError(
            f"a bound needs floating-point tensors, got {actual.dtype}: whole numbers add up "
            "exactly, so compare without one"
        )
    scale = math.inf if bound.scale is None else bound.scale
    return (
        _fitting(bound.limit, actual),
        _fitting(bound.probable, actual),
        _fitting(scale, actual),
    )


def _fitting(limit: Tensor | float, actual: Tensor) -> Tensor | float:
    if not isinstance(limit, Tensor) or limit.dim() == 0:
        return 0.0 if math.isnan(limit) else float(limit)
    sizes = zip(reversed(limit.shape), reversed(actual.shape), strict=False)
    fits = limit.dim() <= actual.dim() and all(length in (1, size) for length, size in sizes)
    if not fits:
        raise ValueError(
            f"the bound's limit must broadcast to {tuple(actual.shape)}, got {tuple(limit.shape)}"
        )
    return limit
