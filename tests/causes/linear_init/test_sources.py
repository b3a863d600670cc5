"""Whom a seed reaches, here and in a loader's workers."""

import random

import numpy as np
import pytest
import torch

from workbook.causes.linear_init import SEEDED, WORKERS, sources
from workbook.causes.linear_init.loaders import loader_of, read
from workbook.causes.linear_init.sources import DRAWN, KEPT, NEW_GENERATOR, NOTHING, Draws
from workbook.experiment import run


def test_each_library_has_its_own_seed() -> None:
    """A seeding call reaches its own generator, all together reach all but fresh entropy."""
    repeats = run(SEEDED).finding.values
    reached = {
        call: {name for name, same in found.items() if same} for call, found in repeats.items()
    }
    assert reached == {
        "torch.manual_seed": {"torch.rand"},
        "np.random.seed": {"np.random.rand"},
        "random.seed": {"random.random"},
        "own.manual_seed": {"own torch.Generator"},
        "all four": {"torch.rand", "np.random.rand", "random.random", "own torch.Generator"},
    }


def test_a_device_follows_torch() -> None:
    """torch.manual_seed reaches the device's generator as well."""
    assert run(SEEDED, device="simulated").finding.values["torch.manual_seed"][
        "torch.rand on simulated"
    ]


def test_whoever_is_reached_is_named() -> None:
    """If torch.manual_seed reached others too, the verdict would name them."""
    assert sources._verdict(["random.random"]) == "torch.manual_seed reaches random.random."
    assert sources._verdict([]) == "torch.manual_seed reaches nobody."


def test_a_copied_generator_repeats_in_every_worker() -> None:
    """The dataset's generator gives NumPy's first number of seed 0 to each worker and epoch."""
    result = run(WORKERS)
    assert result.finding.values[KEPT]["within_a_run"]
    first = np.random.default_rng(0).random()
    assert [item[0] for item in read(loader_of(Draws(), 2))] == [first, first]


@pytest.mark.parametrize("init", [NOTHING, NEW_GENERATOR])
def test_the_base_seed_reaches_the_default_generators(init: str) -> None:
    """torch, NumPy and random differ between workers, and the same seed repeats them."""
    values = run(WORKERS, init=init).finding.values
    for name in DRAWN[1:]:
        assert not values[name]["within_a_run"] and values[name]["next_run_repeats"]


def test_worker_init_cures_the_copy() -> None:
    """With a generator from torch.initial_seed() each worker draws its own, and runs repeat."""
    values = run(WORKERS, init=NEW_GENERATOR).finding.values[KEPT]
    assert not values["within_a_run"] and values["next_run_repeats"]


def test_without_workers_the_parents_generators_draw() -> None:
    """With no worker, NumPy and random are those of this process, which nobody seeded."""
    result = run(WORKERS, workers=0)
    assert result.verdict.endswith("does not repeat np.random.rand and random.random.")


def test_worker_init_outside_a_worker_does_nothing() -> None:
    """Called in the parent, there is no dataset to change and no error."""
    before = torch.get_rng_state(), random.getstate()
    sources.give_own_generator(0)
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == random.getstate()


def test_other_outcomes_have_their_sentences() -> None:
    """Numbers that come twice from a default generator are named."""
    found = {"within_a_run": True, "next_run_repeats": True}
    assert sources._workers_verdict({"torch.rand": found}).endswith("twice from torch.rand.")
