"""Random streams: seeds that are set again, helpers whose seeds end with them, draws that are held.

Owns the patches of what sets a seed, and the modes in which each draw takes its numbers from where
it stands, or each row the same ones: a draw in between shifts nothing then.
"""

import contextlib
import functools
import hashlib
import linecache
import random
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.surroundings import RNG
from workbook.diagnosis.patching import caller, caller_of_operation, wrap, wrap_helpers, wrap_seeds
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import (
    get_state,
    global_states,
    put_global_states,
    put_state,
)
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import user_frame

_NUMPY_DRAWS = (
    "rand randn randint random uniform normal choice shuffle permutation standard_normal "
    "random_sample"
)
_PYTHON_DRAWS = "random uniform randint choice choices sample shuffle gauss normalvariate randrange"


class Epoch:
    """The last seed that was set, and how often each place has drawn since."""

    def __init__(self, keep_seeds: bool, start: int) -> None:
        self.keep_seeds = keep_seeds
        self.seed = f"start {start}" if keep_seeds else "any"
        self.drawn: dict[str, int] = {}

    def set(self, value: Any) -> None:
        """Begin anew: a seed was set."""
        if self.keep_seeds:
            self.seed, self.drawn = repr(value), {}

    @contextlib.contextmanager
    def keyed(self, generator: Any, place: str) -> Iterator[None]:
        """Let a generator draw what belongs to a place; it goes on as if it had not drawn."""
        number = self.drawn[place] = self.drawn.get(place, 0) + 1
        code = hashlib.blake2b(f"{self.seed}|{place}|{number}".encode(), digest_size=4)
        state = get_state(generator)
        seed = generator.manual_seed if hasattr(generator, "manual_seed") else generator.seed
        seed(int.from_bytes(code.digest(), "little"))
        try:
            yield
        finally:
            put_state(generator, state)


class KeyedDraws(Dispatch):
    """Every torch draw takes its numbers from its place: operation, shape, text of the line."""

    def __init__(self, epoch: Epoch) -> None:
        super().__init__()
        self.epoch = epoch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        frame = caller_of_operation()
        own = kwargs.get("generator")
        if own is not None and self.epoch.keep_seeds:
            return func(*args, **kwargs)  # a generator of its own is not shifted by others
        shapes = [tuple(a.shape) if isinstance(a, torch.Tensor) else a for a in args]
        generator = own if own is not None else _generator(args, kwargs)
        with self.epoch.keyed(generator, f"{func}{shapes}{_text(frame)}"):
            return func(*args, **kwargs)


def _text(frame: FrameType) -> str:
    """Give the text of the user's line that a draw is made at, in a library or not."""
    frame = user_frame(frame) or frame
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()


def _generator(args: Any, kwargs: dict[str, Any]) -> torch.Generator:
    """Give the global generator of the device that an operation draws on."""
    first = next((value for value in args if isinstance(value, torch.Tensor)), None)
    device = torch.device(kwargs.get("device") or (first.device if first is not None else "cpu"))
    module: Any = getattr(torch, device.type, None)
    if device.type == "cpu" or not hasattr(module, "default_generators"):
        return torch.default_generator
    number = device.index if device.index is not None else module.current_device()
    generator: torch.Generator = module.default_generators[number]
    return generator


class Still(Dispatch):
    """Every torch draw of floating-point numbers gives each row the same ones, however many rows.

    It is awake while the calls run: weights and inputs are drawn before. What draws and computes in
    one operation (a fused dropout) is left as it is.
    """

    awake = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if torch.Tag.nondeterministic_seeded not in func.tags or not self.awake:
            return out
        if isinstance(out, torch.Tensor) and out.is_floating_point() and out.numel():
            width = out.shape[-1] if out.dim() > 1 else 1  # the other dimensions count the rows
            places = torch.arange(1, width + 1, dtype=torch.float64, device=out.device)
            out.copy_((places * _GOLDEN % 1.0).expand_as(out))
        return out


_GOLDEN = (5**0.5 - 1) / 2  # its multiples fill the numbers from 0 to 1 evenly


def keyed_others(epoch: Epoch) -> None:
    """Key the draws of NumPy's and `random`'s global generators in the same way."""

    def draw(generator: Any, real: Any, *args: Any, **kwargs: Any) -> Any:
        with epoch.keyed(generator, f"{type(generator)}.{real.__name__}|{_text(caller())}"):
            return real(*args, **kwargs)

    numpys, pythons = np.random.mtrand._rand, random._inst  # type: ignore[attr-defined]
    wrap(functools.partial(draw, numpys), np.random, *_NUMPY_DRAWS.split())
    wrap(functools.partial(draw, pythons), random, *_PYTHON_DRAWS.split())


_HELPERS: list[Any] = []  # for each helper that is running: the states before it set a seed


def _seeds(run: Setting) -> None:
    """Note that seeds are set; only the first set before any draw may count."""
    epoch = _epoch(run) if run.has(KEYED) or run.has(KEYED_SEEDS) else None
    if epoch is not None:
        keyed_others(epoch)

    def seed(library: str, real: Any, *args: Any, **kwargs: Any) -> Any:
        if _HELPERS and _HELPERS[-1] is None:
            _HELPERS[-1] = global_states()
        FACTS.add(Fact.SEEDS)
        if FACTS.count(f"seed {library}") > 1:
            FACTS.add(Fact.SEEDS_AGAIN)
            if run.has(FIRST_SEED):
                return torch.default_generator if library == "torch" else None
        if epoch is not None:
            epoch.set(args if len(repr(args)) < 80 else "state")
        if run.has(ONE_SEED) and args and isinstance(args[0], int):
            args = (0, *args[1:])
        return real(*args, **kwargs)

    def fork(real: Any, *args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.SEEDS_AGAIN)
        return contextlib.nullcontext() if run.has(FIRST_SEED) else real(*args, **kwargs)

    wrap_seeds(seed)
    wrap(functools.partial(seed, "torch"), torch, "set_rng_state")
    wrap(functools.partial(seed, "numpy"), np.random, "set_state")
    wrap(functools.partial(seed, "random"), random, "setstate")
    wrap(fork, torch.random, "fork_rng")
    torch.random.set_rng_state = torch.set_rng_state


def _epoch(run: Setting) -> Epoch:
    """Give what counts the draws since the last seed: one for a run."""
    made = Epoch(not run.has(KEYED), run.given.get(RNG.name) or RNG.values[0])
    return run.given.setdefault("epoch", made)  # type: ignore[no-any-return]


def _local_seeds(run: Setting) -> None:
    """Let the seeds that a helper sets end with it."""

    def helper(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        _HELPERS.append(None)
        try:
            return real(*args, **kwargs)
        finally:
            states = _HELPERS.pop()
            if states is not None:
                put_global_states(states)

    if run.has(LOCAL_SEEDS):
        wrap_helpers(run, helper)


def _keyed(run: Setting) -> KeyedDraws:
    return KeyedDraws(_epoch(run))


FIRST_SEED = on(
    "first-seed", "reseeded", "only the first seed counts", 64, Fact.SEEDS_AGAIN, axes=PAIR,
    install=_seeds, stage=Stage.SEEDS, rivals="seeds", draws=True)  # fmt: skip
LOCAL_SEEDS = on(
    "local-seeds", "reseeded", "a seed set in a helper counts in that helper only", 65,
    Fact.SEEDS_AGAIN, axes=PAIR, install=_local_seeds, stage=Stage.PROGRAM, rivals="seeds",
    draws=True,
    fix="Give the helper a torch.Generator of its own, or call it under "
        "torch.random.fork_rng().")  # fmt: skip
KEYED_SEEDS = on(
    "keyed-seeds", "generator-shift", "each draw keeps its numbers, whatever was drawn in between",
    66, Fact.DRAWS, axes=PAIR, mode=_keyed, renumbers=True, draws=True)  # fmt: skip
_ONE_MORE = (  # its numbers do not come from no seed, but from one more
    (Fact.SEEDS_UNLIKE, "reseeded", "One of them sets a seed more often than the other."),
)
ONE_SEED = on(
    "one-seed", "random-numbers", "every seed is the same number", 76, Fact.SEEDS,
    axes=AGAIN | PAIR, install=_seeds, stage=Stage.SEEDS, renumbers=True, draws=True,
    finer=_ONE_MORE,
    fix="Pass one fixed number as the seed on both sides and in every run, not the "
        "time or a hash.")  # fmt: skip
KEYED = on(
    "keyed", "random-numbers", "each draw keeps its numbers, whatever the seed", 78, Fact.DRAWS,
    axes=PAIR, mode=_keyed, renumbers=True, draws=True, finer=_ONE_MORE,
    fix="Set the same seed, at the same place, on both sides.")  # fmt: skip
STILL = on(
    "still", "random-numbers", "each row of a batch is given the same numbers", 99,
    axes=frozenset(), mode=lambda run: Still())  # fmt: skip
ROWS = (FIRST_SEED, LOCAL_SEEDS, KEYED_SEEDS, ONE_SEED, KEYED, STILL)
