"""The steps of the DirectML check, taken in this process with modules that cannot crash it."""

import json
import sys
import types

import pytest
import torch

from workbook.devices import directml_child


def library(**answers):
    """Make a stand-in for torch_directml that works, but for the given answers."""
    working = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "device_name": lambda number: f"adapter {number}",
        "device": lambda: torch.device("cpu"),
    }
    return types.SimpleNamespace(**{**working, **answers})


def importing(monkeypatch, answer):
    """Let the import of torch_directml give the answer, or raise it."""

    def import_module(name):
        if name != "torch_directml":
            return sys.modules[name]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(directml_child.importlib, "import_module", import_module)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError("libd3d12.so: cannot open"), "no-runtime"),
        (ImportError("DLL load failed while importing x"), "no-runtime"),
        (ImportError("cannot import name x"), "import-error"),
        (RuntimeError("Unknown error"), "import-error"),
    ],
)
def test_how_an_import_fails(monkeypatch, error, code):
    """A library that cannot be loaded is told from a module that is broken."""
    importing(monkeypatch, error)
    report = directml_child.check(lambda line: None)
    assert report == {"code": code, "detail": f"{type(error).__name__}: {error}"}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "ok"),
        ({"is_available": lambda: False}, "no-adapter"),
        ({"device_count": lambda: 0}, "no-adapter"),
        ({"device_name": lambda number: [][number]}, "driver-error"),
    ],
)
def test_what_a_library_answers(monkeypatch, answers, code):
    """Every answer of a loaded library has its outcome."""
    importing(monkeypatch, library(**answers))
    assert directml_child.check(lambda line: None)["code"] == code


def test_the_device_is_asked_for_last(monkeypatch):
    """The device is asked for only after the adapters are known: before, the call may crash."""
    asked = []
    importing(
        monkeypatch,
        library(
            is_available=lambda: asked.append("available") or True,
            device=lambda: asked.append("device") or torch.device("cpu"),
        ),
    )
    directml_child.check(lambda line: asked.append(line["step"]))
    assert asked == [
        *("import", "is an adapter available", "available", "count of adapters"),
        *("names of adapters", "4 by 4 product", "device"),
    ]


def test_a_wrong_product(monkeypatch):
    """A product that is off in one element is found out."""
    importing(monkeypatch, library())
    right = torch.matmul
    wrong = torch.zeros(4, 4)
    wrong[3, 3] = 1
    monkeypatch.setattr(torch, "matmul", lambda a, b: right(a, b) + wrong)
    report = directml_child.check(lambda line: None)
    assert report == {"code": "wrong-result", "names": ["adapter 0", "adapter 1"]}


def test_an_error_without_words(monkeypatch):
    """An error that says nothing is named by its kind."""
    importing(monkeypatch, OSError())
    assert directml_child.check(lambda line: None)["detail"] == "OSError: no message"


@pytest.mark.parametrize("missing", [True, False])
def test_each_line_is_json(monkeypatch, capsys, missing):
    """The steps and then the outcome are written, one line of JSON each, also on Windows."""
    importing(monkeypatch, library())
    limits = types.ModuleType("resource")
    limits.RLIMIT_CORE, limits.setrlimit = 4, lambda kind, pair: None
    monkeypatch.setitem(sys.modules, "resource", limits)
    if missing:
        refused = ImportError("no module named resource")
        working = directml_child.importlib.import_module

        def import_module(name):
            if name == "resource":
                raise refused
            return working(name)

        monkeypatch.setattr(directml_child.importlib, "import_module", import_module)
    directml_child.main()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line]
    assert lines[0] == {"step": "import"}
    assert lines[-1]["code"] == "ok"
