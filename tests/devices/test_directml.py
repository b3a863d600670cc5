"""The DirectML check: each of its nine outcomes, with modules that stand in for torch_directml."""

import importlib
import sys

import pytest

from workbook.devices import OUTCOMES, DeviceUnavailable, device, directml, forget, probe

WORKING = """
import torch
is_available = lambda: True
device_count = lambda: 1
device_name = lambda number: "Stub adapter"
device = lambda: torch.device("cpu")
"""

# What the child process meets, in place of the real module. The texts are the library's own.
STUBS = {
    "no-runtime": 'raise OSError("libd3d12.so: cannot open shared object file")',
    "import-error": 'raise ImportError("cannot import name torch_directml_native")',
    "driver-error": """
def is_available():
    raise RuntimeError("Unknown error -2147467259")
""",
    "no-adapter": "is_available = lambda: False",
    "crashed": """
import faulthandler
is_available = lambda: faulthandler._sigsegv()
""",
    "timeout": "import time; time.sleep(60)",
    "wrong-result": WORKING + "torch.matmul = lambda a, b: a * b",
    "ok": WORKING,
}


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Give a function that puts a module named torch_directml on the path."""

    def put(source):
        (tmp_path / "torch_directml.py").write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()

    forget()
    yield put
    sys.modules.pop("torch_directml", None)
    forget()


@pytest.mark.parametrize("code", STUBS)
def test_each_fault_has_its_outcome(stand_in, code):
    """A child process meets each fault of the library, and this process lives to name it."""
    stand_in(STUBS[code])
    limit = 0.5 if code == "timeout" else 3600
    assert probe(time_limit=limit).code == code
    assert "torch_directml" not in sys.modules


def test_the_outcomes_are_nine():
    """Every outcome that can come has a stub above, and the ninth is that there is no module."""
    assert {*STUBS, "not-installed"} == set(OUTCOMES)


def test_no_module_no_child(monkeypatch):
    """Where no module of that name exists, the answer comes without a child process."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(directml.subprocess, "run", None)
    assert probe().code == "not-installed"


def test_dll_load_failed_is_a_missing_runtime(stand_in):
    """On Windows missing libraries come as an ImportError; the sentence names both causes."""
    stand_in('raise ImportError("DLL load failed while importing torch_directml_native")')
    found = probe()
    assert found.code == "no-runtime"
    assert "built for" in found.sentence
    assert "/usr/lib/wsl/lib" in found.sentence
    assert "DLL load failed while importing" in found.sentence


def test_zero_adapters_are_none(stand_in):
    """A library that says available and then counts no adapter has none."""
    stand_in("is_available = lambda: True\ndevice_count = lambda: 0")
    assert probe().code == "no-adapter"


def test_a_fault_during_the_product_is_the_drivers(stand_in):
    """An error after the adapters were named is an error of the driver, in the library's words."""
    stand_in(WORKING.replace("import torch", "").replace('torch.device("cpu")', "1 / 0"))
    found = probe()
    assert found.code == "driver-error"
    assert found.detail == "ZeroDivisionError: division by zero"


def test_a_crash_names_its_step(stand_in):
    """The reader learns which question brought the library down."""
    stand_in(STUBS["crashed"])
    assert "is an adapter available" in probe().sentence


def test_a_late_answer_names_its_step_and_limit(stand_in):
    """The reader learns where the library hung and how long it was given."""
    stand_in(STUBS["timeout"])
    assert probe(time_limit=0.5).detail in (
        "at the step: import, 0.5 s",
        "before its first step, 0.5 s",
    )


def test_a_crash_at_the_very_end_counts(stand_in):
    """A library that answers and then brings the process down on its way out is not used."""
    stand_in(STUBS["no-adapter"] + "\nimport atexit, os\natexit.register(os._exit, 3)")
    assert probe().code == "crashed"


def test_noise_is_passed_over(stand_in):
    """What the library prints is not taken for the answer."""
    stand_in('print("[]")\nprint("{broken")\nprint("\\xff")\n' + STUBS["no-adapter"])
    assert probe().code == "no-adapter"


def test_no_child_no_crash(stand_in, monkeypatch):
    """Where no process can be started, that is an outcome and no exception."""
    stand_in(WORKING)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert "no child process" in probe().sentence


def test_a_module_without_a_spec_counts_as_installed(stand_in, monkeypatch):
    """A module that was put into sys.modules by hand is still asked about in a child."""
    stand_in(STUBS["no-adapter"])
    monkeypatch.setitem(sys.modules, "torch_directml", type(sys)("torch_directml"))
    assert probe().code == "no-adapter"


def test_the_device_comes_after_the_check(stand_in, monkeypatch):
    """Only after the check succeeded is the library imported, and its device given."""
    stand_in(WORKING)
    monkeypatch.setattr(directml, "probe", lambda: directml.Adapters("ok"))
    row = device("directml")
    assert row.absent() is None
    assert "torch_directml" not in sys.modules
    assert row.torch_device().type == "cpu"


def test_a_device_that_fails_later_is_unavailable(stand_in, monkeypatch):
    """A library that worked in the child and fails in this process gives a reason."""
    stand_in('raise OSError("gone")')
    monkeypatch.setattr(directml, "probe", lambda: directml.Adapters("ok"))
    with pytest.raises(DeviceUnavailable, match="was found but cannot be used: gone"):
        device("directml").torch_device()


def test_the_reason_for_an_absent_device_is_the_sentence(stand_in):
    """The row's reason is the outcome's sentence."""
    stand_in(STUBS["no-adapter"])
    assert device("directml").absent() == OUTCOMES["no-adapter"]
