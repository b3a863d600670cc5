"""The causes of a changed result, one package for each chapter. Chapters do not know each other."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import torch

from workbook.experiment import Experiment

Row = TypeVar("Row")


@cache
def chapters() -> tuple[ModuleType, ...]:
    """Import every chapter, in the order of the names."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}") for name in names)


def every(kind: type[Row], *of: ModuleType) -> tuple[Row, ...]:
    """Collect the rows of one kind that chapters import: of all chapters, or of these."""
    names = (value for chapter in of or chapters() for value in vars(chapter).values())
    return tuple(value for value in names if isinstance(value, kind))


def stored(name: str) -> Any:
    """Load the tensors that a case keeps from its reader, new ones each time: `CHAPTER/NAME`.

    A reader who could read what decides a case would not have to try anything.
    """
    return torch.load(Path(__file__).parent / f"{name}.pt", weights_only=True)


@cache
def experiments() -> dict[str, Experiment]:
    """Give every experiment of every chapter by name."""
    return {each.name: each for each in every(Experiment)}
