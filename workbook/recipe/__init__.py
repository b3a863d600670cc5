"""Determinism as far as it goes in one process: a block, a text to paste, its price, its limits.

Owns `deterministic`, and hands on `price`, what the block costs here, and `coverage`, what it does
not reach.
"""

from workbook.recipe.block import RECIPE, deterministic
from workbook.recipe.cost import price
from workbook.recipe.factors import FACTORS, Factor, coverage

__all__ = ["FACTORS", "RECIPE", "Factor", "coverage", "deterministic", "price"]
