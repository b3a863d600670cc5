"""Modules: dropout, batch norm, noise of the user's own, activations in place.

Owns the patches of torch's own functions. Each notes that the thing was used and, where its row is
active, makes it not happen.
"""

import contextlib
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.patching import wrap, wrap_named
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import global_states, put_global_states

_ACTIVATIONS = (
    "relu relu6 leaky_relu elu selu celu silu mish hardtanh hardswish hardsigmoid threshold"
)


def _inplace(run: Setting) -> None:
    def activation(real: Any, given: dict[str, Any]) -> Any:
        if given["inplace"]:
            FACTS.add(Fact.IN_PLACE)
            given["inplace"] = not run.has(NO_INPLACE)
        return real(**given)

    wrap_named(activation, F, *_ACTIVATIONS.split())


def _late(run: Setting, kind: str, fact: Fact, cause: str) -> bool:
    """Count a call that training makes; note it, and say so, where it is made outside of it."""
    number = FACTS.count(kind)
    late = not torch.is_grad_enabled() or number > run.trained.get(kind, 0)
    if late:
        FACTS.add(fact, cause, run.path.now() or f"a functional {kind}")
    return late


def _dropout(run: Setting) -> None:
    def drops() -> tuple[bool, bool]:
        """Note dropout; whether to leave it out, and whether it is outside of training."""
        FACTS.add(Fact.DROPOUT)
        outside = _late(run, "dropout", Fact.LATE_DROPOUT, "dropout-active")
        return run.has(NO_DROPOUT) or (outside and run.has(EVAL_DROPOUT)), outside

    def dropout(real: Any, given: dict[str, Any]) -> Any:
        if given["training"] and given.get("p") != 0:
            quiet, outside = drops()
            given["training"] = not quiet
            with _shaken() if outside and run.has(SHAKE_DROPOUT) else contextlib.nullcontext():
                return real(**given)
        return real(**given)

    def attention(real: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs |= dict(zip(("attn_mask", "dropout_p", "is_causal"), args[3:], strict=False))
        if kwargs.get("dropout_p", 0.0) > 0 and drops()[0]:
            kwargs["dropout_p"] = 0.0
        return real(*args[:3], **kwargs)

    trains: WeakKeyDictionary[torch.nn.Module, bool] = WeakKeyDictionary()

    def call(real: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        """Modules that drop inside one kernel, and modules of the user's that draw in training."""
        grads = torch.is_grad_enabled()
        stops = grads and trains.setdefault(module, module.training) > module.training
        if stops and Fact.BACKWARD in FACTS.seen:  # else nothing was trained
            FACTS.add(Fact.STOPS_TRAINING, "eval-left-on", run.path.now())
            if run.has(GO_ON_TRAINING):
                with _mode(module, True):
                    return call(real, module, *args, **kwargs)
        if module.training and isinstance(module, torch.nn.RNNBase) and module.dropout > 0:
            quiet = drops()[0]
        else:
            users = not type(module).__module__.startswith("torch.")
            quiet = module.training and run.has(EVAL_NOISE) and users
        with _mode(module, False) if quiet else contextlib.nullcontext():
            return real(module, *args, **kwargs)

    names = [n for n in dir(F) if "dropout" in n and not n.startswith("_") and not n.endswith("_")]
    wrap_named(dropout, F, *names, "rrelu")
    wrap(attention, F, "scaled_dot_product_attention")
    wrap(call, torch.nn.Module, "_call_impl")
    torch.nn.Module.__call__ = torch.nn.Module._call_impl


@contextlib.contextmanager
def _shaken() -> Iterator[None]:
    """Draw other random numbers; every generator goes on as if nothing had been drawn."""
    kept = global_states()
    torch.default_generator.manual_seed(7919)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(7919)
    try:
        yield
    finally:
        put_global_states(kept)


@contextlib.contextmanager
def _mode(module: torch.nn.Module, training: bool) -> Iterator[None]:
    """Let a module be in a mode that it is not in; its parts stay in theirs."""
    module.training = training
    try:
        yield
    finally:
        module.training = not training


def _norm(run: Setting) -> None:
    def batch_norm(real: Any, given: dict[str, Any]) -> Any:
        late = given["training"] and _late(run, "norm", Fact.LATE_NORM, "batch-statistics")
        if late and run.has(EVAL_NORM):
            given["training"] = False
            if given["running_mean"] is None:  # no running statistics: the identity for every batch
                width = given["input"].shape[1]
                given["running_mean"] = given["input"].new_zeros(width)
                given["running_var"] = given["input"].new_ones(width)
        return real(**given)

    def forward(real: Any, module: Any, x: torch.Tensor) -> Any:
        trained = FACTS.counts.get("norm", 0) < run.trained.get("norm", 0)
        stays = not module.training or module.running_mean is None or not run.has(EVAL_NORM)
        if stays or (torch.is_grad_enabled() and trained):
            return real(module, x)
        FACTS.add(Fact.LATE_NORM, "batch-statistics", run.path.now() or "BatchNorm")
        with _mode(module, False):
            return real(module, x)

    wrap_named(batch_norm, F, "batch_norm")
    wrap(forward, _BatchNorm, "forward")


NO_INPLACE = on(
    "no-inplace", "input-mutated", "activations with inplace=True make a new tensor", 17,
    Fact.IN_PLACE, axes=AGAIN | PAIR, install=_inplace,
    fix="Leave inplace=True out: the activation overwrites its input, which is read "
        "again.")  # fmt: skip
EVAL_DROPOUT = on(
    "eval-dropout", "dropout-active", "dropout is off outside training", 26, Fact.LATE_DROPOUT,
    axes=AGAIN | PAIR, install=_dropout, draws=True)  # fmt: skip
NO_DROPOUT = on(
    "no-dropout", "dropout-active", "dropout is off everywhere", 75, Fact.DROPOUT,
    axes=AGAIN | PAIR, install=_dropout, draws=True,
    fix="Dropout draws in training, too: set the same seed before both, or p=0 to "
        "compare them.")  # fmt: skip
SHAKE_DROPOUT = on(
    "shake-dropout", "dropout-active", "dropout draws other numbers", 99, axes=frozenset(),
    install=_dropout)  # fmt: skip
EVAL_NORM = on(
    "eval-norm", "batch-statistics", "batch norm uses its running statistics outside training", 27,
    Fact.LATE_NORM, axes=PAIR, install=_norm)  # fmt: skip
GO_ON_TRAINING = on(
    "go-on-training", "eval-left-on", "modules train in the mode in which their training began", 23,
    Fact.STOPS_TRAINING, axes=PAIR, install=_dropout, draws=True)  # fmt: skip
EVAL_NOISE = on(
    "eval-noise", "dropout-active", "the program's own modules are in eval mode", 70, Fact.NOISE,
    axes=AGAIN | PAIR, install=_dropout, draws=True,
    fix="Call model.eval() before using the model; a forward of your own draws while "
        "self.training is True.")  # fmt: skip
ROWS = (
    NO_INPLACE, EVAL_DROPOUT, NO_DROPOUT, SHAKE_DROPOUT, EVAL_NORM, EVAL_NOISE, GO_ON_TRAINING,
)  # fmt: skip
