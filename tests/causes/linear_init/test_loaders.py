"""One setting of a loader at a time; what PyTorch's documents state is the oracle."""

from __future__ import annotations

import pytest
import torch

from workbook.causes.linear_init import loaders
from workbook.causes.linear_init.loaders import LOADER_SETTINGS, SETTINGS
from workbook.experiment import run


@pytest.mark.parametrize(
    ("setting", "same"),
    [
        (loaders.ORDER, True),
        (loaders.COPIES, False),
        (loaders.DROPPED, False),
        (loaders.ITERATOR, False),
        (loaders.GENERATOR, False),
        (loaders.SEEDS, True),
    ],
)
def test_each_setting_does_what_is_documented(setting: str, same: bool) -> None:
    """Only some settings change who gets what, for whatever seed."""
    for seed in (0, 7):
        assert run(LOADER_SETTINGS, setting=setting, seed=seed).finding.values["same"] is same


def test_every_setting_has_words_for_both_outcomes() -> None:
    """No setting is left without a verdict, whatever comes out."""
    assert set(loaders.WORDS) == set(SETTINGS)
    assert all(len(set(words)) == 2 for words in loaders.WORDS.values())


def test_the_generators_are_as_before() -> None:
    """A loader that draws leaves no trace in the reader's own stream."""
    before = torch.get_rng_state()
    run(LOADER_SETTINGS, setting=loaders.ITERATOR)
    assert torch.equal(torch.get_rng_state(), before)
