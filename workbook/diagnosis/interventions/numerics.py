"""How numbers are computed: compile, autocast, tiny numbers, instruction sets, kernels, precision.

Owns the patches of those switches (many are CUDA's; without CUDA they do nothing), and the mode
that computes on the CPU what has no deterministic algorithm on its device.
"""

import os
import re
import subprocess
import sys
import tempfile
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_leaves

from workbook.diagnosis.interventions.devices import at_home, elsewhere
from workbook.diagnosis.interventions.intervention import (
    AFTER,
    AGAIN,
    MODULE,
    PAIR,
    Setting,
    Stage,
    on,
)
from workbook.diagnosis.patching import keep, line, wrap, wrap_named
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import line_of

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


def _onednn(run: Setting) -> None:
    def enable(real: Any, wanted: bool) -> None:
        if not wanted:
            FACTS.add(Fact.ONEDNN_OFF, "onednn", f"oneDNN is switched off at {line()}")
        real(wanted or run.has(KEEP_ONEDNN))

    wrap(enable, torch._C, "_set_mkldnn_enabled")


def _hold_cpu(run: Setting) -> None:
    """Fix the CPU's instruction set now, and for processes that the program starts."""

    def start(real: Any, *args: Any, env: Any = None, **kwargs: Any) -> None:
        given = os.environ if env is None else env
        real(*args, env={k: v for k, v in given.items() if k not in CPU_VARIABLES}, **kwargs)

    if run.has(HOLD_CPU):
        torch.backends.cpu.get_cpu_capability()
        torch.ones(4, 4) @ torch.ones(4, 4)
        wrap(start, subprocess.Popen, "__init__")


def _other_cpu(run: Setting) -> None:
    if run.has(OTHER_CPU):
        os.environ.update(CPU_VARIABLES)
        # Inductor would take the kernels that it kept for other instruction sets: wrong numbers
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(tempfile.gettempdir(), "other-cpu")


class Strict(Dispatch):
    """Compute on the CPU what torch refuses to compute in one order on its device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        try:
            return func(*args, **kwargs)
        except RuntimeError as error:
            if "deterministic" not in str(error):
                raise
        name = func._schema.name.removeprefix("aten::")
        place = line_of(sys._getframe(1))  # autograd computes a device's gradients in a thread
        FACTS.place("nondeterministic-op", f"{name} {f'at {place}' if place else 'in backward'}")
        strict(required=False)
        try:
            there = [value for value in tree_leaves((args, kwargs)) if elsewhere(value)]
            return at_home(func, args, kwargs, there) if there else func(*args, **kwargs)
        finally:
            strict(required=True)


def strict(*, required: bool) -> None:
    """Set whether deterministic algorithms are required (the program is kept from setting it)."""
    _SET(required, warn_only=False)


_SET = torch._C._set_deterministic_algorithms


def _switches(run: Setting) -> None:
    """Note what may choose a kernel, and set the switches of the active rows."""

    def precision(real: Any, level: str) -> None:
        FACTS.add(Fact.PRECISION)
        real("highest" if run.has(FULL_PRECISION) else level)

    def attention(real: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.ATTENTION)
        return real(*args, **kwargs)

    wrap(precision, torch, "set_float32_matmul_precision")
    wrap(attention, F, "scaled_dot_product_attention")
    if run.has(BLOCKING):
        os.environ["CUDA_LAUNCH_BLOCKING"] = "1"  # CUDA reads it when it starts
    if run.has(DETERMINISTIC):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        strict(required=True)
    for row, switches in _SWITCHES:
        if run.has(row):
            keep(switches)


# What cuDNN computes, and where float32 and shorter formats are multiplied (by cuBLAS and cuDNN).
_CUDNN = re.compile("cudnn|conv|batch_norm|rnn|lstm|gru|ctc_loss|grid_sample|attention")
_PRODUCTS = re.compile(
    "m[mv]|dot|conv|rnn|lstm|gru|lin|attention|cdist|cholesky|lu_|solve|addr|ger"
)
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
KEEP_ONEDNN = on(
    "keep-onednn", "onednn", "oneDNN stays switched on", 62, Fact.ONEDNN_OFF,
    axes=AGAIN | PAIR | MODULE, install=_onednn)  # fmt: skip
HOLD_CPU = on(
    "hold-cpu", "cpu-capability", "the program cannot change the CPU's instruction set", 63,
    Fact.CPU_VARIABLES, axes=PAIR, install=_hold_cpu, stage=Stage.MODES)  # fmt: skip
OTHER_CPU = on(
    "other-cpu", "cpu-capability", "the CPU has no vector instructions beyond the oldest", 99,
    axes=frozenset(), install=_other_cpu, variables=lambda _: CPU_VARIABLES)  # fmt: skip
BLOCKING = on(
    "launch-blocking", "unsynchronised", "each kernel is waited for", 9, Fact.ACCELERATOR,
    axes=AGAIN | PAIR | AFTER, install=_switches)  # fmt: skip
CUDNN_DETERMINISTIC = on(
    "cudnn-deterministic", "cudnn-algorithm", "cuDNN is restricted to deterministic algorithms", 13,
    Fact.ACCELERATOR, axes=AGAIN | PAIR, install=_switches, operations=_CUDNN)  # fmt: skip
DETERMINISTIC = on(
    "deterministic", "nondeterministic-op", "every operation adds in one order", 14,
    Fact.ACCELERATOR, Fact.THREADS_MATTER, Fact.SETS_THREADS, axes=AGAIN | PAIR,
    mode=lambda run: Strict())  # fmt: skip
MATH_ATTENTION = on(
    "math-attention", "attention-backend", "attention is computed by plain operations", 59,
    Fact.ATTENTION, axes=AGAIN | PAIR | MODULE, install=_switches)  # fmt: skip
FULL_PRECISION = on(
    "full-precision", "reduced-precision", "float32 products keep full precision", 61,
    Fact.PRECISION, Fact.ACCELERATOR, axes=PAIR | MODULE, install=_switches, operations=_PRODUCTS,
    fix='Call torch.set_float32_matmul_precision("highest"), and set '
        'torch.backends.cudnn.allow_tf32 = False, or compare within the unit roundoff '
        'of TF32.')  # fmt: skip
FULL_SUMS = on(
    "full-sums", "reduced-precision", "products of short formats are added up in float32", 61,
    Fact.ACCELERATOR, axes=PAIR | MODULE, install=_switches, operations=_PRODUCTS,
    fix="Set torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = "
        "False, and that of bf16.")  # fmt: skip
NO_CUDNN = on(
    "no-cudnn", "cudnn-algorithm", "cuDNN is not used", 62, Fact.ACCELERATOR, axes=PAIR,
    install=_switches, operations=_CUDNN,
    fix="Compare within the bound; where the bits must agree, use the same algorithm "
        "on both sides (torch.backends.cudnn.flags(enabled=False)).")  # fmt: skip
ROWS = (
    NO_COMPILE, NO_AUTOCAST_CACHE, NO_AUTOCAST, NO_FLUSH, KEEP_ONEDNN, HOLD_CPU, OTHER_CPU,
    BLOCKING, CUDNN_DETERMINISTIC, DETERMINISTIC, MATH_ATTENTION, FULL_PRECISION, FULL_SUMS,
    NO_CUDNN,
)  # fmt: skip
_SWITCHES = (
    (CUDNN_DETERMINISTIC, {"cudnn_deterministic": True, "cudnn_benchmark": False}),
    (NO_CUDNN, {"cudnn_enabled": False}),
    (DETERMINISTIC, {"deterministic_algorithms": None}),  # set above, in words of its own
    (FULL_PRECISION, {"cublas_allow_tf32": False, "cudnn_allow_tf32": False,
                      "fp32_precision_setter": None}),
    (FULL_SUMS, {"cublas_allow_fp16_reduced_precision_reduction": False,
                 "cublas_allow_bf16_reduced_precision_reduction": False,
                 "cublas_allow_fp16_accumulation": False}),
    (MATH_ATTENTION, {"sdp_use_math": True, "sdp_use_flash": False, "sdp_use_mem_efficient": False,
                      "sdp_use_cudnn": False}),
)  # fmt: skip
