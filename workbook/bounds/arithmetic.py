"""IEEE float64 arithmetic for measuring, whatever conditions are in force around it.

Owns the way out of dispatch modes and of flushed subnormals. Knows nothing of formulas.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch._C import _len_torch_dispatch_stack
from torch.utils._python_dispatch import _disable_current_modes

from workbook.conditions.switches import flushes


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave every dispatch mode and keep subnormals for as long as this lasts.

    The simulated accelerator refuses float64 or computes it in float32, a trace would take the
    measuring for the run, and a processor that flushes would see no difference between subnormals.
    Both are in force again afterwards, also after an exception.
    """
    flushing = flushes()
    if flushing:
        torch.set_flush_denormal(False)
    try:
        # Leaving no mode costs more than a small comparison, so it is left out.
        with _disable_current_modes() if _len_torch_dispatch_stack() else nullcontext():
            yield
    finally:
        if flushing:
            torch.set_flush_denormal(True)
