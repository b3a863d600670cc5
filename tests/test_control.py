"""Controls: what is allowed, and the sentence for what is not."""

import pytest

from workbook.control import (
    Choice,
    Control,
    DeviceChoice,
    Dtype,
    Integer,
    LogRange,
    Seed,
    Toggle,
)

KINDS: tuple[Control, ...] = (
    Choice("order", "up", ("up", "down")),
    Integer("size", 4, 2, 20, step=2),
    LogRange("count", 1000, 2, 5),
    Toggle("fused", False),
    Seed(),
    Dtype(),
    DeviceChoice(),
)


@pytest.mark.parametrize("control", KINDS, ids=lambda control: type(control).__name__)
def test_a_control_allows_each_value_that_it_offers(control: Control) -> None:
    """Every value of `values()`, the opening one among them, passes `check` unchanged."""
    offered = list(control.values())
    assert control.opening in offered
    assert [control.check(value) for value in offered] == offered


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        (KINDS[0], "sideways", r"order is one of up, down; got 'sideways'"),
        (KINDS[1], 3, r"size is a whole number from 2 to 20 in steps of 2, got 3"),
        (KINDS[1], 10**9, r"from 2 to 20 .* got 1000000000"),
        (KINDS[2], 0, r"count is a power of 10 from 100 to 100000, got 0"),
        (KINDS[3], 1, r"fused is True or False, got 1"),
        (KINDS[4], -1, r"seed is a whole number from 0 to 4294967295, got -1"),
        (KINDS[4], 2**32, r"got 4294967296"),
        (KINDS[5], "float8", r"dtype is one of float64, float32, .*; got 'float8'"),
        (KINDS[6], "tpu", r"device is one of cpu, cuda, .*; got 'tpu'"),
    ],
)
def test_a_control_says_what_is_allowed_and_what_came(
    control: Control, value: object, words: str
) -> None:
    """A value outside the range is a ValueError of one sentence."""
    with pytest.raises(ValueError, match=words):
        control.check(value)


@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_a_whole_number_is_no_other_type(value: object) -> None:
    """A float, a string, None and a bool are refused as types, not rounded."""
    for control in (KINDS[1], KINDS[2], KINDS[4]):
        with pytest.raises(TypeError, match="is a whole number, got"):
            control.check(value)


def test_an_opening_value_must_itself_be_allowed() -> None:
    """A control that opens outside its own range cannot be made."""
    with pytest.raises(ValueError, match="got 99"):
        Integer("size", 99, 2, 20)


def test_a_choice_tells_true_from_one() -> None:
    """1 and True are equal in Python but are different options."""
    with pytest.raises(ValueError, match="got True"):
        Choice("count", 1, (1, 2)).check(True)
