"""Interventions on how torch runs: train mode, compile, autocast, precision, threads, workers.

Owns the patches of torch's own functions. Each notes that the thing was used and, where its
intervention is on, makes it not happen. They act in a child process that ends with the run.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader

from workbook.diagnosis.facts import FACTS
from workbook.trace.places import is_user_file
from workbook.trace.recorder import ModulePath

On = frozenset[str]
_PATIENCE = 5.0  # seconds that a thread made to run alone may take


def install(on: On, trained: dict[str, int], path: ModulePath) -> None:
    """Patch torch; `on` names the interventions, `trained` the calls that training made."""
    _inplace(on)
    _dropout(on, trained, path)
    _norm(on, trained, path)
    _compile(on)
    _autocast(on)
    _precision(on)
    _threads(on)
    _workers(on)


def _inplace(on: On) -> None:
    for name in ("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardtanh",
                 "hardswish", "hardsigmoid", "threshold"):  # fmt: skip
        real = getattr(F, name)

        def call(*args: Any, real: Any = real, inplace: bool = False, **kwargs: Any) -> Any:
            if inplace:
                FACTS.add("inplace")
            return real(*args, inplace=inplace and "no-inplace" not in on, **kwargs)

        setattr(F, name, call)


def _after_training(kind: str, trained: dict[str, int]) -> bool:
    number = FACTS.count(kind)
    return not torch.is_grad_enabled() or number > trained.get(kind, 0)


def _dropout(on: On, trained: dict[str, int], path: ModulePath) -> None:
    names = [n for n in dir(F) if "dropout" in n and not n.startswith("_") and not n.endswith("_")]

    def active(p: Any, training: Any) -> bool:
        return bool(training) and (p is None or p > 0)

    def patched(real: Callable[..., Any], default: bool) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(input: Any, p: Any = 0.5, training: Any = default, inplace: bool = False) -> Any:
            if active(p, training):
                later = _after_training("dropout", trained)
                FACTS.add("dropout")
                if later:
                    FACTS.append("dropout", path.now() or "a functional dropout")
                if "no-dropout" in on or (later and "eval-dropout" in on):
                    training = False
                elif later and "shake-dropout" in on:
                    with torch.random.fork_rng(devices=[]):
                        torch.default_generator.manual_seed(7919)
                        return real(input, p, training, inplace)
            return real(input, p, training, inplace)

        return call

    for name in names:
        default = "alpha" not in name
        setattr(F, name, patched(getattr(F, name), default))
    real_rrelu = F.rrelu
    F.rrelu = lambda input, lower=1 / 8, upper=1 / 3, training=False, inplace=False: real_rrelu(  # type: ignore[assignment]
        input, lower, upper, training and not _quiet(on, trained, path), inplace
    )
    real_attention = F.scaled_dot_product_attention

    def attention(q: Any, k: Any, v: Any, attn_mask: Any = None, dropout_p: float = 0.0,
                  *rest: Any, **more: Any) -> Any:  # fmt: skip
        if dropout_p > 0 and _quiet(on, trained, path):
            dropout_p = 0.0
        return real_attention(q, k, v, attn_mask, dropout_p, *rest, **more)

    F.scaled_dot_product_attention = attention  # type: ignore[assignment]
    _recurrent(on, trained, path)


def _quiet(on: On, trained: dict[str, int], path: ModulePath) -> bool:
    later = _after_training("dropout", trained)
    FACTS.add("dropout")
    if later:
        FACTS.append("dropout", path.now() or "a functional dropout")
    return "no-dropout" in on or (later and "eval-dropout" in on)


def _recurrent(on: On, trained: dict[str, int], path: ModulePath) -> None:
    """Modules that drop inside one kernel, and modules of the user's that draw when training."""
    real = torch.nn.Module._call_impl

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        drops = self.training and isinstance(self, torch.nn.RNNBase) and self.dropout > 0
        if not drops and not (self.training and "eval-noise" in on and _is_users(self)):
            return real(self, *args, **kwargs)
        if drops and not _quiet(on, trained, path):
            return real(self, *args, **kwargs)
        self.training = False
        try:
            return real(self, *args, **kwargs)
        finally:
            self.training = True

    torch.nn.Module._call_impl = call  # type: ignore[method-assign]
    torch.nn.Module.__call__ = call


def _is_users(module: torch.nn.Module) -> bool:
    return not type(module).__module__.startswith("torch.")


def _norm(on: On, trained: dict[str, int], path: ModulePath) -> None:
    real = F.batch_norm

    def batch_norm(input: Any, running_mean: Any, running_var: Any, weight: Any = None,
                   bias: Any = None, training: bool = False, momentum: float = 0.1,
                   eps: float = 1e-5) -> Any:  # fmt: skip
        if training:
            later = _after_training("norm", trained)
            FACTS.add("norm")
            if later:
                FACTS.append("norm", path.now() or "a functional batch_norm")
            if later and "eval-norm" in on:
                training = False
                width = input.shape[1]
                if running_mean is None:  # no running statistics: the identity, for every batch
                    running_mean, running_var = input.new_zeros(width), input.new_ones(width)
        return real(input, running_mean, running_var, weight, bias, training, momentum, eps)

    F.batch_norm = batch_norm  # type: ignore[assignment]
    real_forward = torch.nn.modules.batchnorm._BatchNorm.forward

    def forward(self: Any, input: Any) -> Any:
        still = self.training and "eval-norm" in on and self.running_mean is not None
        if still and (
            not torch.is_grad_enabled() or FACTS.counts.get("norm", 0) >= trained.get("norm", 0)
        ):
            FACTS.add("norm")
            FACTS.append("norm", path.now() or "BatchNorm")
            self.training = False
            try:
                return real_forward(self, input)
            finally:
                self.training = True
        return real_forward(self, input)

    torch.nn.modules.batchnorm._BatchNorm.forward = forward  # type: ignore[method-assign]


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

    def start(self: Any, device_type: str, dtype: Any = None, enabled: bool = True,
              cache_enabled: Any = None) -> None:  # fmt: skip
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
    if "full-precision" in on and torch.cuda.is_available():
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    if "cudnn-deterministic" in on:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    if "deterministic" in on:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def _threads(on: On) -> None:
    real = torch.set_num_threads

    def set_num_threads(number: int) -> None:
        FACTS.add("set-threads")
        if "hold-threads" not in on:
            real(number)

    torch.set_num_threads = set_num_threads
    alone = "serial" in on

    def joined(kind: Any) -> None:
        real_start = kind.start

        def start(self: Any) -> None:
            if not is_user_file(sys._getframe(1).f_code.co_filename):
                real_start(self)  # a library's own thread
                return
            FACTS.add("threads")
            real_start(self)
            if alone:
                self.join(_PATIENCE)

        kind.start = start

    joined(threading.Thread)
    real_submit = ThreadPoolExecutor.submit

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        FACTS.add("threads")
        if not alone:
            return real_submit(self, fn, *args, **kwargs)
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # it belongs to the caller, who asks the future
            done.set_exception(error)
        return done

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign]


def _workers(on: On) -> None:
    real = DataLoader.__init__

    def start(self: Any, *args: Any, **kwargs: Any) -> None:
        args = list(args)  # type: ignore[assignment]
        number = kwargs.get("num_workers", args[5] if len(args) > 5 else 0)
        if number:
            FACTS.add("workers")
            if "no-workers" in on:
                for name in ("prefetch_factor", "persistent_workers", "multiprocessing_context",
                             "timeout"):  # fmt: skip
                    kwargs.pop(name, None)
                del args[6:]  # type: ignore[attr-defined]
                if len(args) > 5:
                    del args[5]  # type: ignore[attr-defined]
                kwargs["num_workers"] = 0
        real(self, *args, **kwargs)

    DataLoader.__init__ = start  # type: ignore[method-assign]
