"""Writes that overlap with what they read."""

import torch

from workbook.causes.in_place import OVERLAP
from workbook.causes.in_place.overlap import _verdict
from workbook.experiment import run


def test_one_by_one_in_order_is_what_the_wrong_values_are() -> None:
    """On one thread, the write that passes is Python's loop over the elements."""
    x = torch.arange(10.0)
    expected = list(range(10))
    for i in range(5):
        expected[2 * i] += expected[i]
    x[::2].add_(x[:5])
    assert x.tolist() == expected
    assert "x[::2].add_(x[:n])" in run(OVERLAP, size=64).finding.values["wrong"]


def test_what_torch_refuses_is_found() -> None:
    """The shifted add raises torch's own error, and is counted as refused."""
    values = run(OVERLAP, size=64).finding.values
    assert "x[1:].add_(x[:-1])" in values["raises"]
    assert "x.add_(x)" in values["right"]


def test_a_clone_cures_every_case() -> None:
    """Reading a copy, each write gives the arithmetic in float64."""
    assert run(OVERLAP, size=64).finding.values["cured"]


def test_one_thread_repeats() -> None:
    """Without a second thread the order is fixed, so that no wrong value varies."""
    assert run(OVERLAP).finding.values["varies"] == []


def test_each_outcome_has_its_words() -> None:
    """Varying, wrong, nothing wrong, and an uncured case are four sentences."""
    counts = ({"varies": 1, "wrong": 1}, {"varies": 0, "wrong": 1}, {"varies": 0, "wrong": 0})
    said = {_verdict(count, True) for count in counts} | {_verdict(counts[0], False)}
    assert len(said) == 4
