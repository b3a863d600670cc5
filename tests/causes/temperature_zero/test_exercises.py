"""Answers that nobody foresaw still get a sentence that fits."""

from typing import Any

import pytest
import torch
from torch import Tensor

from workbook.causes.temperature_zero import ROWS_IN_COMPANY, SAFE_TOKENS, SAMPLES_IN_COMPANY
from workbook.question import judge


@pytest.mark.parametrize(
    ("safe", "words"),
    [
        (lambda logits, change: logits.amax(1), "True or False"),
        (lambda logits, change: torch.ones(len(logits), dtype=torch.bool), "is called safe"),
        (lambda logits, change: logits.amax(1) > 2 * change, "is called"),
    ],
)
def test_a_rule_that_is_no_rule(safe: Any, words: str) -> None:
    """What is wrong with it is said by the lead that it misjudges."""
    outcome = judge(SAFE_TOKENS, safe)
    assert outcome.status == "failed" and words in outcome.message


@pytest.mark.parametrize(
    ("fixed", "words"),
    [
        (lambda library, x, w: x @ w.T, "has to come from `library`"),
        (lambda library, x, w: library(x, w)[:1], "(rows, outputs) is meant"),
        (lambda library, x, w: 2 * library(x, w), "not the product"),
    ],
)
def test_a_product_that_is_none(fixed: Any, words: str) -> None:
    """A product by other means, of another shape, or another product is told."""
    outcome = judge(ROWS_IN_COMPANY, fixed)
    assert outcome.status == "failed" and words in outcome.message


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (lambda shares, seeds: torch.zeros(3), "one token for each"),
        (lambda shares, seeds: torch.full((len(seeds),), 99), "number of a column"),
        (lambda shares, seeds: torch.zeros(len(seeds), dtype=torch.long), "is anything drawn"),
        (lambda shares, seeds: shares.multinomial(1), "than alone"),
    ],
)
def test_samples_that_are_none(sample: Any, words: str) -> None:
    """Too few tokens, impossible ones, constant ones and unseeded ones are told apart."""
    outcome = judge(SAMPLES_IN_COMPANY, sample)
    assert outcome.status == "failed" and words in outcome.message


def test_seeding_the_global_generator_is_no_answer() -> None:
    """The tokens are right and other draws of the process are not: the stream is another."""

    def sample(shares: Tensor, seeds: list[int]) -> Tensor:
        tokens = []
        for row, seed in zip(shares, seeds, strict=True):
            torch.manual_seed(seed)
            tokens.append(row.multinomial(1))
        return torch.cat(tokens)

    outcome = judge(SAMPLES_IN_COMPANY, sample)
    assert outcome.status == "failed" and "a stream that all share" in outcome.message
