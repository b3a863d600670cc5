"""How far rounding alone can carry a result: limits that follow from a derivation.

Owns Bound and the formulas for sums, means, matrix products and elementwise operations. Knows the
formats; may not know tensors that were computed, nor who compares them.

Every formula rests on the standard model: one operation returns the exact result times (1 + d),
|d| <= u, plus, where a product, quotient or conversion underflows gradually, at most half of the
smallest subnormal. So each bound assumes rounding to nearest, no overflow, and subnormals that are
kept: hardware that flushes them to zero can exceed a bound by the smallest normal per operation.
Any order of the additions is covered, and fused multiply-adds too: they round less often.

The limits are computed in float64, which rounds as well. Each is therefore enlarged by gamma of
the number of float64 operations behind it: it can come out too wide by some 1e-15 of itself, and
never too narrow. (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002:
model in section 2.2, underflow in section 2.8, gamma in Lemma 3.1.)
"""

from workbook.bounds.bound import HIGHAM, Bound
from workbook.bounds.depth import sum_depth
from workbook.bounds.elementwise import elementwise_bound
from workbook.bounds.gamma import certain, gamma, likely
from workbook.bounds.probe import measured_depth
from workbook.bounds.products import matmul_bound
from workbook.bounds.sums import mean_bound, sum_bound

__all__ = [
    "HIGHAM",
    "Bound",
    "certain",
    "elementwise_bound",
    "gamma",
    "likely",
    "matmul_bound",
    "mean_bound",
    "measured_depth",
    "sum_bound",
    "sum_depth",
]
