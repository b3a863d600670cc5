"""Interventions on random streams: draws that know their place, seeds that are set again.

Owns the keyed draws (each draw takes its numbers from where it stands, so that a draw in between
shifts nothing), the deaf ear to seeds set again, helpers whose seeds end with them, and the states
of the global generators.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import linecache
import random
import sys
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.facts import FACTS
from workbook.trace.dispatch import Dispatch

On = frozenset[str]


class Epoch:
    """The last seed that was set, and how often each place has drawn since."""

    def __init__(self, keep_seeds: bool, start: int) -> None:
        self.keep_seeds = keep_seeds
        self.seed = f"start {start}" if keep_seeds else "any"
        self.drawn: dict[str, int] = {}

    def set(self, value: Any) -> None:
        if self.keep_seeds:
            self.seed, self.drawn = repr(value), {}

    def key(self, place: str) -> int:
        number = self.drawn[place] = self.drawn.get(place, 0) + 1
        text = f"{self.seed}|{place}|{number}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little")


class KeyedDraws(Dispatch):
    """Every torch draw takes its numbers from its place: operation, shape, text of the line."""

    def __init__(self, epoch: Epoch) -> None:
        super().__init__()
        self.epoch = epoch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.endswith(("_compile.py", "eval_frame.py")):
            frame = frame.f_back
        shapes = [tuple(a.shape) if isinstance(a, torch.Tensor) else a for a in args]
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        own = kwargs.get("generator")
        if own is not None and self.epoch.keep_seeds:
            return func(*args, **kwargs)  # a generator of its own is not shifted by others
        generator = own if own is not None else torch.default_generator
        state = generator.get_state()
        generator.manual_seed(self.epoch.key(f"{func}{shapes}{text}"))
        try:
            return func(*args, **kwargs)
        finally:
            generator.set_state(state)


class Still(Dispatch):
    """Every torch draw of floating-point numbers gives one number, whatever its shape.

    It is awake while the calls run: weights and inputs are drawn before.
    """

    awake = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded not in func.tags or not self.awake:
            return out
        if isinstance(out, torch.Tensor) and out.is_floating_point():
            out.fill_(0.3125)
        return out


def keyed_others(epoch: Epoch) -> None:
    """The same for the global generators of NumPy and `random`."""
    for name in (
        "rand",
        "randn",
        "randint",
        "random",
        "uniform",
        "normal",
        "choice",
        "shuffle",
        "permutation",
        "standard_normal",
        "random_sample",
    ):
        setattr(
            np.random,
            name,
            _keyed(
                getattr(np.random, name),
                f"numpy.{name}",
                epoch,
                np.random.get_state,
                np.random.set_state,
                np.random.seed,
            ),
        )
    for name in (
        "random",
        "uniform",
        "randint",
        "choice",
        "choices",
        "sample",
        "shuffle",
        "gauss",
        "normalvariate",
        "randrange",
    ):
        setattr(
            random,
            name,
            _keyed(
                getattr(random, name),
                f"random.{name}",
                epoch,
                random.getstate,
                random.setstate,
                random.seed,
            ),
        )


def _keyed(real: Any, name: str, epoch: Epoch, get: Any, put: Any, seed: Any) -> Any:
    def draw(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1)
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        state = get()
        seed(epoch.key(f"{name}|{text}"))
        try:
            return real(*args, **kwargs)
        finally:
            put(state)

    return draw


def global_states() -> tuple[Any, ...]:
    """The states of the global generators of torch, its CUDA devices, NumPy and `random`."""
    return (
        torch.default_generator.get_state(),
        np.random.mtrand._rand.get_state(),
        random._inst.getstate(),  # type: ignore[attr-defined]
        torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None,
    )


def put_global_states(states: tuple[Any, ...]) -> None:
    """Give the global generators the states that `global_states` returned."""
    torch.default_generator.set_state(states[0])
    np.random.mtrand._rand.set_state(states[1])
    random._inst.setstate(states[2])  # type: ignore[attr-defined]
    if states[3] is not None:
        torch.cuda.set_rng_state_all(states[3])
    elif torch.cuda.is_initialized():  # first used since
        torch.cuda.manual_seed_all(torch.initial_seed())


_HELPERS: list[Any] = []  # for each helper that is running: the states before it set a seed


def local(_: str, real: Any) -> Any:
    """A helper whose seeds end with it."""

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        _HELPERS.append(None)
        try:
            return real(*args, **kwargs)
        finally:
            states = _HELPERS.pop()
            if states is not None:
                put_global_states(states)

    return call


def seeds(on: On, epoch: Epoch | None) -> None:
    """Note that seeds are set; with `first-seed` only the first set before any draw counts."""
    deaf = "first-seed" in on

    def patched(owner: Any, name: str, generator: str) -> None:
        real = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if _HELPERS and _HELPERS[-1] is None:
                _HELPERS[-1] = global_states()
            number = FACTS.count(f"seed {generator}")
            FACTS.append("seeds", f"{name}{args if len(repr(args)) < 40 else ''}")
            FACTS.add("seed")
            if number > 1:
                FACTS.add("seed-again")
                if deaf:
                    return torch.default_generator if generator == "torch" else None
            if epoch is not None:
                epoch.set(args if len(repr(args)) < 80 else "state")
            if "one-seed" in on and args and isinstance(args[0], int):
                args = (0, *args[1:])
            return real(*args, **kwargs)

        setattr(owner, name, call)

    patched(torch, "manual_seed", "torch")
    torch.random.manual_seed = torch.manual_seed
    patched(torch, "set_rng_state", "torch")
    torch.random.set_rng_state = torch.set_rng_state
    patched(np.random, "seed", "numpy")
    patched(np.random, "set_state", "numpy")
    patched(random, "seed", "random")
    patched(random, "setstate", "random")
    real_fork = torch.random.fork_rng

    def fork_rng(*args: Any, **kwargs: Any) -> Any:
        FACTS.add("seed-again")
        return contextlib.nullcontext() if deaf else real_fork(*args, **kwargs)

    torch.random.fork_rng = fork_rng
