"""Checkpoints: what a state that is loaded lacks, and weights in it that are passed over.

Owns the patches of state dicts. What a checkpoint should have held is taken down whenever a state
dict is made; where a row is active, it is put back on loading.
"""

import contextlib
import copy
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, on
from workbook.diagnosis.patching import caller, line, wrap
from workbook.diagnosis.probes.contents import memory, own, recall, same
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import global_states, put_global_states
from workbook.diagnosis.probes.steps import weights


@dataclass
class _Kept:
    """What there was when a module's state was taken: the module's, and all that it leaves out."""

    module: dict[str, Any]
    hidden: dict[str, dict[str, Any]]  # of each part: buffers not to be saved, and attributes
    made: int  # how many optimizers and schedulers there had been
    optimizers: list[dict[str, Any]]
    schedulers: list[dict[str, Any]]
    random: tuple[Any, ...]
    loaded: bool = False


class Checkpoints:
    """What a complete checkpoint would have held, put back where rows are active."""

    def __init__(self, run: Setting) -> None:
        self.run = run
        self.kept: _Kept | None = None
        self.made: list[weakref.ref[Any]] = []  # optimizers and schedulers
        self.used: list[weakref.ref[Any]] = []  # optimizers that have made a step
        self.stepped: list[Optimizer] = []  # the last two of them
        self.load = torch.nn.Module.load_state_dict
        wrap(self._making, Optimizer, "__init__")
        wrap(self._making, LRScheduler, "__init__")
        wrap(self._saving, torch.nn.Module, "state_dict")
        wrap(self._loading, torch.nn.Module, "load_state_dict")
        register_optimizer_step_pre_hook(self._before_step)

    def _making(self, real: Any, this: Any, *args: Any, **kwargs: Any) -> None:
        real(this, *args, **kwargs)
        self.made.append(weakref.ref(this))

    def _alive(self, kind: Any, start: int = 0) -> list[Any]:
        """List the optimizers or schedulers that are there, of those made from a number on."""
        there = (ref() for ref in self.made[start:])
        return [content for content in there if isinstance(content, kind)]

    def _saving(self, real: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep all that there is when a module's whole state is taken by the program."""
        if not args and "prefix" not in kwargs and caller().f_code.co_filename != __file__:
            self.kept = _Kept(
                {k: own(v) for k, v in real(module).items()},
                {name: memory(part) for name, part in module.named_modules()},
                len(self.made),
                [copy.deepcopy(o.state_dict()) for o in self._alive(Optimizer)],
                [copy.deepcopy(s.state_dict()) for s in self._alive(LRScheduler)],
                global_states(),
            )
        return real(module, *args, **kwargs)

    def _loading(self, real: Any, module: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        mine = {p.data_ptr() for p in module.parameters()}
        tensors = [v for v in state_dict.values() if isinstance(v, torch.Tensor)]
        alive = any(tensor.data_ptr() in mine for tensor in tensors)
        done = real(module, state_dict, *args, **kwargs)
        FACTS.add(Fact.CHECKPOINT)
        if self.kept is not None and not alive:  # else nothing was saved: it is its own memory
            self._loaded(module, self.kept)
        return done

    def _loaded(self, module: Any, kept: _Kept) -> None:
        """Note what a module lacks that was loaded; put back what the active rows say."""
        kept.loaded = True
        self.used.clear()
        if _shortened(kept.module, module):
            FACTS.add(Fact.LOADS_SHORTENED)
        parts = [(name, part, kept.hidden.get(name, {})) for name, part in module.named_modules()]
        for name, part, hidden in parts:
            now = memory(part)
            for key in (k for k in hidden if k in now and not same(now[k], hidden[k])):
                FACTS.place(CARRY_BUFFERS.name, f"{name or type(part).__name__}.{key}")
        if self.run.has(CARRY_BUFFERS) and set(module.state_dict()) == set(kept.module):
            self.load(module, kept.module)
            for _, part, hidden in parts:
                recall(part, hidden)
        if self.run.has(CARRY_GENERATORS):
            put_global_states(kept.random)

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
        kept = self.kept
        if kept is None or not kept.loaded or any(ref() is optimizer for ref in self.used):
            return
        self.used.append(weakref.ref(optimizer))
        if not any(optimizer is new for new in self._alive(Optimizer, kept.made)):
            return
        if kept.optimizers and not optimizer.state:
            words = f"the state that a new {type(optimizer).__name__} begins without"
            FACTS.place(CARRY_OPTIMIZER.name, words)
            if self.run.has(CARRY_OPTIMIZER):
                with contextlib.suppress(ValueError):  # it has other groups of weights
                    optimizer.load_state_dict(copy.deepcopy(kept.optimizers[-1]))
        if kept.schedulers and self.run.has(CARRY_SCHEDULER):
            for scheduler in self._alive(LRScheduler, kept.made):
                if scheduler.optimizer is optimizer:
                    scheduler.load_state_dict(copy.deepcopy(kept.schedulers[-1]))
                    rates = zip(optimizer.param_groups, scheduler._last_lr, strict=False)
                    for group, rate in rates:
                        group["lr"] = rate


def _same_weights(optimizer: Optimizer, other: Optimizer) -> bool:
    """Whether two optimizers have weights of the same values, which are not the same tensors."""
    ours, theirs = weights(optimizer), weights(other)
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


def _names(run: Setting) -> None:
    """Note states that fit in part only; load what they hold under another name."""

    def load(real: Any, module: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            done = real(module, state_dict, *args, **kwargs)
        except RuntimeError:  # names do not fit; the program may pass over it
            _note(module, state_dict)
            if not run.has(LOAD_ALL) or not _missing(module, state_dict):
                raise
            return real(module, renamed(module, state_dict), strict=False)
        if _missing(module, state_dict):
            _note(module, state_dict)
            if run.has(LOAD_ALL):
                real(module, renamed(module, state_dict), strict=False)
        return done

    wrap(load, torch.nn.Module, "load_state_dict")


def _note(module: torch.nn.Module, state: Mapping[str, Any]) -> None:
    missing = _missing(module, state)
    words = f"{len(missing)} of {len(module.state_dict())} weights are not in the state"
    first = f", {missing[0]} the first" if missing else ""
    FACTS.add(Fact.LOADS_PART, "weights-not-loaded", f"{line()}, where {words}{first}")


def _missing(module: torch.nn.Module, state: Mapping[str, Any]) -> list[str]:
    return [name for name in module.state_dict() if name not in state]


def renamed(module: torch.nn.Module, state: Mapping[str, Any]) -> dict[str, Any]:
    """Give the state under the module's names.

    A weight that is missing gets what is over: the one whose name ends alike, where its shape
    fits, else the next one of its shape.
    """
    wanted = module.state_dict()
    over = {name: value for name, value in state.items() if name not in wanted}
    made = {name: value for name, value in state.items() if name in wanted}
    for name in _missing(module, state):
        shape = wanted[name].shape
        fits = [key for key, value in over.items() if getattr(value, "shape", None) == shape]
        ends = [key for key in fits if _ends(key, name) or _ends(name, key)]
        for key in (ends or fits)[:1]:
            made[name] = over.pop(key)
    return made


def _ends(name: str, key: str) -> bool:
    return f".{name}".endswith(f".{key}")


CARRY_OPTIMIZER = on(
    "carry-optimizer", "checkpoint-incomplete", "the optimizer's state is carried over", 22,
    Fact.CHECKPOINT, axes=PAIR, install=Checkpoints,
    fix="Save optimizer.state_dict(), too, and load it into the new optimizer.")  # fmt: skip
CARRY_SCHEDULER = on(
    "carry-scheduler", "checkpoint-incomplete", "the scheduler's state is carried over", 23,
    Fact.CHECKPOINT, axes=PAIR, install=Checkpoints,
    fix="Save scheduler.state_dict(), too, and load it into the new scheduler.")  # fmt: skip
CARRY_GENERATORS = on(
    "carry-generators", "checkpoint-incomplete", "the generators' states are carried over", 24,
    Fact.CHECKPOINT, axes=PAIR, install=Checkpoints, draws=True,
    fix="Save torch.get_rng_state(), too (and NumPy's and random's), and set it after "
        "loading.")  # fmt: skip
CARRY_BUFFERS = on(
    "carry-buffers", "checkpoint-incomplete", "parameters, buffers and attributes are carried over",
    25, Fact.CHECKPOINT, axes=PAIR, install=Checkpoints, format=torch.bfloat16,
    finer=((Fact.LOADS_SHORTENED, "reduced-precision",
           "What is loaded was rounded to a shorter format when it was saved."),),
    fix="Save what is named above, too: a state_dict holds no plain attributes and no "
        "buffers with persistent=False, and only the dtype that was saved.")  # fmt: skip
LOAD_ALL = on(
    "load-all", "weights-not-loaded", "weights are loaded whatever prefix their names have", 21,
    Fact.LOADS_PART, axes=AGAIN | PAIR, install=_names)  # fmt: skip
ROWS = (CARRY_OPTIMIZER, CARRY_SCHEDULER, CARRY_GENERATORS, CARRY_BUFFERS, LOAD_ALL)
