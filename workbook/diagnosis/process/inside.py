"""What is watched, and changed, in a process of the user's from the end of `import torch` on.

Owns the order in which patches and probes are put on, and what is written when the process ends or
has come to the step that it was to go to. The hook calls `begin`; nothing else does.
"""

import atexit
import contextlib
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workbook.diagnosis.interventions.ranks import ROWS_SEEN
from workbook.diagnosis.interventions.rows import put_on
from workbook.diagnosis.probes import leaving, ranks, steps
from workbook.diagnosis.probes.facts import FACTS
from workbook.diagnosis.probes.values import save
from workbook.diagnosis.process import compiler
from workbook.diagnosis.process.copies import files
from workbook.diagnosis.process.run import keep
from workbook.trace import Trace
from workbook.trace.hashing import wrapped

Note = Callable[..., None]
_IDLE = 6.0  # a run that computes for a sixth of its time is no longer short then, either
_LARGEST = 1 << 24  # numbers of a model whose last parameters are kept


class Watch:
    """One process of the user's, watched until it ends."""

    def __init__(self, plan: dict[str, Any], note: Note) -> None:
        self.plan = plan
        self.note = note
        self.folder = Path(plan["folder"])
        self.pid = os.getpid()
        self.trace: Trace | None = None
        self.stack = contextlib.ExitStack()
        self.optimizer: Any = None
        self.row: list[int] = []  # of the last step that was written down
        self.ended = False
        self.clock = time.monotonic  # the real one: a run may be given another
        self.began = self.clock()
        self.computed = time.process_time

    def begin(self) -> None:
        """Put on the patches that the plan names, then the probes."""
        compiler.load_later()  # or an optimizer loads it, and whatever it lists and reads
        self.note("torch", wrote=any(map(files, self.plan.get("layers", ()))))
        put_on(self.plan, self.stack, trained=dict(self.plan.get("trained", {})), early=True)
        leaving.watch(self._left)
        if self.plan["stop"] < 0:
            self._saves()
        # ranks are laid side by side step by step, and who goes to a step wants all of it
        only = not (self.plan["set"] or self.plan["stop"] or "RANK" in os.environ)
        steps.watch(0, self.after, steps.ENOUGH if only else math.inf)
        ranks.watch(self.note, ROWS_SEEN)
        atexit.register(self.end)
        if self.plan["trace"] and self.plan["from"] <= 1:
            self._start_trace()

    def _left(self, kind: str, **row: Any) -> None:
        """Write down what is read from torch, with the number of steps before it."""
        self.note(kind, step=FACTS.counts.get("steps seen", 0), **row)

    def after(self, optimizer: Any, row: list[int], loss: list[steps.Loss]) -> None:
        """Write a step's row down, and end the run where it was to go no further."""
        number, self.row, self.optimizer = row[0], row, optimizer
        self.note("step", n=number, vector=row, loss=loss)
        if self.plan["trace"] and number + 1 == self.plan["from"]:
            self._start_trace()
        if 0 < self.plan["stop"] <= number or self._long(number):
            self._stop(number)

    def _long(self, number: int) -> bool:
        """Whether the run has taken long and is at a round step, where another can stop as well."""
        # ranks stop together
        patience = 0 if "RANK" in os.environ else self.plan.get("patience", 0)
        # of the processor, so that a busy machine ends no short run; a device keeps it idle
        took = max(self.computed(), (self.clock() - self.began) / _IDLE)
        return patience > 0 and number >= 8 and not number & (number - 1) and took > patience

    def _stop(self, number: int) -> None:
        self.note("stopped", n=number)
        self.end()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # an exception would be swallowed by some programs

    def _saves(self) -> None:
        """Note each torch.save with the step that it follows; end the run after the first one."""
        real = torch.save

        def save_and_stop(*args: Any, **kwargs: Any) -> None:
            real(*args, **kwargs)
            number = FACTS.counts.get("steps seen", 0)
            if number and os.getpid() == self.pid:
                self.note("saved", n=number)
                self._stop(number)

        torch.save = save_and_stop

    def end(self) -> None:
        """Write down what is known only now; once, and only in the process that began."""
        if self.ended or os.getpid() != self.pid:
            return
        self.ended = True
        if self.trace is not None:
            self.trace.__exit__()
            for row in keep(self.trace, self.folder / f"trace-{self.pid}.npz"):
                self.note("draw", row=row)
        if self.row and steps.UNREAD in self.row and FACTS.counts["steps seen"] == self.row[0]:
            now = [self.row[0], *steps.vector(self.optimizer)]  # what the last step left is read
            last = [a or b for a, b in zip(self.row, now, strict=True)]
            self.note("step", n=last[0], vector=last, loss=[])
        self._parameters()
        self.note("facts", facts=FACTS.to_json())

    def _start_trace(self) -> None:
        self.trace = Trace(samples=True)
        self.trace.__enter__()

    def _parameters(self) -> None:
        if self.optimizer is None:
            return
        every = [weight.detach() for weight in steps.weights(self.optimizer)]
        weights = [part for weight in every for part in wrapped(weight) or [weight]]
        if sum(weight.numel() for weight in weights) <= _LARGEST:
            names = {f"parameter {number}": weight for number, weight in enumerate(weights)}
            self.note("parameters", leaves=save(names, self.folder, f"weights-{self.pid}"))


def begin(plan: dict[str, Any], note: Note) -> None:
    """Watch this process from now on, as the plan says."""
    Watch(plan, note).begin()
