"""What a block of `deterministic` reaches and what it does not, each shown by two runs.

Owns the factors. A row changes one thing between two runs; whether the results agree is measured.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbook.conditions import Conditions
from workbook.conditions.switches import readings
from workbook.recipe.block import deterministic

Seen = list[float] | list[str]


@dataclass(frozen=True)
class Factor:
    """One thing that differs between two runs.

    `arrange(0)` and `arrange(1)` bring the difference about, each before its run and outside of the
    block; `run` is the program, whose results are compared. `covered` says whether the block made
    the runs agree, wherever this was tried; `repeats` tries again.
    """

    name: str
    covered: bool
    run: Callable[[], Seen]
    arrange: Callable[[int], object] | None = None

    def repeats(self, *, held: bool = True) -> bool:
        """Say whether two runs agree, each in a block of its own, or with `held` off in none.

        >>> FACTORS[0].name, FACTORS[0].repeats(), FACTORS[0].repeats(held=False)
        ("torch's generators", True, False)
        """
        texts = []
        with Conditions():  # puts back what is arranged, and the generators
            for number in range(2):
                if self.arrange:
                    self.arrange(number)
                with deterministic(0) if held else nullcontext():
                    texts.append(repr(self.run()))
        return texts[0] == texts[1]


def coverage() -> str:
    """Measure on this machine what a block of `deterministic` reaches, one line a factor.

    >>> print(coverage().splitlines()[0])
    held: torch's generators
    """
    words = {True: "held", False: "NOT held"}
    return "\n".join(f"{words[factor.repeats()]}: {factor.name}" for factor in FACTORS)


def _bits(tensor: Tensor) -> Seen:
    return [float(number).hex() for number in tensor.reshape(-1)[:100]]


def _never_written() -> Seen:
    return _bits(torch.empty(1000))


def _used_before(number: int) -> None:
    torch.full((1000,), float(number))  # its memory is free again, and likely the next one's


def _racing() -> Seen:
    places = torch.arange(200_000).remainder(50)
    numbers = torch.rand(200_000)
    total = torch.zeros(50)
    return _bits(total.index_put_((places,), numbers, accumulate=True))


def _tf32(number: int) -> None:
    torch.set_float32_matmul_precision(("highest", "medium")[number])
    torch.backends.cudnn.allow_tf32 = bool(number)


def _cudnn(number: int) -> None:
    torch.backends.cudnn.benchmark = bool(number)
    torch.backends.cudnn.deterministic = not number


def _switches() -> Seen:
    return [f"{name}: {word}" for name, word in readings().items()]


def _own_generator() -> Seen:
    generator = torch.Generator()
    generator.seed()
    return _bits(torch.rand(3, generator=generator))


def _hashed() -> Seen:
    command = [sys.executable, "-S", "-c", "print(hash('weight'))"]
    free = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    done = subprocess.run(command, env=free, capture_output=True, text=True, check=True)
    return [done.stdout]


_STATE: list[int] = []


def _stateful() -> Seen:
    _STATE.append(0)
    return [float(len(_STATE))]


FACTORS: tuple[Factor, ...] = (
    Factor("torch's generators", True, lambda: _bits(torch.rand(3))),
    Factor("Python's random", True, lambda: [random.random()]),
    Factor("NumPy's functions (np.random.rand)", True, lambda: [float(np.random.random())]),
    Factor("memory that was never written", True, _never_written, _used_before),
    Factor("threads of torch that add in turn", True, _racing),
    Factor("switches of TF32 that were set before", True, _switches, _tf32),
    Factor("switches of cuDNN that were set before", True, _switches, _cudnn),
    Factor(
        "a NumPy generator of your own", False, lambda: [float(np.random.default_rng().random())]
    ),
    Factor("a torch generator that seeds itself", False, _own_generator),
    Factor("the clock", False, lambda: [str(time.perf_counter_ns())]),
    Factor("the system's randomness (uuid4, secrets)", False, lambda: [os.urandom(8).hex()]),
    Factor("the order of sets of strings (PYTHONHASHSEED)", False, _hashed),
    Factor("what your program changed itself: state, inputs, files", False, _stateful),
    Factor(
        "the number of threads, unless `threads` is given",
        False,
        lambda: [float(torch.get_num_threads())],
        lambda number: torch.set_num_threads(1 + number),
    ),
    Factor(
        "the default dtype",
        False,
        lambda: [str(torch.rand(1).dtype)],
        lambda number: torch.set_default_dtype((torch.float32, torch.float64)[number]),
    ),
)
