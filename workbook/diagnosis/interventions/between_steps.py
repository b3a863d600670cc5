"""Training between two steps of an optimizer: weights that something else writes, and `train()`.

Owns the hooks that note both, put trained weights back, and call a `train()` that was forgotten.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
import torch.optim.optimizer as optimizers
from torch.nn.modules.module import register_module_forward_pre_hook

from workbook.diagnosis.interventions.intervention import PAIR, Setting, on
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS, Fact


class _Weights:
    """What the last step left, and whether anything else wrote to it since."""

    def __init__(self, run: Setting) -> None:
        self.run = run
        self.kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        mine = _weights(optimizer)
        ids = {id(weight) for weight in mine}
        self.kept = [pair for pair in self.kept if id(pair[0]) not in ids]
        self.kept += [(weight, weight.detach().clone()) for weight in mine]

    def before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        left = steps.LEFT.get(optimizer)
        if left is not None and left != steps.digest(_weights(optimizer)):
            FACTS.add(Fact.WEIGHTS_WRITTEN)

    def before_call(self, module: torch.nn.Module, args: Any) -> None:
        if self.kept and torch.is_grad_enabled() and not torch.compiler.is_compiling():
            for weight, left in self.kept:
                if not torch.equal(weight.detach(), left):
                    weight.data.copy_(left)
            self.kept = []


def _weights(optimizer: Any) -> list[torch.Tensor]:
    return [weight for group in optimizer.param_groups for weight in group["params"]]


def _install_weights(run: Setting) -> None:
    weights = _Weights(run)
    optimizers.register_optimizer_step_pre_hook(weights.before_step)
    if run.has(ONLY_OPTIMIZER):
        optimizers.register_optimizer_step_post_hook(weights.stepped)
        register_module_forward_pre_hook(weights.before_call)


def _install_train(run: Setting) -> None:
    """Note modules that train and have a `train()` of their own, which nobody called."""
    real = torch.nn.Module.train
    called: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()

    def train(this: Any, mode: bool = True) -> Any:
        if mode:
            called.add(this)
        return real(this, mode)

    def before(module: torch.nn.Module, args: Any) -> None:
        if type(module).train is train or not module.training or module in called:
            return
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            FACTS.add(Fact.OWN_TRAIN)
            FACTS.place("train-not-called", f"{type(module).__name__}.train")
            if run.has(CALL_TRAIN):
                module.train()

    torch.nn.Module.train = train  # type: ignore[method-assign]
    register_module_forward_pre_hook(before)


ONLY_OPTIMIZER = on(
    "only-optimizer", "weights-overwritten", "training goes on from what its last step left", 29,
    Fact.WEIGHTS_WRITTEN, axes=PAIR, install=_install_weights,
)  # fmt: skip
CALL_TRAIN = on(
    "call-train", "train-not-called", "a module's own train() is called before it trains", 22,
    Fact.OWN_TRAIN, axes=PAIR, install=_install_train,
)  # fmt: skip
ROWS = (CALL_TRAIN, ONLY_OPTIMIZER)
