"""Conditions: every switch that can change a result while the mathematics stays the same.

Owns the record of the switches, its validation, and applying them so that everything is put back.
It knows devices and the simulated accelerator; it may not know any experiment or result.
"""

from workbook.conditions.record import Changes, Conditions, Grad
from workbook.conditions.switches import readings

__all__ = ["Changes", "Conditions", "Grad", "readings"]
