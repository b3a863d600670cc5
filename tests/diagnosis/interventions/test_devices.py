"""Rows about another device, on a stand-in: tensors of the CPU that are taken for another's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from workbook.diagnosis.interventions import devices
from workbook.diagnosis.interventions.devices import WAIT, OnTheCpu
from workbook.diagnosis.interventions.intervention import Setting
from workbook.diagnosis.probes.facts import FACTS, Fact


class _StandIn(OnTheCpu):
    """The mode, for which every tensor is on another device."""

    away = staticmethod(lambda value: isinstance(value, torch.Tensor))


def _program() -> list[Any]:
    """Products, a view, a write in place, a gradient and a draw."""
    weight = torch.arange(6.0).reshape(2, 3).requires_grad_()
    loss = (weight.t() @ weight).relu().sum()
    loss.backward()
    total = torch.zeros(4)
    total[1:3].add_(2).mul_(3)
    kept = total
    kept += torch.rand(4, generator=torch.Generator().manual_seed(0))
    return [loss.detach(), weight.grad, total]


def test_what_is_computed_on_the_cpu_is_the_same() -> None:
    """Views, writes in place, gradients and draws go through the mode unchanged in every bit."""
    plain = _program()
    with _StandIn():
        moved = _program()
    assert all(torch.equal(a, b) for a, b in zip(plain, moved, strict=True))


def test_each_operation_is_computed_on_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation gets the CPU's tensors, not the device's."""
    x, seen = torch.ones(3), []
    monkeypatch.setattr(devices, "_home", lambda value: seen.append(value) or value.clone() + 1)
    with _StandIn():
        y = x * 2
    assert y.tolist() == [4.0] * 3 and seen and x.tolist() == [1.0] * 3


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What a copy is asked for, by a stand-in for `Tensor.copy_`."""
    asked: list[Any] = []
    owners = [torch.Tensor] * 3 + [torch.nn.Module, torch.cuda, torch.xpu]
    for owner, name in zip(owners, ["to", "cuda", "cpu", "to", "stream", "stream"], strict=True):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(torch.Tensor, "copy_", lambda *a, **k: asked.append((a[1:], k)))
    FACTS.start()
    yield asked
    FACTS.start()


@pytest.mark.parametrize(("on", "waits"), [(frozenset(), False), (frozenset({WAIT.name}), True)])
def test_a_copy_is_waited_for(copies: list[Any], on: frozenset[str], waits: bool) -> None:
    """`non_blocking=True` is noted, named or not, and is False where the row is active."""
    devices._waits(Setting(on=on))
    x = torch.ones(2)
    x.copy_(5)
    assert Fact.UNWAITED not in FACTS.seen
    x.copy_(5, non_blocking=True)
    x.copy_(5, True)
    assert copies == [((5,), {}), ((5,), {"non_blocking": not waits}), ((5, not waits), {})]
    assert Fact.UNWAITED in FACTS.seen and "non_blocking" in FACTS.lists["unsynchronised"][0]


@pytest.mark.parametrize(
    ("used", "calls", "seconds", "suffice"),
    [
        (False, 1, 99.0, False),
        (False, 2, 0.1, False),
        (False, 2, 99.0, True),
        (False, 3, 0.1, True),
        (True, 3, 0.1, False),
        (True, 3, 99.0, True),
        (True, 10, 0.1, True),
    ],
)
def test_more_calls_are_made_where_a_device_is_used_while_they_are_quick(
    monkeypatch: pytest.MonkeyPatch, used: bool, calls: int, seconds: float, suffice: bool
) -> None:
    """Three calls on a CPU, ten on a device; two, and never one, where they take long."""
    monkeypatch.setattr(devices, "_in_use", lambda: used)
    assert devices.enough(calls, seconds) is suffice
