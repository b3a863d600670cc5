"""Training: gradients left over, micro-batches' weights, weights that something else writes.

Owns the patches of backward, of `train()` and of what is between two steps of an optimizer.
"""

import itertools
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)

from workbook.diagnosis.interventions.batches import TRAINED
from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.patching import wrap
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS, Fact


def _backward(run: Setting) -> None:
    """Note each backward and step; weigh the losses and clear what an earlier step left over.

    Of the weights that a backward adds to, the first stands for all.
    """
    factors = run.factors
    stale: list[Optimizer] = []
    trained: list[weakref.ref[torch.Tensor]] = []

    def backward(real: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
        number = FACTS.count("backward")
        FACTS.counts["trained dropout"] = FACTS.counts.get("dropout", 0)
        FACTS.counts["trained norm"] = FACTS.counts.get("norm", 0)
        # rows of modules' batches, and of the means that the loss was made of
        rows = [FACTS.counts.get(name, 0) for name in ("rows", TRAINED)]
        for leaf in itertools.islice(_leaves(loss), 1):
            if not any(ref() is leaf for ref in trained):
                trained.append(weakref.ref(leaf))
            place = next(i for i, ref in enumerate(trained) if ref() is leaf)
            FACTS.append("backward", [number, FACTS.counts.get("step", 0), place, *rows])
        FACTS.counts["rows"] = FACTS.counts[TRAINED] = 0
        FACTS.add(Fact.BACKWARD)
        steps.loss(loss)
        if run.has(CLEAR_GRADIENTS):
            for optimizer in stale:
                optimizer.zero_grad()
            for leaf in _leaves(loss) if stale else ():
                leaf.grad = None  # also of weights that no optimizer has
            stale.clear()
        if number <= len(factors) and factors[number - 1] != 1.0:
            loss = loss * factors[number - 1]
        return real(loss, *args, **kwargs)

    def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
        FACTS.count("step")
        FACTS.add(Fact.OPTIMIZER)
        if optimizer not in stale:
            stale.append(optimizer)

    wrap(backward, torch.Tensor, "backward")
    register_optimizer_step_post_hook(stepped)


def _leaves(loss: torch.Tensor) -> Iterator[torch.Tensor]:
    """Give what backward will add gradients to."""
    seen: set[Any] = set()
    todo: list[Any] = [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            if hasattr(node, "variable"):
                yield node.variable
            todo += [parent for parent, _ in node.next_functions]


class Weights:
    """What the last step left, and whether anything else wrote to it since."""

    def __init__(self) -> None:
        self.kept: list[tuple[torch.Tensor, torch.Tensor]] = []

    def stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Keep what a step left."""
        mine = steps.weights(optimizer)
        ids = {id(weight) for weight in mine}
        self.kept = [pair for pair in self.kept if id(pair[0]) not in ids]
        self.kept += [(weight, weight.detach().clone()) for weight in mine]

    def before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Note weights that are not what the last step left."""
        left = steps.LEFT.get(optimizer)
        if left is not None and left != steps.digest(steps.weights(optimizer)):
            FACTS.add(Fact.WEIGHTS_WRITTEN)

    def before_call(self, module: torch.nn.Module, args: Any) -> None:
        """Put back what the last step left before a module trains on."""
        if self.kept and torch.is_grad_enabled() and not torch.compiler.is_compiling():
            for weight, left in self.kept:
                if not torch.equal(weight.detach(), left):
                    weight.data.copy_(left)
            self.kept = []


def _written(run: Setting) -> None:
    watch = Weights()
    register_optimizer_step_pre_hook(watch.before_step)
    if run.has(ONLY_OPTIMIZER):
        register_optimizer_step_post_hook(watch.stepped)
        register_module_forward_pre_hook(watch.before_call)


def _train(run: Setting) -> None:
    """Note modules that train and have a `train()` of their own, which nobody called."""
    called: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()

    def train(real: Any, module: Any, mode: bool = True) -> Any:
        if mode:
            called.add(module)
        return real(module, mode)

    def before(module: torch.nn.Module, args: Any) -> None:
        if type(module).train is torchs or not module.training or module in called:
            return
        if torch.is_grad_enabled() and not torch.compiler.is_compiling():
            FACTS.add(Fact.OWN_TRAIN, "train-not-called", f"{type(module).__name__}.train")
            if run.has(CALL_TRAIN):
                module.train()

    wrap(train, torch.nn.Module, "train")
    torchs = torch.nn.Module.train
    register_module_forward_pre_hook(before)


CLEAR_GRADIENTS = on(
    "clear-gradients", "gradient-accumulation", "gradients are cleared after each step", 19,
    Fact.OPTIMIZER, axes=AGAIN | PAIR, install=_backward,
    fix="Call optimizer.zero_grad() before each backward that begins a step.")  # fmt: skip
WEIGH = on(
    "weigh", "gradient-accumulation", "micro-batches count by their share of the rows", 20,
    Fact.SUMS_GRADIENTS, axes=PAIR, install=_backward,
    fix="Weigh each micro-batch by its share of the rows: (loss * len(x) / "
        "rows).backward().")  # fmt: skip
CALL_TRAIN = on(
    "call-train", "train-not-called", "a module's own train() is called before it trains", 22,
    Fact.OWN_TRAIN, axes=PAIR, install=_train)  # fmt: skip
ONLY_OPTIMIZER = on(
    "only-optimizer", "weights-overwritten", "training goes on from what its last step left", 29,
    Fact.WEIGHTS_WRITTEN, axes=PAIR, install=_written)  # fmt: skip
ROWS = (CLEAR_GRADIENTS, WEIGH, CALL_TRAIN, ONLY_OPTIMIZER)
