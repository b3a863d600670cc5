"""Randomness: the random states of torch on every present device, of NumPy and of `random`.

Owns reading, seeding and putting back. DirectML and the simulated accelerator draw from the CPU's
generator, so that they have no state of their own.
"""

from __future__ import annotations

import random
from contextlib import ExitStack

import numpy as np
import torch

from workbook.devices import device


def seed(number: int) -> None:
    """Seed torch on every device, NumPy's legacy generator and `random`; 0 to 2**32 - 1."""
    torch.manual_seed(number)
    np.random.seed(number)
    random.seed(number)


def keep(stack: ExitStack) -> None:
    """Read every random state, and leave with `stack` what puts them back."""
    stack.callback(random.setstate, random.getstate())
    stack.callback(np.random.set_state, np.random.get_state(legacy=False))
    stack.callback(torch.set_rng_state, torch.get_rng_state())
    # A forked child cannot use its parent's CUDA, and then draws nothing from it.
    if device("cuda").absent() is None and not torch.cuda._is_in_bad_fork():
        stack.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
    if device("xpu").absent() is None and not torch.xpu._is_in_bad_fork():
        stack.callback(torch.xpu.set_rng_state_all, torch.xpu.get_rng_state_all())
    if device("mps").absent() is None:
        stack.callback(torch.mps.set_rng_state, torch.mps.get_rng_state())
