"""Interventions on training: gradients left over, micro-batches' weights, incomplete checkpoints.

Owns the patches of backward, the optimizers and state dicts. What a checkpoint should have held is
taken down whenever a state dict is made; where the intervention is on, it is put back on loading.
"""

from __future__ import annotations

import contextlib
import copy
import weakref
from typing import Any

import torch
import torch.optim.optimizer as optimizers
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer

from workbook.diagnosis.interventions.arguments import memory, own, same
from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.interventions.means import TRAINED
from workbook.diagnosis.interventions.streams import global_states, put_global_states
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS, Fact


def _backward(run: Setting) -> None:
    """Note each backward and step; weigh the losses and clear what an earlier step left over."""
    real, factors = torch.Tensor.backward, run.factors
    stale: list[Optimizer] = []

    def backward(self: Any, gradient: Any = None, *args: Any, **kwargs: Any) -> Any:
        number = FACTS.count("backward")
        FACTS.counts["trained dropout"] = FACTS.counts.get("dropout", 0)
        FACTS.counts["trained norm"] = FACTS.counts.get("norm", 0)
        # rows of modules' batches, or else of the means that the loss was made of
        rows = FACTS.counts.get("rows", 0) or FACTS.counts.get(TRAINED, 0)
        FACTS.append("backward", [number, FACTS.counts.get("step", 0), rows])
        FACTS.counts["rows"] = FACTS.counts[TRAINED] = 0
        FACTS.add(Fact.BACKWARD)
        steps.loss(self)
        if run.has(CLEAR_GRADIENTS):
            for optimizer in stale:
                optimizer.zero_grad()
            for leaf in _leaves(self) if stale else ():
                leaf.grad = None  # also of weights that no optimizer has
            stale.clear()
        if factors and number <= len(factors) and factors[number - 1] != 1.0:
            self = self * factors[number - 1]
        return real(self, gradient, *args, **kwargs)

    torch.Tensor.backward = backward

    def stepped(optimizer: Any, args: Any, kwargs: Any) -> None:
        FACTS.count("step")
        FACTS.add(Fact.OPTIMIZER)
        if optimizer not in stale:
            stale.append(optimizer)

    optimizers.register_optimizer_step_post_hook(stepped)


def _leaves(loss: torch.Tensor) -> list[torch.Tensor]:
    """Say what backward will give gradients to."""
    found: list[torch.Tensor] = []
    seen: set[Any] = set()
    todo: list[Any] = [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            found += [node.variable] if hasattr(node, "variable") else []
            todo += [parent for parent, _ in node.next_functions]
    return found


class Checkpoints:
    """What a complete checkpoint would have held, put back where rows are active."""

    def __init__(self, run: Setting) -> None:
        self.run = run
        self.kept: dict[str, Any] = {}
        self.optimizers: list[weakref.ref[Optimizer]] = []
        self.schedulers: list[weakref.ref[Any]] = []
        self.fresh: list[weakref.ref[Any]] = []
        self.stepped: list[Optimizer] = []
        self.busy = False

    def install(self) -> None:
        self._track(Optimizer, self.optimizers)
        self._track(LRScheduler, self.schedulers)
        module = torch.nn.Module
        real_state, real_load = module.state_dict, module.load_state_dict

        def state_dict(this: Any, *args: Any, **kwargs: Any) -> Any:
            if not self.busy and not args and "prefix" not in kwargs:
                self._keep(this, real_state)
            return real_state(this, *args, **kwargs)

        def load_state_dict(this: Any, *args: Any, **kwargs: Any) -> Any:
            own = {p.data_ptr() for p in this.parameters()}
            state = args[0] if args else kwargs["state_dict"]
            alive = any(isinstance(v, torch.Tensor) and v.data_ptr() in own for v in state.values())
            done = real_load(this, *args, **kwargs)
            FACTS.add(Fact.CHECKPOINT)
            if not alive:  # else nothing was saved: it is the module's own memory
                self._put_back(this, real_load)
            return done

        module.state_dict = state_dict  # type: ignore[method-assign]
        module.load_state_dict = load_state_dict  # type: ignore[method-assign]
        optimizers.register_optimizer_step_pre_hook(self._before_step)

    def _track(self, kind: Any, rows: list[Any]) -> None:
        real = kind.__init__

        def start(this: Any, *args: Any, **kwargs: Any) -> None:
            real(this, *args, **kwargs)
            rows.append(weakref.ref(this))
            if self.kept.get("loaded"):
                self.fresh.append(weakref.ref(this))

        kind.__init__ = start

    def _keep(self, module: Any, real_state: Any) -> None:
        self.busy = True
        try:
            self.kept = {
                "module": {
                    k: v.detach().clone() if isinstance(v, torch.Tensor) else v
                    for k, v in real_state(module).items()
                },
                "hidden": {name: memory(part) for name, part in module.named_modules()},
                "known": {id(o) for r in self.optimizers + self.schedulers if (o := r())},
                "optimizers": [
                    copy.deepcopy(o.state_dict()) for r in self.optimizers if (o := r())
                ],
                "schedulers": [
                    copy.deepcopy(s.state_dict()) for r in self.schedulers if (s := r())
                ],
                "random": global_states(),
            }
        finally:
            self.busy = False

    def _put_back(self, module: Any, real_load: Any) -> None:
        if not self.kept:
            return
        self.kept["loaded"] = True
        if _shortened(self.kept["module"], module):
            FACTS.add(Fact.LOADS_SHORTENED)
        self._note_left_out(module)
        if self.run.has(CARRY_BUFFERS):
            self.busy = True
            held = self.kept["module"]
            if set(module.state_dict()) == set(held):
                real_load(module, held)
                self._hidden(module)
            self.busy = False
        if self.run.has(CARRY_GENERATORS):
            put_global_states(self.kept["random"])
        self.fresh = [
            r
            for r in self.optimizers + self.schedulers
            if (o := r()) is not None and id(o) not in self.kept["known"]
        ]

    def _note_left_out(self, module: Any) -> None:
        """Note what a module remembered when it was saved, and does not once it is loaded."""
        for name, part in module.named_modules():
            now = memory(part)
            for key, value in self.kept["hidden"].get(name, {}).items():
                if key in now and not same(now[key], value):
                    FACTS.place(CARRY_BUFFERS.name, f"{name or type(part).__name__}.{key}")

    def _hidden(self, module: Any) -> None:
        """Put back what a state dict leaves out: buffers not to be saved, and attributes."""
        for name, part in module.named_modules():
            for key, value in self.kept["hidden"].get(name, {}).items():
                setattr(part, key, own(value))

    def _resumed(self, optimizer: Any) -> None:
        """Carry an optimizer's state over to a new one whose weights are those that it left.

        So a checkpoint is seen that was written by hand, without `load_state_dict`.
        """
        if optimizer.state or any(optimizer is other for other in self.stepped):
            return
        for other in self.stepped:
            if _same_weights(optimizer, other):
                FACTS.add(Fact.CHECKPOINT)
                if self.run.has(CARRY_OPTIMIZER):
                    optimizer.load_state_dict(copy.deepcopy(other.state_dict()))
        self.stepped = [*self.stepped[-1:], optimizer]  # two are enough, and hold little memory

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._resumed(optimizer)
        if not self.kept.get("loaded"):
            return
        new = [r for r in self.fresh if r() is not None]
        if any(r() is optimizer for r in new):
            if not optimizer.state and self.kept["optimizers"]:
                words = f"the state that a new {type(optimizer).__name__} begins without"
                FACTS.place(CARRY_OPTIMIZER.name, words)
            if self.run.has(CARRY_OPTIMIZER) and self.kept["optimizers"] and not optimizer.state:
                held = copy.deepcopy(self.kept["optimizers"][-1])
                with contextlib.suppress(ValueError):  # it has other groups of weights
                    optimizer.load_state_dict(held)
            if self.run.has(CARRY_SCHEDULER) and self.kept["schedulers"]:
                for ref in new:
                    scheduler = ref()
                    if isinstance(scheduler, LRScheduler) and scheduler.optimizer is optimizer:
                        scheduler.load_state_dict(copy.deepcopy(self.kept["schedulers"][-1]))
                        for group, rate in zip(
                            optimizer.param_groups, scheduler._last_lr, strict=False
                        ):
                            group["lr"] = rate
        self.fresh = [r for r in new if r() is not optimizer]


def _same_weights(one: Optimizer, other: Optimizer) -> bool:
    """Whether two optimizers have weights of the same values, which are not the same tensors."""
    ours, theirs = ([p for g in o.param_groups for p in g["params"]] for o in (one, other))
    return len(ours) == len(theirs) and all(
        a is not b and a.shape == b.shape and a.device == b.device and torch.equal(a, b)
        for a, b in zip(ours, theirs, strict=True)
    )


def _shortened(kept: dict[str, Any], module: Any) -> bool:
    """Whether a module holds the kept values, rounded to a shorter format."""
    held = dict(module.named_parameters()) | dict(module.named_buffers())
    pairs = [(v, held[k]) for k, v in kept.items() if k in held and held[k].is_floating_point()]
    if all(torch.equal(v, h.to(v.dtype)) for v, h in pairs):
        return False
    return any(
        all(torch.equal(v.to(short).to(h.dtype), h) for v, h in pairs)
        for short in (torch.float16, torch.bfloat16)
    )


def _checkpoints(run: Setting) -> None:
    Checkpoints(run).install()


CLEAR_GRADIENTS = on(
    "clear-gradients", "gradient-accumulation", "gradients are cleared after each step", 19,
    Fact.OPTIMIZER, axes=AGAIN | PAIR, install=_backward,
)  # fmt: skip
WEIGH = on(
    "weigh", "gradient-accumulation", "micro-batches count by their share of the rows", 20,
    Fact.SUMS_GRADIENTS, axes=PAIR, install=_backward,
)  # fmt: skip
CARRY_OPTIMIZER = on(
    "carry-optimizer", "checkpoint-incomplete", "the optimizer's state is carried over", 22,
    Fact.CHECKPOINT, axes=PAIR, install=_checkpoints,
)  # fmt: skip
CARRY_SCHEDULER = on(
    "carry-scheduler", "checkpoint-incomplete", "the scheduler's state is carried over", 23,
    Fact.CHECKPOINT, axes=PAIR, install=_checkpoints,
)  # fmt: skip
CARRY_GENERATORS = on(
    "carry-generators", "checkpoint-incomplete", "the generators' states are carried over", 24,
    Fact.CHECKPOINT, axes=PAIR, install=_checkpoints, draws=True,
)  # fmt: skip
CARRY_BUFFERS = on(
    "carry-buffers", "checkpoint-incomplete",
    "parameters, buffers and attributes are carried over", 25,
    Fact.CHECKPOINT, axes=PAIR, install=_checkpoints, format=torch.bfloat16,
    finer=((Fact.LOADS_SHORTENED, "reduced-precision",
            "What is loaded was rounded to a shorter format when it was saved."),),
)  # fmt: skip
ROWS = (
    CLEAR_GRADIENTS, WEIGH, CARRY_OPTIMIZER, CARRY_SCHEDULER, CARRY_GENERATORS, CARRY_BUFFERS,
)  # fmt: skip
