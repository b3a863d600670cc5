"""Simulation: the simulated accelerator, on for conditions that name it and off for the others.

Owns which accelerators the conditions of this thread have entered. One that a caller entered by
hand is the caller's, and is left alone.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded where it is at work
    from workbook.simulated import SimulatedAccelerator


class _ThisThread(threading.local):
    """The accelerators that this thread's conditions are inside of, the outermost first."""

    def __init__(self) -> None:
        self.entered: list[SimulatedAccelerator] = []


_THIS_THREAD = _ThisThread()


def simulate(on: bool, opening: ExitStack) -> None:
    """Have exactly one accelerator at work, or none, until `opening` is closed."""
    at_work = [simulation for simulation in _THIS_THREAD.entered if not simulation.paused]
    if not on:
        for simulation in at_work:
            simulation.paused = True
            opening.callback(setattr, simulation, "paused", False)
    elif not at_work:
        from workbook.simulated import SimulatedAccelerator

        accelerator = opening.enter_context(SimulatedAccelerator())
        _THIS_THREAD.entered.append(accelerator)
        opening.callback(_THIS_THREAD.entered.remove, accelerator)
