"""Interventions on how numbers are computed: compile, autocast, precision, determinism.

Owns the patches of those switches. They act in a child process that ends with the run.
"""

from __future__ import annotations

import os
from typing import Any

import torch

from workbook.diagnosis.facts import FACTS

On = frozenset[str]


def install(on: On) -> None:
    """Patch the switches; `on` names the interventions."""
    _compile(on)
    _autocast(on)
    _precision(on)


def _compile(on: On) -> None:
    real = torch.compile

    def compiled(model: Any = None, **options: Any) -> Any:
        FACTS.add("compile")
        if "no-compile" in on:
            return model if model is not None else (lambda function: function)
        return real(model, **options)

    torch.compile = compiled
    real_method = torch.nn.Module.compile

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add("compile")
        return None if "no-compile" in on else real_method(self, *args, **kwargs)

    torch.nn.Module.compile = method  # type: ignore[method-assign]


def _autocast(on: On) -> None:
    real = torch.autocast.__init__

    def start(
        self: Any,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: Any = None,
    ) -> None:
        FACTS.add("autocast")
        if "no-autocast" in on:
            enabled = False
        if "no-autocast-cache" in on:
            cache_enabled = False
        real(self, device_type, dtype=dtype, enabled=enabled, cache_enabled=cache_enabled)

    torch.autocast.__init__ = start  # type: ignore[method-assign]


def _precision(on: On) -> None:
    real = torch.set_float32_matmul_precision

    def precision(level: str) -> None:
        FACTS.add("precision")
        real("highest" if "full-precision" in on else level)

    torch.set_float32_matmul_precision = precision
    if "full-precision" in on:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        _hold("cublas_allow_tf32", "cudnn_allow_tf32", "fp32_precision_setter")
    if "cudnn-deterministic" in on:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
        _hold("cudnn_deterministic", "cudnn_benchmark")
    if "deterministic" in on:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        _hold("deterministic_algorithms")


def _hold(*names: str) -> None:
    """Let nothing that the program sets change these switches."""
    for name in names:
        if hasattr(torch._C, f"_set_{name}"):
            setattr(torch._C, f"_set_{name}", lambda *args, **kwargs: None)
        flag = vars(type(torch.backends.cudnn)).get(name.removeprefix("cudnn_"))
        if name.startswith("cudnn_") and flag is not None:
            flag.setter = lambda value: None  # it took the function itself, not its name
