"""Agreement with an expected value, bit for bit, and the sentence where there is none."""

import pytest
import torch

from workbook.question import agree


def test_the_same_bits_agree():
    """Two tensors with the same bits agree."""
    assert agree(torch.arange(4.0), torch.arange(4.0)) is True


def test_the_same_nan_agrees():
    """A NaN agrees with the same NaN, though `==` says no."""
    assert agree(torch.tensor([float("nan")]), torch.tensor([float("nan")])) is True


def test_the_sign_of_zero_counts():
    """0.0 and -0.0 are equal and yet do not agree; the message says where to look."""
    assert "sign of zeros" in agree(torch.tensor([0.0]), torch.tensor([-0.0]))


def test_a_nan_and_a_number_differ():
    """A NaN in place of a number counts as a difference, at its index."""
    got = torch.tensor([[1.0, float("nan")]])
    assert "1 of 2 values differs" in agree(got, torch.ones(1, 2))


def test_the_first_difference_is_placed():
    """The message counts the differing values and gives the first index."""
    got, expected = torch.zeros(2, 3), torch.zeros(2, 3)
    got[1, 1:] = 1
    assert agree(got, expected) == (
        "2 of 6 values differ from the expected one, the first at index 1, 1."
    )


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (torch.zeros(3), "shape (3)"),
        (torch.zeros(2, dtype=torch.float64), "dtype float64"),
        ([0.0, 0.0], "a list of 2"),
        (None, "None"),
    ],
)
def test_another_form_is_named(got, words):
    """A wrong shape, dtype or type is named before any value is compared."""
    assert words in agree(got, torch.zeros(2))


def test_integers_agree():
    """Whole-number tensors are compared too."""
    assert agree(torch.arange(3), torch.arange(3)) is True


@pytest.mark.parametrize(("got", "same"), [(3, True), (4, False), ("3", False)])
def test_other_values_are_compared_with_equals(got, same):
    """What is no tensor is compared with `==`."""
    assert agree(got, 3) is same
