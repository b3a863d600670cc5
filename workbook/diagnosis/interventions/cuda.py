"""CUDA's own switches: which algorithms, which precision, and whether each kernel is waited for.

Owns the patches of those switches, and the mode that computes on the CPU what has no deterministic
algorithm on its device. Where there is no CUDA, all of them do nothing.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import torch
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
from workbook.diagnosis.interventions.patching import hold
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import line_of

_SHORT_SUMS = (
    "cublas_allow_fp16_reduced_precision_reduction",
    "cublas_allow_bf16_reduced_precision_reduction",
    "cublas_allow_fp16_accumulation",
)


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
        line = line_of(sys._getframe(1))  # autograd computes a device's gradients in a thread
        FACTS.place("nondeterministic-op", f"{name} {f'at {line}' if line else 'in backward'}")
        strict(required=False)
        try:
            there = [value for value in tree_leaves((args, kwargs)) if elsewhere(value)]
            return at_home(func, args, kwargs, there) if there else func(*args, **kwargs)
        finally:
            strict(required=True)


def strict(*, required: bool) -> None:
    """Set whether deterministic algorithms are required (`_install` keeps the program from it)."""
    _SET(required, warn_only=False)


_SET = torch._C._set_deterministic_algorithms


def _algorithms(run: Setting) -> None:
    if run.has(CUDNN_DETERMINISTIC):
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        hold("cudnn_deterministic", "cudnn_benchmark")
    if run.has(NO_CUDNN):
        torch.backends.cudnn.enabled = False
        hold("cudnn_enabled")
    if run.has(BLOCKING):
        os.environ["CUDA_LAUNCH_BLOCKING"] = "1"  # CUDA reads it when it starts
    if run.has(DETERMINISTIC):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        strict(required=True)
        hold("deterministic_algorithms")


def _refused(run: Setting) -> None:
    if run.has(DETERMINISTIC):
        run.stack.enter_context(Strict())


def _precision(run: Setting) -> None:
    real = torch.set_float32_matmul_precision

    def precision(level: str) -> None:
        FACTS.add(Fact.PRECISION)
        real("highest" if run.has(FULL_PRECISION) else level)

    torch.set_float32_matmul_precision = precision
    if run.has(FULL_PRECISION):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        hold("cublas_allow_tf32", "cudnn_allow_tf32", "fp32_precision_setter")
    if run.has(FULL_SUMS):
        for name in _SHORT_SUMS:
            if choose := getattr(torch._C, f"_set_{name}", None):  # each version has some of them
                choose(False)
        hold(*_SHORT_SUMS)


BLOCKING = on(
    "launch-blocking", "unsynchronised", "each kernel is waited for", 9,
    Fact.ACCELERATOR, axes=AGAIN | PAIR | AFTER, install=_algorithms,
)  # fmt: skip
CUDNN_DETERMINISTIC = on(
    "cudnn-deterministic", "cudnn-algorithm", "cuDNN is restricted to deterministic algorithms", 13,
    Fact.ACCELERATOR, axes=AGAIN | PAIR, install=_algorithms,
)  # fmt: skip
DETERMINISTIC = on(
    "deterministic", "nondeterministic-op", "every operation adds in one order", 14,
    Fact.ACCELERATOR, Fact.THREADS_MATTER, Fact.SETS_THREADS, axes=AGAIN | PAIR,
    install=_refused, stage=Stage.MODES,
)  # fmt: skip
FULL_PRECISION = on(
    "full-precision", "reduced-precision", "float32 products keep full precision", 61,
    Fact.PRECISION, Fact.ACCELERATOR, axes=PAIR | MODULE, install=_precision,
)  # fmt: skip
FULL_SUMS = on(
    "full-sums", "reduced-precision", "products of short formats are added up in float32", 61,
    Fact.ACCELERATOR, axes=PAIR | MODULE, install=_precision,
)  # fmt: skip
NO_CUDNN = on(
    "no-cudnn", "cudnn-algorithm", "cuDNN is not used", 62,
    Fact.ACCELERATOR, axes=PAIR, install=_algorithms,
)  # fmt: skip
ROWS = (BLOCKING, CUDNN_DETERMINISTIC, DETERMINISTIC, FULL_PRECISION, FULL_SUMS, NO_CUDNN)
