"""A device that nobody has: one more row in the table, and the whole package knows it."""

import dataclasses
import random
import types

import pytest
import torch

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison.pair import near
from workbook.conditions import Conditions
from workbook.control import DeviceChoice
from workbook.devices import Device, DeviceUnavailable, device, forget, here, machine, rows
from workbook.devices.generators import Generators
from workbook.experiment import Experiment, run
from workbook.fingerprint import take
from workbook.result import Finding

OWN = random.Random(7)
EMPTY = Chart((Panel(Axis("x"), Axis("y"), (Series("none", (0.0,), (0.0,), "points"),), ""),))


def add(monkeypatch, *, reason=None):
    """Put a row for the device "abacus" into the table; it computes as the CPU does."""
    row = Device(
        name="abacus",
        title="Abacus",
        type="cpu",
        dtypes=("float32",),
        ask=lambda: reason,
        make=lambda: torch.device("cpu"),
        facts=lambda: {"abacus": "ten wires"},
        generators=Generators(OWN.getstate, OWN.setstate),
    )
    monkeypatch.setattr(rows, "DEVICES", (*rows.DEVICES, row))
    forget()


@pytest.fixture
def abacus(monkeypatch):
    """A table with one row more."""
    add(monkeypatch)
    yield
    forget()


def test_it_is_here_with_its_facts(abacus):
    """The facts of the machine name it and hold what its row says of it."""
    assert "abacus" in [row.name for row in here()]
    assert machine()["devices"].endswith("abacus")
    assert machine()["abacus"] == "ten wires"


def test_conditions_take_it(abacus):
    """Conditions allow its name, use its device and refuse a dtype that its row lacks."""
    assert Conditions(device="abacus").torch_device == torch.device("cpu")
    with (
        pytest.raises(ValueError, match="dtype on abacus must be one of float32, got 'float64'"),
        Conditions(device="abacus", dtype="float64"),
    ):
        pass


def test_its_random_state_is_put_back(abacus):
    """Numbers drawn from its own generator inside of a block are drawn again after it."""
    with Conditions():
        inside = OWN.random()
    assert OWN.random() == inside


def test_experiments_offer_it(abacus):
    """The menu of devices has it, and a result says that it was measured there."""

    def measure(where):
        return Finding("Nothing was measured.", "", EMPTY)

    result = run(Experiment("x", "?", "x", (DeviceChoice(),), measure), device="abacus")
    assert result.where.startswith("LIVE · abacus: ten wires · ")


def test_a_fingerprint_covers_it(abacus):
    """A fingerprint holds its bits beside the CPU's."""
    assert any(check.endswith(" on abacus") for check in take().bits)


def test_values_are_read_where_its_row_says(monkeypatch):
    """Values stay on a kind whose row lists float64, and come to the CPU from any other."""
    piece = types.SimpleNamespace(device=types.SimpleNamespace(type="abacus"), cpu=lambda: "CPU")
    assert near(piece) == "CPU"
    row = dataclasses.replace(device("cpu"), name="abacus", type="abacus")
    monkeypatch.setattr(rows, "DEVICES", (*rows.DEVICES, row))
    assert near(piece) is piece


def test_an_absent_one_says_why(monkeypatch):
    """Where its question has a reason, that is what the reader is told."""
    add(monkeypatch, reason="The wires are broken.")
    with pytest.raises(DeviceUnavailable, match=r"abacus is not available here\. The wires"):
        device("abacus").torch_device()
    forget()
