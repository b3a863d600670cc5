"""The training by hand and by the library, and the scale of a loss."""

import math

import pytest
import torch
import torch.nn.functional as F

from workbook.causes.why_nan import LOSS_SCALE, NAN_TRAINING, loss_scale, training
from workbook.experiment import run


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_only_the_formula_by_hand_ends(seed: int) -> None:
    """At the opening settings the formula by hand ends and the library's does not."""
    values = run(NAN_TRAINING, seed=seed).finding.values
    assert values["ended"] == {training.BY_HAND: True, training.LIBRARY: False}


def test_small_inputs_hide_it() -> None:
    """With inputs up to 1 both losses are numbers, and close to each other."""
    result = run(NAN_TRAINING, scale=1.0)
    assert result.verdict == "Both losses are numbers to the end."
    by_hand, library = result.finding.values["losses"].values()
    assert all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(by_hand, library, strict=True))


def test_the_formula_is_cross_entropy_on_paper() -> None:
    """In float64, where nothing overflows, both formulas agree."""
    logits, labels = 8 * torch.rand(16, 3).double(), torch.arange(16) % 3
    torch.testing.assert_close(training.by_hand(logits, labels), F.cross_entropy(logits, labels))


def test_a_scale_saves_what_float16_loses() -> None:
    """Without a scale some gradients are 0, with the largest some are infinite, between neither."""
    values = run(LOSS_SCALE).finding.values
    assert values[loss_scale.LOST] > 0
    assert values[loss_scale.INFINITE] > 0
    assert values["safe"]


@pytest.mark.parametrize("stored", ["bfloat16", "float32"])
def test_a_wide_format_needs_no_scale(stored: str) -> None:
    """Formats with the range of float32 lose nothing at either end."""
    values = run(LOSS_SCALE, stored=stored).finding.values
    assert (values[loss_scale.LOST], values[loss_scale.INFINITE]) == (0, 0)


def test_what_float16_loses_is_below_half_its_smallest() -> None:
    """The share that becomes 0 is the share of gradients up to 2**-25, float16's limit."""
    torch.manual_seed(0)
    gradients = loss_scale._gradients(2**18)
    share = float((gradients.abs() <= 2.0**-25).double().mean())
    assert math.isclose(run(LOSS_SCALE).finding.values[loss_scale.LOST], share, abs_tol=1e-4)
