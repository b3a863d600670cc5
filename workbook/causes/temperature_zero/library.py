"""A matrix library in a few lines, whose order of addition may follow the number of rows.

Owns the orders and the accumulators. Only products and sums of two tensors occur: IEEE 754 fixes
each of them, so the same order gives the same bits on every machine.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.causes.temperature_zero.model import Linear

Adding = Callable[[Tensor], Tensor]
MANY = 8  # rows from which on a call uses the other order
BY_ROWS, FIXED, TORCH = ORDERS = (
    "by the number of rows", "one fixed order", "torch's own F.linear",
)  # fmt: skip
ROUNDED, WIDE = ACCUMULATORS = ("each partial sum rounded", "float32, rounded at the end")


def halves(terms: Tensor) -> Tensor:
    """Add along the last dimension: entry k to entry k + n/2, until one is left."""
    terms = _whole_power(terms)
    while (n := terms.shape[-1]) > 1:
        terms = terms[..., : n // 2] + terms[..., n // 2 :]
    return terms[..., 0]


def pairs(terms: Tensor) -> Tensor:
    """Add along the last dimension: each entry to its neighbor, until one is left."""
    terms = _whole_power(terms)
    while terms.shape[-1] > 1:
        terms = terms[..., 0::2] + terms[..., 1::2]
    return terms[..., 0]


def _whole_power(terms: Tensor) -> Tensor:
    """Fill up with zeros, which change no sum, to a power of two."""
    n = terms.shape[-1]
    more = (1 << (n - 1).bit_length()) - n
    return F.pad(terms, (0, more)) if more else terms


def adding(add: Adding, accumulator: str) -> Linear:
    """Give a stand-in for `F.linear` without bias that adds in this order: x (..., K), w (N, K).

    `accumulator` is one of ACCUMULATORS.
    """

    def linear(x: Tensor, w: Tensor) -> Tensor:
        if accumulator == WIDE:
            return add(x.float()[..., None, :] * w.float()).to(x.dtype)
        return add(x[..., None, :] * w)

    return linear


def product(order: str, accumulator: str) -> Linear:
    """Give a product whose order of addition is one of ORDERS."""
    if order == TORCH:
        return F.linear
    few, many = adding(halves, accumulator), adding(pairs, accumulator)

    def linear(x: Tensor, w: Tensor) -> Tensor:
        rows = x.numel() // x.shape[-1]
        return many(x, w) if order == BY_ROWS and rows >= MANY else few(x, w)

    return linear


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
    """Attend from the last place, written out: every row by itself, always in one order."""
    scores = halves(q * k)
    if seen is not None:
        scores = scores.masked_fill(~seen[:, :, 0], -torch.inf)
    weights = (scores * q.shape[-1] ** -0.5).softmax(-1)
    return halves((weights[..., None] * v).transpose(2, 3))[:, :, None]
