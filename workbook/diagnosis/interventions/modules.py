"""Modules: dropout, batch norm, noise of the user's own, activations in place.

Owns the patches of torch's own functions. Each notes that the thing was used and, where its row is
active, makes it not happen.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.interventions.patching import patch
from workbook.diagnosis.interventions.streams import global_states, put_global_states
from workbook.diagnosis.probes.facts import FACTS, Fact

_ACTIVATIONS = (
    "relu relu6 leaky_relu elu selu celu silu mish hardtanh hardswish hardsigmoid threshold"
)


def _inplace(run: Setting) -> None:
    for name in _ACTIVATIONS.split():
        patch(F, name, _out_of_place(getattr(F, name), run.has(NO_INPLACE)))


def _out_of_place(real: Callable[..., Any], never: bool) -> Callable[..., Any]:
    signature = inspect.signature(real)

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        if given.arguments.get("inplace"):
            FACTS.add(Fact.IN_PLACE)
            given.arguments["inplace"] = not never
        return real(*given.args, **given.kwargs)

    return call


def _after_training(kind: str, run: Setting) -> bool:
    number = FACTS.count(kind)
    return not torch.is_grad_enabled() or number > run.trained.get(kind, 0)


def _dropout(run: Setting) -> None:
    names = [n for n in dir(F) if "dropout" in n and not n.startswith("_") and not n.endswith("_")]

    def active(p: Any, training: Any) -> bool:
        return bool(training) and (p is None or p > 0)

    def patched(real: Callable[..., Any], default: bool) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(input: Any, p: Any = 0.5, training: Any = default, inplace: bool = False) -> Any:
            if active(p, training):
                later = _after_training("dropout", run)
                FACTS.add(Fact.DROPOUT)
                if later:
                    FACTS.add(Fact.LATE_DROPOUT)
                    FACTS.place("dropout-active", run.path.now() or "a functional dropout")
                if run.has(NO_DROPOUT) or (later and run.has(EVAL_DROPOUT)):
                    training = False
                elif later and run.has(SHAKE_DROPOUT):
                    return _shaken(lambda: real(input, p, training, inplace))
            return real(input, p, training, inplace)

        return call

    for name in names:
        default = "alpha" not in name
        patch(F, name, patched(getattr(F, name), default))
    real_rrelu = F.rrelu
    patch(
        F,
        "rrelu",
        lambda input, lower=1 / 8, upper=1 / 3, training=False, inplace=False: real_rrelu(
            input, lower, upper, training and not _quiet(run), inplace
        ),
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
        if dropout_p > 0 and _quiet(run):
            dropout_p = 0.0
        return real_attention(q, k, v, attn_mask, dropout_p, *rest, **more)

    patch(F, "scaled_dot_product_attention", attention)
    _recurrent(run)


def _shaken(call: Callable[[], Any]) -> Any:
    """Make a call with other random numbers; every generator goes on as if it had not been."""
    kept = global_states()
    torch.default_generator.manual_seed(7919)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(7919)
    try:
        return call()
    finally:
        put_global_states(kept)


def _quiet(run: Setting) -> bool:
    later = _after_training("dropout", run)
    FACTS.add(Fact.DROPOUT)
    if later:
        FACTS.add(Fact.LATE_DROPOUT)
        FACTS.place("dropout-active", run.path.now() or "a functional dropout")
    return run.has(NO_DROPOUT) or (later and run.has(EVAL_DROPOUT))


def _recurrent(run: Setting) -> None:
    """Modules that drop inside one kernel, and modules of the user's that draw when training."""
    real = torch.nn.Module._call_impl
    trains: WeakKeyDictionary[torch.nn.Module, bool] = WeakKeyDictionary()

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if torch.is_grad_enabled() and trains.setdefault(self, self.training) > self.training:
            FACTS.add(Fact.STOPS_TRAINING)
            FACTS.place("eval-left-on", run.path.now())
            if run.has(GO_ON_TRAINING):
                self.training = True
                try:
                    return call(self, *args, **kwargs)
                finally:
                    self.training = False
        drops = self.training and isinstance(self, torch.nn.RNNBase) and self.dropout > 0
        if not drops and not (self.training and run.has(EVAL_NOISE) and _is_users(self)):
            return real(self, *args, **kwargs)
        if drops and not _quiet(run):
            return real(self, *args, **kwargs)
        self.training = False
        try:
            return real(self, *args, **kwargs)
        finally:
            self.training = True

    patch(torch.nn.Module, "_call_impl", call)
    torch.nn.Module.__call__ = torch.nn.Module._call_impl


def _is_users(module: torch.nn.Module) -> bool:
    return not type(module).__module__.startswith("torch.")


def _norm(run: Setting) -> None:
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
            later = _after_training("norm", run)
            if later:
                FACTS.add(Fact.LATE_NORM)
                FACTS.place("batch-statistics", run.path.now() or "a functional batch_norm")
            if later and run.has(EVAL_NORM):
                training = False
                width = input.shape[1]
                if running_mean is None:  # no running statistics: the identity, for every batch
                    running_mean, running_var = input.new_zeros(width), input.new_ones(width)
        return real(input, running_mean, running_var, weight, bias, training, momentum, eps)

    patch(F, "batch_norm", batch_norm)
    real_forward = torch.nn.modules.batchnorm._BatchNorm.forward

    def forward(self: Any, input: Any) -> Any:
        still = self.training and run.has(EVAL_NORM) and self.running_mean is not None
        if still and (
            not torch.is_grad_enabled() or FACTS.counts.get("norm", 0) >= run.trained.get("norm", 0)
        ):
            FACTS.add(Fact.LATE_NORM)
            FACTS.place("batch-statistics", run.path.now() or "BatchNorm")
            self.training = False
            try:
                return real_forward(self, input)
            finally:
                self.training = True
        return real_forward(self, input)

    patch(torch.nn.modules.batchnorm._BatchNorm, "forward", forward)


NO_INPLACE = on(
    "no-inplace", "input-mutated", "activations with inplace=True make a new tensor", 17,
    Fact.IN_PLACE, axes=AGAIN | PAIR, install=_inplace,
)  # fmt: skip
EVAL_DROPOUT = on(
    "eval-dropout", "dropout-active", "dropout is off outside training", 26,
    Fact.LATE_DROPOUT, axes=AGAIN | PAIR, install=_dropout, draws=True,
)  # fmt: skip
NO_DROPOUT = on(
    "no-dropout", "dropout-active", "dropout is off everywhere", 75,
    Fact.DROPOUT, axes=AGAIN | PAIR, install=_dropout, draws=True,
)  # fmt: skip
SHAKE_DROPOUT = on(
    "shake-dropout", "dropout-active", "dropout draws other numbers", 99,
    axes=frozenset(), install=_dropout,
)  # fmt: skip
EVAL_NORM = on(
    "eval-norm", "batch-statistics", "batch norm uses its running statistics outside training", 27,
    Fact.LATE_NORM, axes=PAIR, install=_norm,
)  # fmt: skip
GO_ON_TRAINING = on(
    "go-on-training", "eval-left-on", "modules train in the mode in which their training began", 23,
    Fact.STOPS_TRAINING, axes=PAIR, install=_dropout, draws=True,
)  # fmt: skip
EVAL_NOISE = on(
    "eval-noise", "dropout-active", "the program's own modules are in eval mode", 70,
    Fact.NOISE, axes=AGAIN | PAIR, install=_dropout, draws=True,
)  # fmt: skip
ROWS = (
    NO_INPLACE, EVAL_DROPOUT, NO_DROPOUT, SHAKE_DROPOUT, EVAL_NORM, EVAL_NOISE, GO_ON_TRAINING,
)  # fmt: skip
