"""Two tensors side by side: equal in every bit, apart by rounding, or wrong.

Owns compare and error_of, and hands on Comparison. Knows floats and bounds; may not know how the
tensors came to be. Goes through them in pieces, so that the extra memory stays small.
"""

from workbook.comparison.measure import compare, error_of
from workbook.comparison.record import Comparison, Verdict

__all__ = ["Comparison", "Verdict", "compare", "error_of"]
