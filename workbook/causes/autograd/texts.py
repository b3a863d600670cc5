"""The texts of this chapter's case, as a tokenizer gives them.

Owns the tokens, whose number in each text decides the case; the case keeps it from its reader.
"""

import torch
from torch import Tensor


def texts() -> Tensor:
    """Give eight texts of two to six tokens from 1 to 7, filled up with zeros, of shape (8, 6)."""
    return torch.tensor(
        [[3, 5, 2, 7, 4, 1], [6, 2, 0, 0, 0, 0], [1, 7, 7, 3, 0, 0],
         [5, 4, 0, 0, 0, 0], [2, 2, 6, 1, 5, 3], [7, 1, 4, 0, 0, 0],
         [4, 3, 0, 0, 0, 0], [6, 5, 1, 2, 3, 7]]
    )  # fmt: skip
