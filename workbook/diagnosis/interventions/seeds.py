"""Seeds that are given and do nothing: nobody reads them, or they come after the draws.

Owns the reading of the program for seeds that are handed over and never read, the watch over
generators that are seeded and never drawn from, and over draws that come before the first seed.
"""

import argparse
import ast
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch

from workbook.diagnosis.interventions.intervention import AGAIN, PAIR, Setting, Stage, on
from workbook.diagnosis.patching import SEEDERS, aside, caller, functions_of, line, wrap, wrap_seeds
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.generators import LIBRARIES, get_state, global_codes, put_state
from workbook.diagnosis.probes.steps import digest
from workbook.trace.places import is_user_file, line_of

CAUSE = "seed-ignored"
_SEED = [getattr(owner, name) for _, owner, name in SEEDERS]  # as torch, NumPy and Python have it


def _seed_all(number: Any) -> None:
    """Seed every global generator with a number; anything else is no seed."""
    if isinstance(number, (int, np.integer)):
        for seed in _SEED:
            seed(int(number) % 2**32)


def _early(run: Setting) -> None:
    """Note a first seed that comes after draws; start every call as if it had come before."""
    if run.has(EARLY_SEED):
        _seed_all(0)
        FACTS.at_start.append(lambda: _seed_all(0))
    start = dict(zip(LIBRARIES, global_codes(), strict=True))

    def seed(library: str, real: Any, *args: Any, **kwargs: Any) -> Any:
        was = start.pop(library, None)
        if was not in (None, global_codes()[LIBRARIES.index(library)]):
            where = f"{library} is seeded at {line() or 'a library'}"
            FACTS.add(Fact.SEEDED_LATE, CAUSE, f"{where}, after numbers were drawn")
        return real(*args, **kwargs)

    wrap_seeds(seed)


def _own(run: Setting) -> None:
    """Note generators that are seeded and not drawn from, and those seeded as one before them was.

    Let the seeds of the former count for all draws, and the latter go on where that one stands.
    """
    made: list[tuple[Any, int, str]] = []  # a generator, its state when it was seeded, the line
    looks = [0]

    def seeded(generator: Any, number: Any, frame: FrameType) -> None:
        if not is_user_file(frame.f_code.co_filename):
            return
        start = digest([get_state(generator)])
        before = [earlier for earlier, was, _ in made if was == start and earlier is not generator]
        made.append((generator, start, line_of(frame)))
        if before and digest([get_state(before[-1])]) != start:
            FACTS.add(Fact.MADE_ANEW, CARRY_OWN.name, f"the generator made at {line_of(frame)}")
            if frame.f_code.co_name == "__init__":
                FACTS.add(Fact.MADE_IN_OBJECT)
            if run.has(CARRY_OWN):
                put_state(generator, get_state(before[-1]))
        if run.has(OWN_SEED):
            _seed_all(number)

    class Generator(torch.Generator):
        def manual_seed(self, seed: int) -> torch.Generator:
            done = super().manual_seed(seed)
            seeded(self, seed, sys._getframe(1))
            return done

    def default_rng(real: Any, seed: Any = None) -> Any:
        generator = real(seed)
        if seed is not None:
            seeded(generator, seed, caller())
        return generator

    def look() -> None:
        looks[0] += 1
        if looks[0] == 1:  # the program is loaded; what it made there is for the calls
            return
        for generator, was, place in made:
            if digest([get_state(generator)]) == was:
                where = f"nothing is drawn from the generator that is seeded at {place}"
                FACTS.add(Fact.SEED_UNUSED, CAUSE, where)

    torch.Generator = Generator  # type: ignore[misc]
    wrap(default_rng, np.random, "default_rng")
    FACTS.at_end.append(look)


def _unread(run: Setting) -> None:
    """Note functions and settings that are given a seed which nothing reads; let it count."""
    for module in run.modules:
        tree = ast.parse(Path(str(module.__file__)).read_bytes())
        lines = dict(_arguments(tree))
        settings = not any(map(_reads, ast.walk(tree)))
        for owner, label, _, function in functions_of(module):
            parameter = lines.get(inspect.unwrap(function).__code__.co_firstlineno)
            setting = settings and label == "__init__"
            if setting and "seed" in inspect.signature(function).parameters:
                parameter = "seed"
            if parameter is not None:
                setattr(owner, label, _heard(function, parameter, run.has(READ_SEED)))
        if settings:
            wrap(functools.partial(_parsed, run), argparse.ArgumentParser, "parse_args")


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


def _heard(real: types.FunctionType, parameter: str, acts: bool) -> Callable[..., Any]:
    signature = inspect.signature(real)
    place = _short(real)

    @functools.wraps(real)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        FACTS.add(Fact.SEED_UNREAD, CAUSE, f"{place} is given {parameter}, which nothing reads")
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


def _parsed(run: Setting, real: Any, *args: Any, **kwargs: Any) -> Any:
    """Note the option of a parser for a seed that nothing reads."""
    made = real(*args, **kwargs)
    if hasattr(made, "seed"):
        FACTS.add(Fact.SEED_UNREAD, CAUSE, "the option --seed, which nothing reads")
        if run.has(READ_SEED):
            _seed_all(made.seed)
    return made


def _reads(node: ast.AST) -> bool:
    """Whether a part of a program reads an attribute `seed`, or may read it by name."""
    if isinstance(node, ast.Attribute) and node.attr == "seed" and isinstance(node.ctx, ast.Load):
        return not (isinstance(node.value, ast.Name) and node.value.id in ("torch", "random"))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("vars", "asdict", "getattr")
    return False


EARLY_SEED = on(
    "early-seed", CAUSE, "the generators are seeded before anything is drawn", 36, Fact.SEEDED_LATE,
    axes=AGAIN | PAIR, install=_early, stage=Stage.SEEDS, draws=True)  # fmt: skip
OWN_SEED = on(
    "own-seed", CAUSE, "a generator's seed counts for draws from the global generators", 37,
    Fact.SEED_UNUSED, axes=AGAIN | PAIR, install=_own, stage=Stage.SEEDS, draws=True)  # fmt: skip
CARRY_OWN = on(
    "carry-own", "reseeded", "a generator made anew with a seed goes on where that before it stood",
    26, Fact.MADE_ANEW, axes=PAIR, install=_own, stage=Stage.SEEDS, renumbers=True, draws=True,
    finer=((Fact.MADE_IN_OBJECT, "checkpoint-incomplete",
           "It belongs to an object that is made anew, and begins there once more."),),
    fix="Keep one generator, or save its get_state() and set that in the new one.")  # fmt: skip
READ_SEED = on(
    "read-seed", CAUSE, "a seed that nothing reads is set", 38, Fact.SEED_UNREAD, axes=AGAIN | PAIR,
    install=_unread, stage=Stage.PROGRAM, draws=True)  # fmt: skip
ROWS = (EARLY_SEED, OWN_SEED, CARRY_OWN, READ_SEED)
