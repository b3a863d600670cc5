"""The tables of this chapter's case, as they come from their file.

Owns how each of them lies in memory, which decides where a method copies; the case keeps that from
its reader.
"""

import torch
from torch import Tensor


def tables() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Load rows (6, 8), a shift (8,), a scale (2, 4) and weights (8, 3), in fresh memory each time.

    The rows are stored column by column, the shift in float64; scale and weights row by row, in
    float32. All are small multiples of a half, so that nothing rounds.
    """
    rows = ((torch.arange(48.0) * 7) % 5 - 2).reshape(8, 6).t()
    shift = torch.arange(8, dtype=torch.float64) - 4
    scale = (torch.arange(8.0) % 3 + 1).reshape(2, 4)
    weights = ((torch.arange(24.0) * 5) % 7 - 3).reshape(8, 3)
    return rows, shift, scale, weights
