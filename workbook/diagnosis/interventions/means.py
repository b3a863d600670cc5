"""Means of batches' means: a small batch counts as much as a large one.

Owns the patches of what takes a mean of all elements: the losses of `torch.nn.functional`, and
`mean` where the program itself calls it. Means that are trained on are left alone.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
import torch.nn.functional as F

from workbook.diagnosis.interventions.intervention import PAIR, Setting, on
from workbook.diagnosis.interventions.patching import patch
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import line_of, user_frame

_LOSSES = (
    "mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy nll_loss binary_cross_entropy "
    "binary_cross_entropy_with_logits poisson_nll_loss gaussian_nll_loss hinge_embedding_loss"
)

TRAINED = "rows of means"  # that are trained on, since the last backward


@dataclass
class _Series:
    """The means that one line took while one function ran: how many, of how many rows, and which.

    The frame is kept so that no other function's frame gets its address meanwhile.
    """

    frame: FrameType
    count: int = 0
    rows: int = 0
    first: int = 0
    uneven: bool = False
    mean: Any = 0.0

    def weighed(self, value: torch.Tensor, rows: int, acts: bool) -> torch.Tensor:
        """Weigh a mean so that the mean of all means so far is the mean over all rows so far.

        Of k means with the rows' mean m(k) that is k m(k) - (k - 1) m(k - 1); for parts of one size
        it is the mean itself.
        """
        before, count = self.mean, self.count
        self.first = self.first or rows
        self.uneven |= rows != self.first
        self.count, self.rows = count + 1, self.rows + rows
        self.mean = before + (value.double() - before) * (rows / self.rows)
        if not self.uneven:
            return value
        FACTS.add(Fact.MEANS_OF_PARTS)
        FACTS.place("mean-of-means", line_of(self.frame))
        return ((count + 1) * self.mean - count * before).to(value.dtype) if acts else value


def _install(run: Setting) -> None:
    series: dict[str, _Series] = {}

    def watched(real: Callable[..., Any], by_program: bool) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            value = real(*args, **kwargs)
            first = args[0] if args else None
            if not isinstance(first, torch.Tensor) or not first.dim():
                return value
            if not isinstance(value, torch.Tensor) or value.dim() or not value.is_floating_point():
                return value
            if value.requires_grad:
                FACTS.counts[TRAINED] = FACTS.counts.get(TRAINED, 0) + first.shape[0]
                return value
            frame = user_frame(sys._getframe(2))
            if frame is None or (by_program and frame is not sys._getframe(2)):
                return value
            line = line_of(frame)
            if line not in series or series[line].frame is not frame:
                series[line] = _Series(frame)
            return series[line].weighed(value, first.shape[0], run.has(WEIGH_MEANS))

        return call

    for name in _LOSSES.split():
        patch(F, name, watched(getattr(F, name), False))
    for owner in (torch, torch.Tensor):
        patch(owner, "mean", watched(owner.mean, True))  # type: ignore[attr-defined]


WEIGH_MEANS = on(
    "weigh-means", "mean-of-means", "a batch's mean counts by its share of the rows", 28,
    Fact.MEANS_OF_PARTS, axes=PAIR, install=_install,
)  # fmt: skip
ROWS = (WEIGH_MEANS,)
