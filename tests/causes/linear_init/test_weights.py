"""What nn.Linear draws."""

import math

import numpy as np
import pytest
import torch

from workbook.causes.linear_init import DISTRIBUTION, DTYPE, weights
from workbook.experiment import run


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("inputs", [1, 2, 64, 1024])
def test_numbers_lie_within_the_published_bound(inputs: int, seed: int) -> None:
    """nn.Linear's documentation: uniform between -1/sqrt(inputs) and 1/sqrt(inputs)."""
    result = run(DISTRIBUTION, inputs=inputs, seed=seed)
    assert result.finding.values["inside"] and result.finding.values["even"]
    assert 0.99 < result.finding.values["largest_over_limit"] < 1 + 1e-6


def test_the_gap_is_that_of_the_distribution_functions() -> None:
    """The largest gap agrees with one found by counting on both sides of every number."""
    numbers = np.random.default_rng(0).uniform(-1, 1, 50)
    counted = max(
        abs((numbers <= x).mean() - (x + 1) / 2)
        if side
        else abs((numbers < x).mean() - (x + 1) / 2)
        for x in numbers
        for side in (0, 1)
    )
    assert math.isclose(weights._gap(torch.from_numpy(numbers), 1.0), counted, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda x: 2 * x, "outside"), (lambda x: x.abs(), "not spread evenly")],
    ids=["too wide", "one-sided"],
)
def test_another_distribution_is_said(
    change: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that are too large, or all of one sign, are not called uniform."""
    honest = weights._numbers
    monkeypatch.setattr(weights, "_numbers", lambda *a: change(honest(*a)))  # type: ignore[operator]
    assert words in run(DISTRIBUTION).verdict


@pytest.mark.parametrize("seed", range(3))
def test_float64_draws_its_own(seed: int) -> None:
    """Built in float64, no weight is the float32 one; converted, each is."""
    values = run(DTYPE, seed=seed).finding.values
    assert values["share_kept"] < 0.01 and values["converted_exact"]
    assert values["largest_gap"] > 0.1


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "as converting gives"), (0.0, "unrelated"), (0.5, "some weights")]
)
def test_low_precision_is_said_as_it_comes(share: float, words: str) -> None:
    """All, none or some of the weights may be the float32 ones: each case has its sentence."""
    assert words in weights._dtype_verdict("bfloat16", share, False)
