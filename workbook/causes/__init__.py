"""The causes of a changed result, one package for each chapter. Chapters do not know each other."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from workbook.experiment import Experiment


@cache
def experiments() -> dict[str, Experiment]:
    """Every experiment of every chapter, by name, in the order of the chapters' names."""
    found: dict[str, Experiment] = {}
    for module in pkgutil.iter_modules(__path__):
        chapter = importlib.import_module(f"{__name__}.{module.name}")
        found.update({each.name: each for each in chapter.EXPERIMENTS})
    return found
