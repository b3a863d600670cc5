"""Chapter 01: what a number format keeps and what it drops."""

from workbook.causes.precision.sum_order import MANY_NUMBERS, SIX_NUMBERS

EXPERIMENTS = (SIX_NUMBERS, MANY_NUMBERS)

__all__ = ["EXPERIMENTS", "MANY_NUMBERS", "SIX_NUMBERS"]
