"""The machine's card: facts read here and now, and a reason for what is absent."""

import platform

import torch

from workbook.devices import DEVICES
from workbook.lesson import machine_card


def test_the_card_tells_this_machines_facts() -> None:
    """Versions and instruction set are those that Python and torch report."""
    facts = dict(machine_card().facts)
    assert facts["Python"] == platform.python_version()
    assert facts["torch"] == torch.__version__
    assert facts["instruction set in use"] == torch.backends.cpu.get_cpu_capability()


def test_every_device_is_here_or_says_why_not() -> None:
    """One row for each device: its formats where it is here, its reason where it is not."""
    rows = dict(machine_card().devices)
    assert set(rows) == {device.title for device in DEVICES}
    for device in DEVICES:
        reason = device.absent()
        assert rows[device.title] == reason or rows[device.title].startswith("here: ")


def test_the_page_escapes_and_the_text_has_the_same_rows() -> None:
    """Both forms hold every row; the page is a table with a caption."""
    card = machine_card()
    assert len(repr(card).splitlines()) == len(card.facts) + len(card.devices)
    assert card._repr_html_().count("<tr>") == len(card.facts) + len(card.devices)
    assert "<caption" in card._repr_html_()
