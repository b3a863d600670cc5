"""Chapter 03's experiments against formulas, float64 and torch's own switches."""

import itertools

import pytest
import torch

from workbook.causes.autograd import (
    AUTOCAST_WEIGHT,
    CLIPPING,
    GRADIENT_ORDER,
    MICRO_BATCHES,
    NOT_RECORDED,
    WEIGHT_NORM,
    WITHOUT_GRADIENTS,
)
from workbook.causes.autograd.clipping import _clip_verdict, _clipped_limit
from workbook.causes.autograd.gradient_order import _gradient
from workbook.causes.autograd.without_gradients import names
from workbook.experiment import run
from workbook.trace import Trace

FUSED = {
    "aten._transformer_encoder_layer_fwd.default",
    "aten._native_multi_head_attention.default",
}


@pytest.mark.parametrize("case", ["encoder layer, no_grad", "decoder layer, no_grad"])
def test_without_the_fused_kernel_every_bit_is_equal(case: str) -> None:
    """Forbidding the fused kernel takes any difference away; allowed, the fused kernel runs."""
    with Trace() as ran:
        run(WITHOUT_GRADIENTS, case=case)
    assert names(ran) & FUSED
    with Trace() as ran:
        assert run(WITHOUT_GRADIENTS, case=case, fast_path=False).finding.comparisons[0].identical
    assert not names(ran) & FUSED


def test_the_fused_kernel_stays_as_it_was() -> None:
    """The process-wide switch is put back, whichever way it stood."""
    for before in (False, True):
        torch.backends.mha.set_fastpath_enabled(before)
        run(WITHOUT_GRADIENTS, fast_path=not before)
        assert torch.backends.mha.get_fastpath_enabled() is before


def test_the_ways_give_what_the_rules_of_autograd_say() -> None:
    """What was not recorded raises, half of it cut out is right, a write to .data is silent."""
    values = run(NOT_RECORDED).finding.values
    assert values["y = 2x, then y.sum()"] == "right"
    assert values["x + x.detach()"] == "right"
    assert values["y = 2x under no_grad()"] == "raises RuntimeError"
    assert values["y = x², then x.data.mul_(2)"] == "wrong, silently"


def test_repeating_a_backward_pass_repeats_its_bits() -> None:
    """One program, 24 times: one gradient. Its additions reordered: still one."""
    assert run(GRADIENT_ORDER, changed="nothing").finding.values["distinct"] == 1
    assert run(GRADIENT_ORDER, changed="order of addition").finding.values["distinct"] == 1


def test_the_order_of_creation_changes_bits_within_the_bound() -> None:
    """More than one gradient comes out, and all are rounding apart."""
    finding = run(GRADIENT_ORDER).finding
    assert finding.values["distinct"] > 1
    assert finding.comparisons[0].verdict == "rounding"


def test_the_branches_have_the_gradient_of_calculus() -> None:
    """The gradient of the four branches is the derivative worked out by hand, to float64."""
    x = torch.rand(9, dtype=torch.float64)
    w = 0.3
    by_hand = 2 * w * x * x + 3 * w * w + 2 * w + x * x
    for order in itertools.permutations(range(4)):
        torch.testing.assert_close(_gradient(x, order, order), by_hand, rtol=1e-14, atol=0)


@pytest.mark.parametrize("parts", [2, 7, 16])
def test_micro_batches_that_divide_by_all_rows_are_rounding(parts: int) -> None:
    """However the rows are cut, the difference stays within the bound."""
    assert run(MICRO_BATCHES, parts=parts).finding.comparisons[0].verdict in (
        "identical",
        "rounding",
    )


def test_the_mean_of_means_is_wrong_where_parts_are_unequal() -> None:
    """With equal parts it is rounding; with 7 parts of 60 rows it breaks the bound."""
    way = "mean of the batches' means"
    equal = run(MICRO_BATCHES, parts=4, normalized=way).finding.comparisons[0]
    unequal = run(MICRO_BATCHES, parts=7, normalized=way).finding.comparisons[0]
    assert equal.verdict in ("identical", "rounding")
    assert unequal.verdict == "wrong"


def test_means_that_are_not_divided_are_as_many_times_too_large_as_there_are_parts() -> None:
    """Four equal parts give four times the gradient: exactly, as four is a power of two."""
    result = run(MICRO_BATCHES, parts=4, normalized="each batch's mean, undivided")
    assert result.finding.comparisons[0].verdict == "wrong"
    assert result.finding.values["times"] == pytest.approx(4, rel=1e-5)
    assert "as many times" in result.verdict


@pytest.mark.parametrize("scale", [1, 1000])
def test_clipping_keeps_a_relative_gap(scale: int) -> None:
    """The gap after is within what follows from the gap before, and a gap made by hand is not."""
    values = run(CLIPPING, scale=scale).finding.values
    assert values["before"] < 1e-5 and values["within"]
    assert values["after"] <= _clipped_limit(values["before"]) < 1e-4
    assert _clipped_limit(0.0) < 2.0**-24 * 20


def test_clipping_that_spread_gradients_would_be_said() -> None:
    """The verdict has words for the other outcome, too."""
    assert "drove the two gradients apart" in _clip_verdict(False)


def test_autocast_keeps_its_copy_until_the_block_ends() -> None:
    """Inside a block the old weight is used; in a new one, or without the cache, the new."""
    inside = run(AUTOCAST_WEIGHT).finding.values
    assert (inside["cached"], inside["uncached"]) == ("old", "new")
    between = run(AUTOCAST_WEIGHT, update="between two autocast blocks").finding.values
    assert (between["cached"], between["uncached"]) == ("new", "new")


@pytest.mark.parametrize("stretch", [1, 10**6])
def test_weight_normalization_adds_a_few_roundings(stretch: int) -> None:
    """However long the direction is, both errors stay within what their roundings add up to."""
    finding = run(WEIGHT_NORM, stretch=stretch).finding
    assert 0 < finding.values["normalized"] < 1e-5
    assert finding.verdict.startswith("Both ways stay within their bounds")
