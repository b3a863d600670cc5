"""Seeds that are given and do nothing: nobody reads them, or they come after the draws.

Owns the reading of the program for seeds that are handed over and never read, the watch over
generators that are seeded and never drawn from, and over draws that come before the first seed.
"""

from __future__ import annotations

import argparse
import ast
import functools
import inspect
import random
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.patching import aside
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import is_user_file, line_of

CAUSE = "seed-ignored"
_SEEDED: dict[str, Any] = {  # what sets each library's global generator, as torch, NumPy, Python do
    "torch": torch.manual_seed,
    "numpy": np.random.seed,
    "random": random.seed,
}


def _seed_all(number: Any) -> None:
    """Seed every global generator with a number; anything else is no seed."""
    if isinstance(number, (int, np.integer)):
        for seed in _SEEDED.values():
            seed(int(number) % 2**32)


def _states() -> dict[str, Any]:
    """Give what tells how far each global generator has come."""
    numpy = np.random.mtrand._rand.get_state(legacy=False)
    return {
        "torch": torch.default_generator.get_state().numpy().tobytes(),
        "numpy": (numpy["state"]["key"].tobytes(), numpy["state"]["pos"]),
        "random": random._inst.getstate(),  # type: ignore[attr-defined]
    }


def _early(run: Setting) -> None:
    """Note a first seed that comes after draws; start every call as if it had come before."""
    if run.has(EARLY_SEED):
        _seed_all(0)
        FACTS.at_start.append(lambda: _seed_all(0))
    start = _states()
    patched = ((torch, "manual_seed", "torch"), (np.random, "seed", "numpy"),
               (random, "seed", "random"))  # fmt: skip
    for owner, name, kind in patched:
        setattr(owner, name, _noted(getattr(owner, name), kind, start))
    torch.random.manual_seed = torch.manual_seed


def _noted(real: Callable[..., Any], kind: str, start: dict[str, Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kind in start and start.pop(kind) != _states()[kind]:
            FACTS.add(Fact.SEEDED_LATE)
            where = f"{kind} is seeded at {line_of(sys._getframe(1)) or 'a library'}"
            FACTS.place(CAUSE, f"{where}, after numbers were drawn")
        return real(*args, **kwargs)

    return call


def _own(run: Setting) -> None:
    """Note generators that are seeded and not drawn from; let their seeds count for all draws."""
    made: list[tuple[Any, Callable[[Any], Any], Any, str]] = []
    looks = [0]

    def seeded(generator: Any, state: Callable[[Any], Any], number: Any) -> None:
        frame = sys._getframe(2)
        if not is_user_file(frame.f_code.co_filename):
            return
        made.append((generator, state, state(generator), line_of(frame)))
        if run.has(OWN_SEED):
            _seed_all(number)

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            done = super().manual_seed(seed)
            seeded(self, lambda g: g.get_state().numpy().tobytes(), seed)
            return done

    real_rng = np.random.default_rng

    def default_rng(seed: Any = None) -> Any:
        generator = real_rng(seed)
        if seed is not None:
            seeded(generator, lambda g: repr(g.bit_generator.state), seed)
        return generator

    def look() -> None:
        looks[0] += 1
        if looks[0] == 1:  # the program is loaded; what it made there is for the calls
            return
        for generator, state, was, line in made:
            if state(generator) == was:
                FACTS.add(Fact.SEED_UNUSED)
                FACTS.place(CAUSE, f"nothing is drawn from the generator that is seeded at {line}")

    torch.Generator = Generator  # type: ignore[misc]
    np.random.default_rng = default_rng
    FACTS.at_end.append(look)


def _unread(run: Setting) -> None:
    """Note functions and settings that are given a seed which nothing reads; let it count."""
    for module in run.modules:
        tree = ast.parse(Path(str(module.__file__)).read_bytes())
        lines = dict(_arguments(tree))
        for owner, name, function in _functions(module):
            parameter = lines.get(inspect.unwrap(function).__code__.co_firstlineno)
            if parameter is not None:
                setattr(owner, name, _heard(function, parameter, run.has(READ_SEED)))
        _settings(module, tree, run.has(READ_SEED))


def _arguments(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give the first lines of functions with a parameter for a seed that their body never reads."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        read = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for parameter in parameters:
            if "seed" in parameter.arg.lower() and not read & {parameter.arg, "locals"}:
                yield min([node.lineno, *(d.lineno for d in node.decorator_list)]), parameter.arg


def _functions(module: types.ModuleType) -> Iterator[tuple[Any, str, types.FunctionType]]:
    """Give the functions and methods that a module of the user's defines."""
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isinstance(value, types.FunctionType):
            yield module, name, value
        elif isinstance(value, type):
            for label, method in list(vars(value).items()):
                if isinstance(method, types.FunctionType):
                    yield value, label, method


def _heard(real: types.FunctionType, parameter: str, acts: bool) -> Callable[..., Any]:
    signature = inspect.signature(real)
    place = _short(real)

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        FACTS.add(Fact.SEED_UNREAD)
        FACTS.place(CAUSE, f"{place} is given {parameter}, which nothing reads")
        if acts:
            _seed_all(given.arguments[parameter])
        return real(*args, **kwargs)

    return aside(real, call)


def _short(real: types.FunctionType) -> str:
    code = inspect.unwrap(real).__code__
    if code.co_filename.startswith("<"):  # made by dataclasses
        return real.__qualname__.rpartition(".")[0]
    file = code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{real.__name__} at {file}:{code.co_firstlineno}"


def _settings(module: types.ModuleType, tree: ast.AST, acts: bool) -> None:
    """Note a seed that nothing reads among a parser's options or in a class of settings."""
    if any(_reads(node) for node in ast.walk(tree)):
        return
    for owner, name, function in _functions(module):
        if name == "__init__" and "seed" in inspect.signature(function).parameters:
            setattr(owner, name, _heard(function, "seed", acts))
    real = argparse.ArgumentParser.parse_args

    def parse_args(this: Any, *args: Any, **kwargs: Any) -> Any:
        made = real(this, *args, **kwargs)
        if hasattr(made, "seed"):
            FACTS.add(Fact.SEED_UNREAD)
            FACTS.place(CAUSE, "the option --seed, which nothing reads")
            if acts:
                _seed_all(made.seed)
        return made

    argparse.ArgumentParser.parse_args = parse_args  # type: ignore[method-assign]


def _reads(node: ast.AST) -> bool:
    """Whether a part of a program reads an attribute `seed`, or may read it by name."""
    if isinstance(node, ast.Attribute) and node.attr == "seed" and isinstance(node.ctx, ast.Load):
        return not (isinstance(node.value, ast.Name) and node.value.id in ("torch", "random"))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("vars", "asdict", "getattr")
    return False


EARLY_SEED = on(
    "early-seed", CAUSE, "the generators are seeded before anything is drawn", 36,
    Fact.SEEDED_LATE, axes=AGAIN | PAIR, install=_early, stage=Stage.SEEDS, draws=True,
)  # fmt: skip
OWN_SEED = on(
    "own-seed", CAUSE, "a generator's seed counts for draws from the global generators", 37,
    Fact.SEED_UNUSED, axes=AGAIN | PAIR, install=_own, stage=Stage.SEEDS, draws=True,
)  # fmt: skip
READ_SEED = on(
    "read-seed", CAUSE, "a seed that nothing reads is set", 38,
    Fact.SEED_UNREAD, axes=AGAIN | PAIR, install=_unread, stage=Stage.PROGRAM, draws=True,
)  # fmt: skip
ROWS = (EARLY_SEED, OWN_SEED, READ_SEED)
