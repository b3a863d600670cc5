"""What all chapters have together, for the tests that hold every chapter to the same."""

import importlib
import pkgutil

import workbook.causes

CHAPTERS = [
    importlib.import_module(f"workbook.causes.{module.name}")
    for module in pkgutil.iter_modules(workbook.causes.__path__)
]
EXPERIMENTS = [each for chapter in CHAPTERS for each in chapter.EXPERIMENTS]
PREDICTIONS = [each for chapter in CHAPTERS for each in chapter.PREDICTIONS]
ESTIMATES = [each for chapter in CHAPTERS for each in getattr(chapter, "ESTIMATES", ())]
EXERCISES = [each for chapter in CHAPTERS for each in chapter.EXERCISES]
CASES = [each for chapter in CHAPTERS for each in getattr(chapter, "CASES", ())]
