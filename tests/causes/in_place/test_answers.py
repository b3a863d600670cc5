"""Answers of this chapter that the workbook did not foresee."""

import copy

import torch

from workbook.causes.in_place import ADD_LEFT, SNAPSHOT
from workbook.question import judge


def test_a_deep_copy_is_a_snapshot() -> None:
    """Python's own deepcopy passes, though it is not the solution shown."""
    assert judge(SNAPSHOT, lambda model: copy.deepcopy(model.state_dict())).status == "passed"


def test_a_snapshot_of_something_else_is_told() -> None:
    """A list, a dict without its names, and one of arrays are no state dict."""

    def arrays(model: torch.nn.Module) -> dict:
        return {name: value.numpy().copy() for name, value in model.state_dict().items()}

    for answer in (lambda model: list(model.parameters()), lambda model: {}, arrays):
        outcome = judge(SNAPSHOT, answer)
        assert outcome.status == "failed" and "state_dict" in outcome.message


def test_new_memory_is_not_in_place() -> None:
    """The right values in another tensor are told apart from the right values in x."""

    def add_left(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x[:1], x[1:] + x[:-1]])

    outcome = judge(ADD_LEFT, add_left)
    assert outcome.status == "failed" and "new memory" in outcome.message


def test_statistics_belong_to_a_snapshot() -> None:
    """A dict of the parameters alone is told what it lacks."""
    outcome = judge(SNAPSHOT, lambda model: {k: v.clone() for k, v in model.named_parameters()})
    assert outcome.status == "failed" and "lacks 1.num_batches_tracked" in outcome.message
