"""Interventions on modules: dropout, batch norm, noise of the user's own, activations in place.

Owns the patches of torch's own functions. Each notes that the thing was used and, where its
intervention is on, makes it not happen. They act in a child process that ends with the run.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from workbook.diagnosis import numerics, parallel
from workbook.diagnosis.facts import FACTS
from workbook.diagnosis.streams import global_states, put_global_states
from workbook.trace.modules import ModulePath

On = frozenset[str]


def install(on: On, trained: dict[str, int], path: ModulePath) -> None:
    """Patch torch; `on` names the interventions, `trained` the calls that training made."""
    _inplace(on)
    _dropout(on, trained, path)
    _norm(on, trained, path)
    numerics.install(on)
    parallel.install(on)


def _inplace(on: On) -> None:
    for name in (
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "silu",
        "mish",
        "hardtanh",
        "hardswish",
        "hardsigmoid",
        "threshold",
    ):
        setattr(F, name, _out_of_place(getattr(F, name), "no-inplace" in on))


def _out_of_place(real: Callable[..., Any], never: bool) -> Callable[..., Any]:
    signature = inspect.signature(real)

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        if given.arguments.get("inplace"):
            FACTS.add("inplace")
            given.arguments["inplace"] = not never
        return real(*given.args, **given.kwargs)

    return call


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
                    return _shaken(lambda: real(input, p, training, inplace))
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

    def attention(
        q: Any,
        k: Any,
        v: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        *rest: Any,
        **more: Any,
    ) -> Any:
        if dropout_p > 0 and _quiet(on, trained, path):
            dropout_p = 0.0
        return real_attention(q, k, v, attn_mask, dropout_p, *rest, **more)

    F.scaled_dot_product_attention = attention  # type: ignore[assignment]
    _recurrent(on, trained, path)


def _shaken(call: Callable[[], Any]) -> Any:
    """The call with other random numbers; every generator goes on as if it had not been."""
    kept = global_states()
    torch.default_generator.manual_seed(7919)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(7919)
    try:
        return call()
    finally:
        put_global_states(kept)


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

    def batch_norm(
        input: Any,
        running_mean: Any,
        running_var: Any,
        weight: Any = None,
        bias: Any = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Any:
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
