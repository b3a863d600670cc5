"""The causes of a changed result, one package for each chapter. Chapters do not know each other."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from workbook.experiment import Experiment

Row = TypeVar("Row")


def every(kind: type[Row], names: Mapping[str, Any]) -> tuple[Row, ...]:
    """Collect the rows of one kind among a module's names: a chapter imports each once.

    >>> every(int, {"a": 1, "b": "two", "c": 3})
    (1, 3)
    """
    return tuple(value for value in names.values() if isinstance(value, kind))


@cache
def experiments() -> dict[str, Experiment]:
    """Give every experiment of every chapter by name, in the order of the chapters' names."""
    found: dict[str, Experiment] = {}
    for module in pkgutil.iter_modules(__path__):
        chapter = importlib.import_module(f"{__name__}.{module.name}")
        found.update({each.name: each for each in chapter.EXPERIMENTS})
    return found
