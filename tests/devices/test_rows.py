"""The table of devices: asking for one, its dtypes, and why it is absent."""

import dataclasses
import pickle
import sys
import warnings

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from workbook.devices import (
    DEVICES,
    DTYPES,
    DeviceUnavailable,
    device,
    forget,
    here,
    presence,
)


@pytest.fixture
def fresh():
    """Drop the kept answers before and after."""
    forget()
    yield
    forget()


def row_that_answers(*answers):
    """Make a row whose question gives the answers one after the other."""
    given = iter(answers)
    return dataclasses.replace(device("cpu"), name="stub", ask=lambda: next(given))


def test_six_kinds():
    """The table names each kind once."""
    assert [row.name for row in DEVICES] == ["cpu", "cuda", "mps", "xpu", "directml", "simulated"]


def test_an_unknown_name_lists_the_known():
    """A name that is not in the table is answered with those that are."""
    with pytest.raises(ValueError, match=r"must be one of cpu, cuda, .*, simulated, got 'tpu'"):
        device("tpu")


def test_a_notebook_shows_the_reason_alone(capsys, monkeypatch):
    """In a cell, an absent device is a sentence, and no traceback with the code that asked."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # which a shell replaces
    shell = InteractiveShell(config=Config(HistoryManager={"enabled": False}))
    shell.user_ns["absent"] = row_that_answers("There is no such device.")
    ran = shell.run_cell("absent.torch_device()")
    assert isinstance(ran.error_in_exec, DeviceUnavailable)
    told = "DeviceUnavailable: stub is not available here. There is no such device."
    assert capsys.readouterr().out.strip() == told


def test_the_cpu_is_always_here():
    """The processor and its simulated accelerator are on every machine."""
    assert {"cpu", "simulated"} <= {row.name for row in here()}


@pytest.mark.parametrize("row", DEVICES, ids=lambda row: row.name)
def test_a_device_is_here_or_says_why(row):
    """An absent device gives a sentence, and asking for it raises that sentence."""
    reason = row.absent()
    if reason is None:
        assert isinstance(row.torch_device(), torch.device)
        return
    assert reason[0].isupper()
    with pytest.raises(DeviceUnavailable) as raised:
        row.torch_device()
    assert reason in str(raised.value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_cpu_adds_in_each_of_its_dtypes(dtype):
    """Torch itself adds 1 and 1 in every dtype that the CPU's row lists."""
    one = torch.ones(1, dtype=getattr(torch, dtype), device=device("cpu").torch_device())
    assert dtype in device("cpu").dtypes
    assert (one + one).item() == 2


@pytest.mark.parametrize("row", here(), ids=lambda row: row.name)
def test_a_device_that_is_here_multiplies_in_each_of_its_dtypes(row):
    """Torch itself multiplies 2 by 3 in every dtype that a present device lists."""
    for dtype in row.dtypes:
        two = torch.full((1, 1), 2.0, dtype=getattr(torch, dtype)).to(row.torch_device())
        assert (two @ (two + 1)).cpu().item() == 6


def test_a_dtype_that_the_device_lacks():
    """The message names the device, its dtypes and what came."""
    message = "dtype on mps must be one of float32, bfloat16, float16, got 'float64'"
    with pytest.raises(ValueError, match=message):
        device("mps").require("float64")


def test_directml_does_not_promise_float64():
    """DirectML stores float64 and computes in float32, so that float64 is not among its dtypes."""
    with pytest.raises(ValueError, match="float64"):
        device("directml").require("float64")


def test_a_dtype_that_the_device_has():
    """A dtype of the device is accepted in silence."""
    assert device("cuda").require("bfloat16") is None


def test_the_answer_is_kept(fresh):
    """A device is asked for once a process."""
    row = row_that_answers("Gone.", None)
    assert row.absent() == row.absent() == "Gone."


def test_forget_asks_again(fresh):
    """After forget, the question is put anew."""
    row = row_that_answers("Gone.", None)
    assert row.absent() == "Gone."
    forget()
    assert row.absent() is None


def test_rows_travel_between_processes():
    """A row can be pickled, as a sweep in other processes needs."""
    assert pickle.loads(pickle.dumps(DEVICES)) == DEVICES


def test_no_cuda_in_this_build(monkeypatch):
    """A torch without CUDA says so."""
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None, raising=False)
    assert presence.cuda() == "This torch was built without CUDA."


@pytest.mark.parametrize("error", [None, RuntimeError("never asked")])
def test_cuda_that_works(monkeypatch, error):
    """A GPU that torch can use is here."""
    cuda_that(monkeypatch, available=error is not None, error=error)
    assert presence.cuda() is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            RuntimeError("Found no NVIDIA driver on your system. Please check that you have one"),
            "No NVIDIA driver was found on this machine.",
        ),
        (
            RuntimeError(
                "The NVIDIA driver on your system is too old (found version 11000).\nMore"
            ),
            "CUDA cannot be used here: "
            "The NVIDIA driver on your system is too old (found version 11000).",
        ),
        (
            RuntimeError("No CUDA GPUs are available"),
            "CUDA cannot be used here: No CUDA GPUs are available",
        ),
        (RuntimeError(), "CUDA cannot be used here: torch gives no reason."),
    ],
)
def test_cuda_that_does_not_work(monkeypatch, recwarn, error, reason):
    """What torch raises becomes the reason, and no warning is shown."""
    cuda_that(monkeypatch, available=False, error=error)
    assert presence.cuda() == reason
    assert not recwarn.list


def cuda_that(monkeypatch, *, available, error):
    """Stand in for a torch with CUDA that answers, or warns and then fails to start."""

    def is_available():
        warnings.warn("CUDA initialization: something", stacklevel=1)
        return available

    def init():
        if error is not None:
            raise error

    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    monkeypatch.setattr(torch.cuda, "init", init)


@pytest.mark.parametrize(
    ("built", "available", "reason"),
    [(False, False, presence.NO_MPS), (True, False, presence.NO_MAC_GPU), (True, True, None)],
)
def test_apple_gpu(monkeypatch, built, available, reason):
    """MPS is absent for want of a build or of a GPU, each with its own sentence."""
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: available)
    assert presence.mps() == reason


@pytest.mark.parametrize(
    ("built", "available", "reason"),
    [(False, False, presence.NO_XPU), (True, False, presence.NO_INTEL_GPU), (True, True, None)],
)
def test_intel_gpu(monkeypatch, built, available, reason):
    """XPU is absent for want of a build or of a GPU, each with its own sentence."""
    monkeypatch.setattr(torch._C, "_has_xpu", built, raising=False)
    monkeypatch.setattr(torch.xpu, "is_available", lambda: available)
    assert presence.xpu() == reason


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_a_started_accelerator_is_told_by_its_module(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever kind a process has used, it is that one's module of torch; none before."""
    for name in ("cuda", "xpu"):
        monkeypatch.setattr(getattr(torch, name), "is_initialized", lambda: False)
    assert presence.started() is None
    monkeypatch.setattr(getattr(torch, kind), "is_initialized", lambda: True)
    assert presence.started() is getattr(torch, kind)


@pytest.mark.parametrize("dtype", DTYPES)
def test_16_bit_sums_are_not_added_up_in_16_bits(dtype: str) -> None:
    """A sum of 16-bit numbers is added up in float32, and so is any without float64."""
    wide = {"cpu": "float64", "cuda": "float64", "directml": "float32", "simulated": "float32"}
    for name, widest in wide.items():
        assert device(name).adds_in(dtype) == ("float32" if dtype != "float64" else widest)
