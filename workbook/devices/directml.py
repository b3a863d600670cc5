"""DirectML: whether torch-directml can be used, found out without risk to this process.

Owns the check in a child process and a sentence for each of its nine outcomes. An import of
`torch_directml`, or a query of it, can end a process with a segmentation fault, so it is imported
here only after a child did all of it and lived. It may not know the other devices.
"""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

OUTCOMES = {
    "not-installed": "The package torch-directml is not installed.",
    "no-runtime": (
        "torch-directml is installed, but the DirectX libraries that it needs could not be loaded. "
        "They come with Windows; on WSL they come from /usr/lib/wsl/lib. "
        'On Windows "DLL load failed" may also mean '
        "that torch is not the version that torch-directml was built for."
    ),
    "import-error": "torch-directml is installed, but importing it failed.",
    "driver-error": "torch-directml loads, but the graphics driver answered with an error.",
    "no-adapter": "torch-directml loads, but it finds no DirectX 12 graphics adapter.",
    "crashed": "The check of torch-directml crashed, as it would have crashed this process.",
    "timeout": "The check of torch-directml did not finish within its time limit.",
    "wrong-result": "A small product on the DirectML device came out wrong, so it is not used.",
    "ok": "torch-directml works.",
}
"""The nine outcomes of the check, with a sentence each."""

TIME_LIMIT = 300.0
"""Seconds for the check: a cold disk and a busy machine make an import of torch take minutes."""

_CHILD = Path(__file__).with_name("directml_child.py")


@dataclass(frozen=True)
class Adapters:
    """What the check found: the outcome's code, a detail in the library's words, adapter names."""

    code: str
    detail: str = ""
    names: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The outcome in plain words, with the library's own words after it where it gave any."""
        words = OUTCOMES[self.code]
        return f"{words} ({self.detail})" if self.detail else words


def probe(*, time_limit: float | None = None) -> Adapters:
    """Find out, in a child process of at most `time_limit` seconds, whether DirectML works.

    The limit is TIME_LIMIT if none is given.

    The child imports torch_directml, asks whether it is available, counts and names its adapters
    and multiplies two 4 by 4 matrices of whole numbers. Where no module of that name exists, no
    child is started. Never raises for a fault of the library: each has its outcome.

    >>> probe().code in OUTCOMES
    True
    """
    if not _installed():
        return Adapters("not-installed")
    command = [sys.executable, str(_CHILD)]
    limit = TIME_LIMIT if time_limit is None else time_limit
    try:
        child = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Adapters("timeout", f"{_step(late.stdout)}, {limit:g} s")
    except OSError as error:
        return Adapters("crashed", f"no child process could be started: {error}")
    return _outcome(child.stdout, child.returncode)


def torch_device() -> torch.device:
    """Give the DirectML device; call it only where `probe` said ok."""
    library = importlib.import_module("torch_directml")
    device: torch.device = library.device()
    return device


def adapter_name() -> str:
    """Give the name of the adapter that is used; call it only where `probe` said ok."""
    library = importlib.import_module("torch_directml")
    return str(library.device_name(library.default_device()))


def _installed() -> bool:
    try:
        return importlib.util.find_spec("torch_directml") is not None
    except ValueError:  # loaded already, by somebody who gave the module no spec
        return True


def _lines(output: bytes | None) -> list[dict[str, object]]:
    """Give the child's lines of JSON; what the library itself prints is passed over."""
    names = []
    for line in (output or b"").decode("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            names.append(value)
    return names


def _step(output: bytes | None) -> str:
    steps = [str(line["step"]) for line in _lines(output) if "step" in line]
    return f"at the step: {steps[-1]}" if steps else "before its first step"


def _outcome(output: bytes, status: int) -> Adapters:
    reports = [line for line in _lines(output) if line.get("code") in OUTCOMES]
    if status != 0 or not reports:
        return Adapters("crashed", f"{_step(output)}, exit status {status}")
    names = reports[-1].get("names")
    return Adapters(
        str(reports[-1]["code"]),
        str(reports[-1].get("detail", "")),
        tuple(str(name) for name in names) if isinstance(names, list) else (),
    )
