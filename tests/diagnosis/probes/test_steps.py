"""The steps of a training: the parts that differ first say what kind of cause there is."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest
import torch

from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS

Series = list[list[int]]


@pytest.fixture
def watched() -> Iterator[None]:
    """Every step of an optimizer is noted, for one test."""
    state = torch.get_rng_state()
    handle = steps.watch(0)
    yield
    handle.remove()
    FACTS.start()
    torch.set_rng_state(state)


class Training:
    """Two weights that are trained on random rows, with momentum."""

    def __init__(self) -> None:
        self.weight = torch.nn.Parameter(torch.tensor([1.0, -1.0]))
        self.optimizer = torch.optim.SGD([self.weight], lr=0.5, momentum=0.5)

    def go(self, count: int, *, extra: int = 0, scale: float = 1.0) -> None:
        """Train for some steps; draw once more before step `extra`."""
        for number in range(1, count + 1):
            if number == extra:
                torch.rand(1)
            loss = (self.weight * torch.rand(2)).sum().square() * scale
            self.optimizer.zero_grad()
            steps.loss(loss)
            loss.backward()
            self.optimizer.step()


def series(training: Training, count: int, **more: float) -> Series:
    """The vectors of a training from one seed."""
    FACTS.start()
    torch.manual_seed(0)
    training.go(count, **more)  # type: ignore[arg-type]
    return FACTS.lists["steps"]


def test_the_same_training_parts_nowhere(watched: None) -> None:
    """Two trainings from one seed agree in every part after every step."""
    assert steps.parted(series(Training(), 5), series(Training(), 5)) is None


def test_a_draw_in_between_is_seen_in_the_generator(watched: None) -> None:
    """One number more, drawn before step 3, shows in torch's generator after step 3."""
    found = steps.parted(series(Training(), 5), series(Training(), 5, extra=3))
    assert found is not None and found[0] == 3 and found[1][0] == "torch's generator"
    assert "draws more numbers" in steps.sentence(*found)


def test_a_lost_optimizer_leaves_loss_and_gradients(watched: None) -> None:
    """Resumed without momentum, the first step has the loss and gradients of the whole training."""
    trained = Training()
    series(trained, 3)
    resumed = Training()
    resumed.weight.data.copy_(trained.weight.data)
    found = steps.parted(series(copy.deepcopy(trained), 2), series(resumed, 2))
    assert found is not None and found[0] == 1
    assert set(found[1]) == {"its state", "parameters"}
    assert "the optimizer goes on" in steps.sentence(*found)


def test_another_forward_pass_shows_in_the_loss(watched: None) -> None:
    """Where generators agree and the loss does not, the forward pass is another."""
    found = steps.parted(series(Training(), 2), series(Training(), 2, scale=2.0))
    assert found is not None and found[0] == 1 and found[1][0] == "the loss"
    assert "forward pass" in steps.sentence(*found)


def test_weights_are_compared_as_far_as_both_go(watched: None) -> None:
    """A run that was ended early agrees with a whole one up to there."""
    whole, short = series(Training(), 5), series(Training(), 2)
    assert steps.same_weights(whole, short)
    assert not steps.same_weights(whole, series(Training(), 2, scale=2.0))


def test_a_run_ends_at_its_step() -> None:
    """The program is told to stop after that step, each time it goes on."""
    handle = steps.watch(2)
    training = Training()
    try:
        for _ in range(2):
            with pytest.raises(steps.Stopped):
                training.go(3)
        assert FACTS.counts["steps seen"] == 3
    finally:
        handle.remove()
        FACTS.start()


def test_who_only_watches_reads_large_steps_now_and_then() -> None:
    """After so many bytes tensors are read at powers of two, and losses at each step.

    A difference is seen at a power of two, unless a loss shows it before, and the step before was
    not read: an earlier one may be the first. Who reads all of it names that one.
    """
    handle = steps.watch(0, most=0)
    try:
        ours, theirs = series(Training(), 8), series(Training(), 8, extra=6)
    finally:
        handle.remove()
        FACTS.start()
    assert [row[0] for row in ours if steps.UNREAD not in row] == [1, 2, 4, 8]
    assert steps.parted(ours, theirs, steps.PARTS[-1:]) == (8, ("parameters",))
    found = steps.parted(ours, theirs, steps.COMPUTED)
    assert found == (6, ("the loss",))
    assert steps.skipped(ours, 6) and not steps.skipped(ours, 5)


def test_steps_are_laid_side_by_side_by_their_numbers(watched: None) -> None:
    """A series that begins later is compared where both have a step."""
    whole = series(Training(), 5)
    assert steps.parted(whole, whole[2:]) is None
    assert steps.parted(whole, series(Training(), 5, extra=4)[2:]) is not None
