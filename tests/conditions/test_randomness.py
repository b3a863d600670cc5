"""Random states of devices that few machines have, with a stand-in for each."""

import types

import pytest
import torch

from workbook.conditions import Conditions, randomness


@pytest.mark.parametrize(
    ("name", "getter", "setter"),
    [
        ("cuda", "get_rng_state_all", "set_rng_state_all"),
        ("xpu", "get_rng_state_all", "set_rng_state_all"),
        ("mps", "get_rng_state", "set_rng_state"),
    ],
)
def test_a_present_device_has_its_state_put_back(monkeypatch, name, getter, setter):
    """What the device's getter gave on entering is what its setter gets on leaving."""
    state, put_back = object(), []
    row = types.SimpleNamespace(absent=lambda: None)
    gone = types.SimpleNamespace(absent=lambda: "Gone.")
    monkeypatch.setattr(randomness, "device", lambda asked: row if asked == name else gone)
    monkeypatch.setattr(getattr(torch, name), getter, lambda: state)
    monkeypatch.setattr(getattr(torch, name), setter, put_back.append)
    with Conditions():
        assert put_back == []
    assert put_back == [state]


@pytest.mark.parametrize("name", ["cuda", "xpu"])
def test_a_forked_child_leaves_its_parents_device_alone(monkeypatch, name):
    """A forked child cannot use its parent's device, and asks it nothing."""
    row = types.SimpleNamespace(absent=lambda: None)
    gone = types.SimpleNamespace(absent=lambda: "Gone.")
    monkeypatch.setattr(randomness, "device", lambda asked: row if asked == name else gone)
    monkeypatch.setattr(getattr(torch, name), "_is_in_bad_fork", lambda: True)
    monkeypatch.setattr(getattr(torch, name), "get_rng_state_all", None)
    with Conditions() as entered:
        assert entered == Conditions()
