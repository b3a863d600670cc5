"""The chapter where DirectML does not work, whatever the reason."""

import importlib
import sys

import pytest

from tests.devices.test_directml import STUBS
from workbook.causes import directml
from workbook.devices import OUTCOMES, device, forget

FAULTS = {code: source for code, source in STUBS.items() if code not in ("ok", "timeout")}


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Give a function that puts a module named torch_directml on the path."""

    def put(source):
        (tmp_path / "torch_directml.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()

    forget()
    yield put
    sys.modules.pop("torch_directml", None)
    forget()


def test_the_accelerator_stands_in(monkeypatch):
    """Without the module the chapter opens on the simulated accelerator."""
    forget()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert directml.nearest() == "simulated"
    forget()


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_leaves_the_accelerator_and_a_sentence(module, code):
    """A module that fails or crashes leaves this process alive, with the reason in words."""
    module(FAULTS[code])
    assert directml.nearest() == "simulated"
    assert str(device("directml").absent()).startswith(OUTCOMES[code])
