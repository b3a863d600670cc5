"""The bookings of this chapter's case, as they come from the books.

Owns the numbers, whose signs and count decide the case; the case keeps both from its reader.
"""

import torch
from torch import Tensor


def bookings() -> Tensor:
    """Draw 4001 bookings from -500 to 500 that add up to about nothing, in float64, from seed 0."""
    torch.manual_seed(0)
    booked: Tensor = 1000 * (torch.rand(4001, dtype=torch.float64) - 0.5)
    return booked.sub_(booked.mean())
