"""Randomness: the random states of torch on every present device, of NumPy and of `random`.

Owns seeding, and reading and putting back every state. How a device's states are read stands in its
row of the table of devices.
"""

import random
from contextlib import ExitStack

import numpy as np
import torch

from workbook.devices import rows


def seed(number: int) -> None:
    """Seed torch on every device, NumPy's legacy generator and `random`; 0 to 2**32 - 1."""
    torch.manual_seed(number)
    np.random.seed(number)
    random.seed(number)


def keep(stack: ExitStack) -> None:
    """Read every random state, and leave with `stack` what puts them back."""
    stack.callback(random.setstate, random.getstate())
    stack.callback(np.random.set_state, np.random.get_state(legacy=False))
    for row in rows.DEVICES:
        if row.generators is not None and row.absent() is None:
            states = row.generators.read()
            if states is not None:
                stack.callback(row.generators.write, states)
