"""Where random numbers come from: every generator's start, and every source of entropy.

Owns the patches that make them a function of one number.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import random
import secrets
from typing import Any

import numpy as np
import torch

_DATETIME, _DATE = datetime.datetime, datetime.date
_REAL_CLOCK: dict[str, Any] = {}
_ASKED = {"clock": 0, "entropy": 0}  # how often each was asked in this process

COUNTED = {"entropy": 0}  # how often it was asked in this process


def generators(number: int, *, early: bool = False) -> None:
    """Start every generator, and every source of entropy that Python can reach, from `number`.

    `early`: those of NumPy and Python were started before, and the program may have set them since.
    """
    torch.manual_seed(1_000 + number)
    if not early:
        np.random.seed(1_000 + number)
        random.seed(1_000 + number)

    def entropy(count: int) -> bytes:
        COUNTED["entropy"] += 1
        return hashlib.shake_128(f"{number}:{_ASKED['entropy']}".encode()).digest(count)

    def fresh() -> int:
        return int.from_bytes(entropy(8), "little")

    os.urandom = entropy
    secrets.token_bytes = lambda nbytes=None: entropy(nbytes or 32)  # type: ignore[assignment]
    secrets.token_hex = lambda nbytes=None: entropy(nbytes or 32).hex()  # type: ignore[assignment]
    secrets.randbits = lambda k: fresh() % (1 << k)  # type: ignore[assignment]
    secrets.randbelow = lambda n: fresh() % n  # type: ignore[assignment]
    _unseeded_numpy(fresh)
    real_seed = random.seed
    random.seed = lambda a=None, version=2: real_seed(fresh() if a is None else a, version)  # type: ignore[assignment]

    class Seeded(random.Random):
        def __init__(self, x: Any = None) -> None:
            super().__init__(fresh() if x is None else x)

    random.Random = Seeded  # type: ignore[misc]
    random.SystemRandom = Seeded  # type: ignore[misc,assignment]

    def seed() -> int:
        torch.manual_seed(fresh() >> 1)
        return torch.initial_seed()

    torch.seed = seed
    torch.random.seed = seed

    class Generator(torch.Generator):
        def seed(self) -> int:
            self.manual_seed(fresh() >> 1)
            return self.initial_seed()

    torch.Generator = Generator  # type: ignore[misc]


def _unseeded_numpy(fresh: Any) -> None:
    real_rng, real_seed, real_sequence = (
        np.random.default_rng,
        np.random.seed,
        np.random.SeedSequence,
    )
    np.random.default_rng = lambda seed=None: real_rng(fresh() if seed is None else seed)
    np.random.seed = lambda seed=None: real_seed(fresh() % 2**32 if seed is None else seed)  # type: ignore[assignment]

    class State(np.random.RandomState):
        def __init__(self, seed: Any = None) -> None:
            super().__init__(fresh() % 2**32 if seed is None else seed)

    class Sequence(real_sequence):  # type: ignore[misc,valid-type]
        def __init__(self, entropy: Any = None, **more: Any) -> None:
            super().__init__(fresh() if entropy is None else entropy, **more)

    np.random.RandomState = State  # type: ignore[misc]
    np.random.SeedSequence = Sequence  # type: ignore[misc]
