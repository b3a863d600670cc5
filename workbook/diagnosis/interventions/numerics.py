"""How numbers are computed: compile, autocast, tiny numbers, instruction sets.

Owns the patches of those switches.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

import torch

from workbook.diagnosis.interventions.intervention import AGAIN, MODULE, PAIR, Setting, Stage, on
from workbook.diagnosis.patching import line, wrap, wrap_named
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch

CPU_VARIABLES = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}


def _compile(run: Setting) -> None:
    def compiled(real: Any, model: Any = None, **options: Any) -> Any:
        FACTS.add(Fact.COMPILES)
        if run.has(NO_COMPILE):
            return model if model is not None else (lambda function: function)
        for mode in Dispatch.__subclasses__():
            mode.stay_away()
        return real(model, **options)

    def method(real: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.COMPILES)
        return None if run.has(NO_COMPILE) else real(*args, **kwargs)

    wrap(compiled, torch, "compile")
    wrap(method, torch.nn.Module, "compile")


def _autocast(run: Setting) -> None:
    def start(real: Any, given: dict[str, Any]) -> None:
        FACTS.add(Fact.AUTOCAST)
        if run.has(NO_AUTOCAST):
            given["enabled"] = False
        if run.has(NO_AUTOCAST_CACHE):
            given["cache_enabled"] = False
        real(**given)

    wrap_named(start, torch.autocast, "__init__")


def _flush(run: Setting) -> None:
    def flush(real: Any, mode: bool) -> bool:
        FACTS.add(Fact.FLUSHES, "denormals", f"set_flush_denormal at {line()}")
        return bool(real(mode and not run.has(NO_FLUSH)))

    wrap(flush, torch, "set_flush_denormal")


def _hold_cpu(run: Setting) -> None:
    """Fix the CPU's instruction set now, and for processes that the program starts."""

    def start(real: Any, *args: Any, env: Any = None, **kwargs: Any) -> None:
        given = os.environ if env is None else env
        real(*args, env={k: v for k, v in given.items() if k not in CPU_VARIABLES}, **kwargs)

    if run.has(HOLD_CPU):
        torch.backends.cpu.get_cpu_capability()
        torch.ones(4, 4) @ torch.ones(4, 4)
        wrap(start, subprocess.Popen, "__init__")


NO_COMPILE = on(
    "no-compile", "compile", "nothing is compiled", 10, Fact.COMPILES, axes=PAIR | MODULE,
    install=_compile)  # fmt: skip
NO_AUTOCAST_CACHE = on(
    "no-autocast-cache", "autocast-cache", "autocast keeps no cast weights", 21, Fact.AUTOCAST,
    axes=PAIR, install=_autocast)  # fmt: skip
NO_FLUSH = on(
    "no-flush", "denormals", "tiny numbers are not flushed to zero", 62, Fact.FLUSHES,
    axes=AGAIN | PAIR, install=_flush)  # fmt: skip
NO_AUTOCAST = on(
    "no-autocast", "reduced-precision", "autocast is off", 60, Fact.AUTOCAST, axes=PAIR | MODULE,
    install=_autocast,
    fix="Use autocast on both sides or on neither, or compare within the short "
        "format's roundoff.")  # fmt: skip
HOLD_CPU = on(
    "hold-cpu", "cpu-capability", "the program cannot change the CPU's instruction set", 63,
    Fact.CPU_VARIABLES, axes=PAIR, install=_hold_cpu, stage=Stage.MODES)  # fmt: skip
ROWS = (NO_COMPILE, NO_AUTOCAST_CACHE, NO_AUTOCAST, NO_FLUSH, HOLD_CPU)
