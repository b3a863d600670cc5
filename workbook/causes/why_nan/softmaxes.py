"""Softmax in several spellings, on scores that are large or masked.

Owns what each of them gives. Scores and mask are the same for all; how the formula is written
differs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

MASK = -math.inf


def plain(scores: Tensor) -> Tensor:
    """Give exp(x) / sum exp(x), as it stands in books."""
    return scores.exp() / scores.exp().sum(-1, keepdim=True)


def shifted(scores: Tensor) -> Tensor:
    """Give the same with the largest score subtracted first, as libraries do."""
    return plain(scores - scores.amax(-1, keepdim=True))


SPELLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "plain": plain,
    "shifted": shifted,
    "torch": lambda scores: scores.softmax(-1),
}


def fully_masked(fill: float = MASK) -> Tensor:
    """Give torch's softmax of four scores, each of which is masked with `fill`."""
    scores = torch.tensor([0.5, 1.0, 1.5, 2.0])
    return scores.masked_fill(torch.ones(4, dtype=torch.bool), fill).softmax(-1)
