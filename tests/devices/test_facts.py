"""The facts about this machine."""

import json
import os
import platform
import socket
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

from workbook.devices import device, facts, hardware, machine

ALWAYS = {
    *("python", "torch", "numpy", "os", "cpu", "cores"),
    *("capability", "threads", "blas", "devices"),
}


def test_the_facts_are_those_of_the_libraries():
    """Python, torch and NumPy are asked for their own versions, and torch for its threads."""
    found = machine()
    assert found["python"] == platform.python_version()
    assert found["torch"] == torch.__version__
    assert found["numpy"] == np.__version__
    assert found["threads"] == str(torch.get_num_threads())
    assert found["capability"] == torch.backends.cpu.get_cpu_capability()


def test_the_facts_are_words():
    """Every fact is a non-empty string, so that the whole is JSON as it stands."""
    found = machine()
    assert set(found) >= ALWAYS
    assert all(isinstance(value, str) and value for value in found.values())
    assert json.loads(json.dumps(found)) == found


def test_nothing_private():
    """Neither the computer's name nor the home folder is among the facts."""
    text = json.dumps(machine())
    assert os.path.expanduser("~") + "/" not in text
    assert len(socket.gethostname()) < 5 or socket.gethostname() not in text


def test_a_variable_that_changes_bits_is_told(monkeypatch):
    """A variable that can change the bits of a result is a fact while it is set."""
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert machine()["MKL_CBWR"] == "COMPATIBLE"
    monkeypatch.delenv("MKL_CBWR")
    assert "MKL_CBWR" not in machine()


@pytest.fixture
def not_read_yet():
    """Forget what was read of the GPU, before and after."""
    hardware.cuda.cache_clear()
    yield
    hardware.cuda.cache_clear()


def test_a_fork_says_that_the_gpu_is_out_of_reach(monkeypatch, not_read_yet):
    """A fork of a process in which CUDA runs measures on the CPU, with its facts."""
    monkeypatch.setattr(facts, "here", lambda: (device("cpu"), device("cuda")))
    monkeypatch.setattr(torch.cuda, "_is_in_bad_fork", lambda: True)
    assert machine()["cuda"] == "out of reach: CUDA started before this process was forked"


def test_every_kind_of_device_has_its_facts(monkeypatch, not_read_yet):
    """A device that is here adds what its driver and libraries say of themselves."""
    monkeypatch.setattr(
        facts, "here", lambda: tuple(map(device, ("cuda", "xpu", "mps", "directml")))
    )
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GPU A")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.xpu, "get_device_name", lambda: "GPU B")
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 90100)
    library = types.SimpleNamespace(device_name="adapter {}".format, default_device=lambda: 1)
    monkeypatch.setitem(sys.modules, "torch_directml", library)
    monkeypatch.setattr(hardware.metadata, "version", lambda name: f"{name} 0.2.5")
    monkeypatch.setattr(
        hardware, "_output", lambda *command: "550.54" if "nvidia-smi" in command else ""
    )
    found = machine()
    assert found["devices"] == "cuda, xpu, mps, directml"
    assert (found["cuda"], found["cuda_count"], found["xpu"]) == ("GPU A", "2", "GPU B")
    assert (found["cuda_driver"], found["cuda_runtime"]) == ("550.54", "12.6")
    assert (found["cudnn"], found["directml"]) == ("90100", "adapter 1")
    assert found["directml_version"] == "torch-directml 0.2.5"
    assert found["mps"] == found["cpu"]


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("Darwin", "macOS 14.5 (arm64)"),
        ("Windows", "Windows 11 (arm64)"),
        ("Linux", "Linux (arm64)"),
    ],
)
def test_the_name_of_the_system(monkeypatch, system, words):
    """Each system is named as its users name it, with the architecture."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "release", lambda: "11")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {})
    assert machine()["os"] == words


@pytest.mark.parametrize(
    ("system", "words"), [("Darwin", "Apple M2"), ("Windows", "Intel64"), ("Linux", "armv8")]
)
def test_the_name_of_the_processor(monkeypatch, system, words):
    """Each system has its own place for the processor's name; without one, the architecture."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: "armv8")
    monkeypatch.setattr(platform, "processor", lambda: "Intel64")
    monkeypatch.setattr(hardware, "_output", lambda *command: "Apple M2")
    monkeypatch.setattr(hardware.Path, "read_text", lambda *args, **options: "processor : 0\n")
    assert machine()["cpu"] == words


def test_a_system_that_hides_its_processor(monkeypatch):
    """Where the list of processors cannot be read, the architecture stands in."""

    def refuse(*args, **options):
        raise PermissionError("hidden")

    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(hardware.Path, "read_text", refuse)
    assert machine()["cpu"] == platform.machine()


@pytest.mark.parametrize(
    ("program", "words"),
    [("print('one\\ntwo')", "one"), ("print()", ""), ("print('no'); raise SystemExit(1)", "")],
)
def test_the_first_line_of_a_program(program, words):
    """A small program gives its first line, or nothing if it fails or is silent."""
    assert hardware._output("python3", "-c", program) == words


def test_a_program_that_is_missing_or_hangs(monkeypatch):
    """A program that is not there, or does not come back, gives nothing."""

    def hang(command, **options):
        raise subprocess.TimeoutExpired(command, 10)

    assert hardware._output("no-such-program-of-this-name") == ""
    monkeypatch.setattr(hardware.subprocess, "run", hang)
    assert hardware._output("python3") == ""
