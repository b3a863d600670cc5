"""An accelerator imitated on the CPU: the same mathematics, added up in another order.

Owns the imitation: which operators it computes, how it rounds and in which order. May not know
conditions, experiments or the devices it stands in for.
"""

from workbook.simulated.accelerator import SimulatedAccelerator
from workbook.simulated.reduction import ORDERS, Reduction

__all__ = ["ORDERS", "Reduction", "SimulatedAccelerator"]
