"""The ledger of random draws: who drew, from which generator, how many, on which line.

Owns the record of draws and the watching of NumPy's and `random`'s generators; torch's draws are
seen by the recorder, as operations. Drawing goes on as before: each watched function calls the
real one and the numbers are the same.
"""

import random
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

# Methods that hand out random numbers (the rest sets or reads the state).
_NUMPY_DRAWS = (
    "beta binomial bytes chisquare choice dirichlet exponential f gamma geometric gumbel "
    "hypergeometric laplace logistic lognormal logseries multinomial multivariate_normal "
    "negative_binomial normal pareto permutation permuted poisson power rand randint randn "
    "random random_integers random_sample rayleigh integers sample ranf shuffle "
    "standard_cauchy standard_exponential standard_gamma standard_normal standard_t "
    "triangular uniform vonmises wald weibull zipf"
)
_PYTHON_DRAWS = (
    "random uniform triangular randint choice choices randrange sample shuffle normalvariate "
    "lognormvariate expovariate vonmisesvariate gammavariate gauss betavariate paretovariate "
    "weibullvariate getrandbits randbytes"
)
_SEEDS = ("seed", "set_state", "setstate")


@dataclass(frozen=True)
class Draw:
    """One draw, or one setting of a generator: `what` is the function's name.

    >>> import torch
    >>> from workbook.trace import Trace
    >>> with Trace() as trace:
    ...     _ = torch.rand(5)
    >>> [(draw.generator, draw.count) for draw in trace.draws]
    [('torch', 5)]
    """

    generator: str  # "torch", "torch:cuda", "own torch", "numpy", "own numpy", "random", ...
    what: str
    line: str  # file:line of the user's code, "" where none is on the stack
    module: str  # the submodule that was running, "" outside
    count: int  # numbers handed out; 0 for a setting
    value: int  # a hash of what came out, or of the seed that went in
    operation: int  # its place among the operations


Note = Callable[[str, str, Any, bool], None]  # generator, what, value, whether it sets the state


def _watched(real: Callable[..., Any], generator: str, note: Note, sets: bool) -> Any:
    name = getattr(real, "__name__", "draw")

    def draw(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        # shuffle hands out nothing: what it shuffled is its first argument
        note(generator, name, args[0] if made is None and args else made, sets)
        return made

    draw.__name__ = name
    return draw


def _names(owner: Any, names: Sequence[str]) -> Iterator[str]:
    kinds = (types.MethodType, types.BuiltinMethodType)
    return (name for name in names if isinstance(getattr(owner, name, None), kinds))


def _subclass(kind: type, names: Sequence[str], generator: str, note: Note) -> type:
    """Make a subclass whose drawing methods tell of themselves; instances behave as before."""

    def method(name: str) -> Callable[..., Any]:
        real = getattr(kind, name)

        def draw(self: Any, *args: Any, **kwargs: Any) -> Any:
            made = real(self, *args, **kwargs)
            note(generator, name, args[0] if made is None and args else made, False)
            return made

        return draw

    return type(
        kind.__name__, (kind,), {name: method(name) for name in names if hasattr(kind, name)}
    )


@contextmanager
def watch(note: Note) -> Iterator[None]:
    """Tell `note` of every draw from NumPy's and `random`'s generators, and of every seed.

    Generators made before and bound methods taken before are not seen.
    """
    plan: list[tuple[Any, str, Any]] = [
        (owner, "manual_seed", _watched(torch.manual_seed, "torch", note, True))
        for owner in (torch, torch.random)
    ]
    for owner, names, generator in (
        (np.random, _NUMPY_DRAWS.split(), "numpy"),
        (random, _PYTHON_DRAWS.split(), "random"),
    ):
        plan += [
            (owner, name, _watched(getattr(owner, name), generator, note, False))
            for name in _names(owner, names)
        ]
        plan += [
            (owner, name, _watched(getattr(owner, name), generator, note, True))
            for name in _SEEDS
            if hasattr(owner, name)
        ]
    generator_kind = _subclass(np.random.Generator, _NUMPY_DRAWS.split(), "own numpy", note)
    real_default = np.random.default_rng

    def default_rng(seed: Any = None) -> Any:
        made = real_default(seed)
        return made if made is seed else generator_kind(made.bit_generator)

    plan.append((np.random, "default_rng", default_rng))
    plan.append(
        (random, "Random", _subclass(random.Random, ("random", "getrandbits"), "own random", note))
    )
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in plan]
    try:
        for owner, name, value in plan:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)
