"""The states of random generators: the global ones of torch, NumPy and Python, and any object's.

Owns how a state is taken, put back and told from another.
"""

import random
from typing import Any

import numpy as np
import torch

from workbook.trace import tensor_hash
from workbook.trace.hashing import bytes_hash

GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
LIBRARIES = ("torch", "numpy", "random")
_MASK = (1 << 64) - 1


def get_state(generator: Any) -> Any:
    """Give the state of a generator of torch, NumPy or `random`."""
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.getstate() if hasattr(generator, "getstate") else generator.get_state()


def put_state(generator: Any, state: Any) -> None:
    """Give a generator the state that `get_state` returned."""
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif hasattr(generator, "setstate"):
        generator.setstate(state)
    else:
        generator.set_state(state)


def _global() -> tuple[Any, ...]:
    """Give the global generators themselves: the libraries' functions may be patched."""
    return torch.default_generator, np.random.mtrand._rand, random._inst  # type: ignore[attr-defined]


def global_states() -> tuple[Any, ...]:
    """Give the states of the global generators, and of those of torch's CUDA devices."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    return (*map(get_state, _global()), cuda)


def put_global_states(states: tuple[Any, ...]) -> None:
    """Give the global generators the states that `global_states` returned."""
    for generator, state in zip(_global(), states, strict=False):
        put_state(generator, state)
    if states[-1] is not None:
        torch.cuda.set_rng_state_all(states[-1])
    elif torch.cuda.is_initialized():  # first used since
        torch.cuda.manual_seed_all(torch.initial_seed())


def global_codes() -> list[int]:
    """Hash the states of the global generators, as `LIBRARIES` orders them; alike in any process.

    To write the numbers of NumPy's out takes a millisecond.
    """
    torchs, numpys, (_, numbers, gauss) = map(get_state, _global())
    numpy = hash((bytes_hash(numpys[1].tobytes()), numpys[2], float(numpys[4])))
    return [tensor_hash(torchs), numpy & _MASK, hash((numbers, gauss or 0.0)) & _MASK]
