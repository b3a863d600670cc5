"""Switches for TF32 by old and new names, narrower sums, and sums near overflow."""

import math

import numpy as np
import pytest
import torch

from workbook.causes.cudnn import half_products, overflow, switch_names, tensor_float
from workbook.causes.cudnn.half_products import HALF_PRODUCTS
from workbook.causes.cudnn.overflow import OVERFLOW
from workbook.causes.cudnn.switch_names import NEW_CUDNN, NEW_MATMUL, RAISES, SWITCH_NAMES
from workbook.causes.cudnn.tensor_float import TF32_REACH
from workbook.conditions import Conditions, tf32
from workbook.experiment import run

NEWER = pytest.mark.skipif(not tf32.has_newer(), reason="fp32_precision came with torch 2.9")


@NEWER
def test_old_names_raise_after_new_ones() -> None:
    """Reading the old name of a switch after setting it by the new one is refused."""
    reads = run(SWITCH_NAMES).finding.values["reads"]
    assert reads[f'{NEW_MATMUL} = "tf32"'][switch_names.OLD_MATMUL] == RAISES
    assert reads[f'{NEW_CUDNN} = "ieee"'][switch_names.OLD_CUDNN] == RAISES


def test_no_name_contradicts_the_other() -> None:
    """In every torch the other name agrees, raises, or is not there."""
    assert run(SWITCH_NAMES).verdict.startswith("The other name of a switch agrees")


def test_a_silent_contradiction_would_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading of something else than was set is named."""
    monkeypatch.setitem(switch_names.READ, switch_names.NEW_MATMUL, lambda: "ieee")
    assert "says something else than was set" in run(SWITCH_NAMES).verdict


@NEWER
def test_new_switches_are_put_back() -> None:
    """Conditions put back what a new name set inside them."""
    before = tf32.read()
    with Conditions():
        tf32.set_newer(("cuda", "matmul"), "tf32")
        assert tf32.read() != before
    assert tf32.read() == before


def test_an_older_torch_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no new switches, the error names the old ones."""
    monkeypatch.setattr(tf32, "has_newer", lambda: False)
    with pytest.raises(RuntimeError, match=r"came with torch 2\.9; set cudnn_tf32"):
        tf32.set_newer(("cuda", "matmul"), "tf32")


def test_what_a_switch_reaches_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose bits follow a switch stands in that switch's list."""
    monkeypatch.setattr(
        tensor_float,
        "REACHED",
        {"all": lambda x, w: x * (1 + (torch.get_float32_matmul_precision() == "high"))},
    )
    result = run(TF32_REACH)
    reached = {"switch of products": ["all"], "switch of convolutions": []}
    assert result.finding.values["reached"] == reached
    assert result.verdict == "The switches for TF32 reach some of these, each its own."


def test_every_function_on_the_list_runs() -> None:
    """All that the documents name computes something finite from the same two operands."""
    x, w = torch.rand(32, 32, 256), torch.rand(256, 256)
    for name, call in tensor_float.REACHED.items():
        with torch.no_grad():
            assert call(x, w).isfinite().all(), name


def test_flags_for_narrow_sums_are_put_back() -> None:
    """Each flag is as before, also after an exception."""
    names = ("allow_fp16_reduced_precision_reduction", "allow_bf16_reduced_precision_reduction")
    before = [getattr(half_products.MATMUL, name) for name in names]
    with pytest.raises(ZeroDivisionError), half_products._flag(names[0], False):
        raise ZeroDivisionError
    assert [getattr(half_products.MATMUL, name) for name in names] == before


def test_half_products_are_what_float64_computes() -> None:
    """Each finite error is a rounding of half precision, the halves cancel; flags are put back."""
    before = half_products.MATMUL.allow_fp16_reduced_precision_reduction
    errors = run(HALF_PRODUCTS).finding.values["errors"]
    assert half_products.MATMUL.allow_fp16_reduced_precision_reduction == before
    finite = [e for line in errors.values() for e in line.values() if math.isfinite(e)]
    assert finite
    assert max(finite) < 2**-6


def test_a_flag_that_changes_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a change the verdict claims none."""
    monkeypatch.setattr(half_products, "_error", lambda *_: 0.0)
    assert run(HALF_PRODUCTS).verdict == "No flag changed an error of these products."


def test_one_after_another_overflows_where_a_run_is_too_long() -> None:
    """A running sum is infinite from that run on of which the total exceeds the largest float32."""
    words = run(OVERFLOW).finding.values["words"]
    largest = float(np.finfo(np.float32).max)
    for period in overflow.PERIODS:
        fits = period * overflow.LARGE < largest
        assert (words[f"runs of {period}"]["one after another"] == "finite") == fits


def test_order_alone_decides_overflow() -> None:
    """Some arrangement overflows in one order of addition and not in another."""
    assert run(OVERFLOW).verdict.startswith("The same numbers overflow in one order")
