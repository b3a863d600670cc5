"""The block of code in which what can be held still is held still, and the same to be pasted.

Owns `deterministic` and its text. Knows conditions; no experiment, and no factor by name.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from workbook.conditions import Conditions

VARIABLE, WORKSPACE = "CUBLAS_WORKSPACE_CONFIG", ":4096:8"
VARIABLES = {VARIABLE: WORKSPACE, "TORCHINDUCTOR_DETERMINISTIC": "1"}  # the compiler may load later

RECIPE = """\
import os

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA starts: first of all

import random

import numpy as np
import torch
import torch.utils.deterministic


def make_deterministic(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # on every device
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
"""
"""What `deterministic` sets, to paste where this package is not installed; nothing is put back."""


@contextmanager
def deterministic(
    seed: int = 0, *, threads: int | None = None, warn_only: bool = False
) -> Iterator[None]:
    """Hold still what can be held still in one process, and put everything back afterwards.

    Seeds torch on every device, NumPy's legacy generator and `random` with `seed` (0 to 2**32 - 1);
    asks for deterministic algorithms (an operation that has none raises RuntimeError, or warns with
    `warn_only`), fills memory that was never written, switches cuDNN's benchmark off and its
    deterministic algorithms on, and TF32 off by the older switches and the newer ones. `threads`
    (1 to 256) fixes torch's number of threads, which else stays. On leaving, also by an exception,
    every switch, variable and generator is as it was.

    cuBLAS reads CUBLAS_WORKSPACE_CONFIG when CUDA starts. Where CUDA runs already without it, a
    UserWarning says so: set it before Python starts, `CUBLAS_WORKSPACE_CONFIG=:4096:8`.

    `price` measures what it costs here, and `coverage` what it reaches and what not: generators of
    your own, the clock, hash seeds, state of your program. Another machine is another result.

    >>> with deterministic(0):
    ...     first = torch.rand(3)
    >>> with deterministic(0):
    ...     torch.equal(first, torch.rand(3))
    True
    """
    held = Conditions(
        seed=seed,
        threads=threads,
        deterministic="warn" if warn_only else "on",
        fill_uninitialized=True,
        cudnn_benchmark=False,
        cudnn_deterministic=True,
        cudnn_tf32=False,
        matmul_precision="highest",
    )
    with _variables(), held:
        yield


@contextmanager
def _variables() -> Iterator[None]:
    """Set the variables that are not set, and take them away again."""
    cuda: Any = torch.cuda  # untyped
    if VARIABLE not in os.environ and cuda.is_initialized():
        warnings.warn(
            f"CUDA runs already, and {VARIABLE} was not set: matrix products on CUDA may raise or "
            f"vary. Set {VARIABLE}={WORKSPACE} before Python starts.",
            stacklevel=5,
        )
    missing = {name: word for name, word in VARIABLES.items() if name not in os.environ}
    os.environ.update(missing)
    try:
        yield
    finally:
        for name in missing:
            os.environ.pop(name, None)
