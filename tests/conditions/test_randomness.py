"""Random states of devices that few machines have, with a stand-in for each."""

import dataclasses

import pytest
import torch

from workbook.conditions import Conditions
from workbook.devices import device, rows


@pytest.fixture
def only(monkeypatch):
    """Give a function that leaves one device in the table, and says that it is here."""

    def leave(name):
        row = dataclasses.replace(device(name), ask=lambda: None)
        monkeypatch.setattr(rows, "DEVICES", (row,))
        monkeypatch.setattr(rows, "_ANSWERS", {"cpu": None})
        monkeypatch.setattr(Conditions, "torch_device", torch.device("cpu"))

    return leave


@pytest.mark.parametrize(
    ("name", "getter", "setter"),
    [
        ("cuda", "get_rng_state_all", "set_rng_state_all"),
        ("xpu", "get_rng_state_all", "set_rng_state_all"),
        ("mps", "get_rng_state", "set_rng_state"),
    ],
)
def test_a_present_device_has_its_state_put_back(monkeypatch, only, name, getter, setter):
    """What the device's getter gave on entering is what its setter gets on leaving."""
    state, put_back = object(), []
    only(name)
    monkeypatch.setattr(getattr(torch, name), getter, lambda: state)
    monkeypatch.setattr(getattr(torch, name), setter, put_back.append)
    with Conditions(device=name):
        assert put_back == []
    assert put_back == [state]


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_a_forked_child_leaves_its_parents_device_alone(monkeypatch, only, name):
    """A forked child cannot use its parent's device, and asks it nothing."""
    only(name)
    monkeypatch.setattr(getattr(torch, name), "_is_in_bad_fork", lambda: True)
    monkeypatch.setattr(getattr(torch, name), "get_rng_state_all", None)
    with Conditions(device=name) as entered:
        assert entered == Conditions(device=name)
