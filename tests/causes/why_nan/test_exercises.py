"""Answers that nobody foresaw still get a sentence that fits."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.causes.why_nan import FIRST_NOT_FINITE, REPAIR_THE_LOSS, SAFE_ROOT
from workbook.question import judge


def test_the_librarys_loss_passes() -> None:
    """torch's own loss is an answer."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    assert judge(REPAIR_THE_LOSS, loss).status == "passed"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda value: value[None], "one number"),
        (lambda value: value * 1.01, "the mean, over the rows"),
    ],
)
def test_a_loss_that_is_another(change: Any, words: str) -> None:
    """A loss of another shape or value is told by how much it misses."""

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        return change(F.cross_entropy(logits, labels))

    outcome = judge(REPAIR_THE_LOSS, loss)
    assert outcome.status == "failed" and words in outcome.message


def test_hooks_left_behind_are_noticed() -> None:
    """A finder that does not take its hooks off is told."""

    def first(model: nn.Module, x: Tensor) -> Any:
        names = {module: name for name, module in model.named_modules()}
        found = []

        def look(module: nn.Module, inputs: Any, output: Tensor) -> None:
            if inputs[0].isfinite().all() and not output.isfinite().all():
                found.append(names[module])

        for module in model.modules():
            module.register_forward_hook(look)
        model(x)
        return found[0] if found else None

    assert "still on the model" in judge(FIRST_NOT_FINITE, first).message


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (lambda x: x.clamp(min=0).sqrt(), "slope at 0"),
        (lambda x: torch.where(x > 1e-6, x.clamp(min=1e-6).sqrt(), 0.0), "1e-12"),
        (lambda x: x.abs().sqrt(), "x = −1"),
    ],
)
def test_a_root_that_is_another(root: Any, words: str) -> None:
    """A root that is wrong at one point is told at which."""
    outcome = judge(SAFE_ROOT, root)
    assert outcome.status == "failed" and words in outcome.message
