"""How numbers are computed: compile, autocast, instruction sets.

Owns the patches of those switches.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import torch

from workbook.diagnosis.interventions.intervention import AGAIN, MODULE, PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.patching import patch
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import line_of

CPU_VARIABLES = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}


def _compile(run: Setting) -> None:
    real = torch.compile

    def compiled(model: Any = None, **options: Any) -> Any:
        FACTS.add(Fact.COMPILES)
        if run.has(NO_COMPILE):
            return model if model is not None else (lambda function: function)
        for mode in Dispatch.__subclasses__():
            mode.stay_away()
        return real(model, **options)

    torch.compile = compiled
    real_method = torch.nn.Module.compile

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.COMPILES)
        return None if run.has(NO_COMPILE) else real_method(self, *args, **kwargs)

    torch.nn.Module.compile = method  # type: ignore[method-assign]


def _autocast(run: Setting) -> None:
    real = torch.autocast.__init__

    def start(
        self: Any,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: Any = None,
    ) -> None:
        FACTS.add(Fact.AUTOCAST)
        if run.has(NO_AUTOCAST):
            enabled = False
        if run.has(NO_AUTOCAST_CACHE):
            cache_enabled = False
        real(self, device_type, dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)

    torch.autocast.__init__ = start  # type: ignore[method-assign]


def _flush(run: Setting) -> None:
    real = torch.set_flush_denormal

    def set_flush_denormal(mode: bool) -> bool:
        FACTS.add(Fact.FLUSHES)
        FACTS.place("denormals", f"set_flush_denormal at {line_of(sys._getframe(2))}")
        return real(mode and not run.has(NO_FLUSH))

    patch(torch, "set_flush_denormal", set_flush_denormal)


def _hold_cpu(run: Setting) -> None:
    """Fix the CPU's instruction set now, and for processes that the program starts."""
    if not run.has(HOLD_CPU):
        return
    torch.backends.cpu.get_cpu_capability()
    torch.ones(4, 4) @ torch.ones(4, 4)
    real = subprocess.Popen.__init__

    def start(self: Any, *args: Any, env: Any = None, **kwargs: Any) -> None:
        kept = {
            k: v for k, v in (os.environ if env is None else env).items() if k not in CPU_VARIABLES
        }
        real(self, *args, env=kept, **kwargs)

    subprocess.Popen.__init__ = start


NO_COMPILE = on(
    "no-compile", "compile", "nothing is compiled", 10,
    Fact.COMPILES, axes=PAIR | MODULE, install=_compile,
)  # fmt: skip
NO_AUTOCAST_CACHE = on(
    "no-autocast-cache", "autocast-cache", "autocast keeps no cast weights", 21,
    Fact.AUTOCAST, axes=PAIR, install=_autocast,
)  # fmt: skip
NO_FLUSH = on(
    "no-flush", "denormals", "tiny numbers are not flushed to zero", 62,
    Fact.FLUSHES, axes=AGAIN | PAIR, install=_flush,
)  # fmt: skip
NO_AUTOCAST = on(
    "no-autocast", "reduced-precision", "autocast is off", 60,
    Fact.AUTOCAST, axes=PAIR | MODULE, install=_autocast,
)  # fmt: skip
HOLD_CPU = on(
    "hold-cpu", "cpu-capability", "the program cannot change the CPU's instruction set", 63,
    Fact.CPU_VARIABLES, axes=PAIR, install=_hold_cpu, stage=Stage.MODES,
)  # fmt: skip
ROWS = (NO_COMPILE, NO_AUTOCAST_CACHE, NO_AUTOCAST, NO_FLUSH, HOLD_CPU)
