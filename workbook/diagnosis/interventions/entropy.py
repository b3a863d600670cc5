"""Where random numbers come from: every generator's start, and every source of entropy.

Owns the patches that make them a function of one number. Each source has bytes of its own, other
ones at each request: what a library requests elsewhere does not change what the program is given.
"""

from __future__ import annotations

import functools
import hashlib
import os
import random
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

COUNTED: Counter[str] = Counter()  # requests to each source of entropy in this process


def generators(number: int, *, early: bool = False) -> None:
    """Start every generator, and every source of entropy that Python can reach, from `number`.

    `early`: those of NumPy and Python were started before, and the program may have set them since.
    """
    torch.manual_seed(1_000 + number)
    if not early:
        np.random.seed(1_000 + number)
        random.seed(1_000 + number)

    def entropy(count: int, source: str = "system") -> bytes:
        COUNTED[source] += 1
        return hashlib.shake_128(f"{number}:{source}:{COUNTED[source]}".encode()).digest(count)

    def fresh(source: str = "system", bits: int = 64) -> int:
        return int.from_bytes(entropy(8, source), "little") % (1 << bits)

    os.urandom = entropy
    secrets.token_bytes = lambda nbytes=None: entropy(nbytes or 32)  # type: ignore[assignment]
    secrets.token_hex = lambda nbytes=None: entropy(nbytes or 32).hex()  # type: ignore[assignment]
    secrets.randbits = lambda k: fresh() % (1 << k)  # type: ignore[assignment]
    secrets.randbelow = lambda n: fresh() % n  # type: ignore[assignment]
    for owner, name, parameter, bits in _SEEDED:
        seed = functools.partial(fresh, f"{owner.__name__}.{name}", bits)
        setattr(owner, name, _seeded(getattr(owner, name), parameter, seed))
    random.SystemRandom = random.Random  # type: ignore[misc]

    def seed_torch() -> int:
        torch.manual_seed(fresh("torch.seed", 63))
        return torch.initial_seed()

    torch.seed = torch.random.seed = seed_torch

    class Generator(torch.Generator):
        def seed(self) -> int:
            self.manual_seed(fresh("torch.Generator", 63))
            return self.initial_seed()

    torch.Generator = Generator  # type: ignore[misc]


# What takes a fresh seed where it is given none: its owner, name, parameter, and the seed's bits.
_SEEDED: tuple[tuple[Any, str, str, int], ...] = (
    (random, "seed", "a", 64),
    (random, "Random", "x", 64),
    (np.random, "seed", "seed", 32),
    (np.random, "default_rng", "seed", 64),
    (np.random, "RandomState", "seed", 32),
    (np.random, "SeedSequence", "entropy", 64),
)


def _seeded(real: Any, parameter: str, fresh: Callable[[], int]) -> Any:
    """Give a function, or a class, that takes a fresh seed where it is given none."""

    def given(args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        if (args[0] if args else kwargs.get(parameter)) is not None:
            return args, kwargs
        return (fresh(), *args[1:]), {k: v for k, v in kwargs.items() if k != parameter}

    if not isinstance(real, type):

        @functools.wraps(real)
        def call(*args: Any, **kwargs: Any) -> Any:
            args, kwargs = given(args, kwargs)
            return real(*args, **kwargs)

        return call

    class Seeded(real):  # type: ignore[misc,valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            args, kwargs = given(args, kwargs)
            super().__init__(*args, **kwargs)

    return Seeded
