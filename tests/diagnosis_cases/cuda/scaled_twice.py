"""Scale a table to its largest value."""

import torch

TABLE = torch.arange(1.0, 13.0, device="cuda").reshape(3, 4)


def scaled():
    return TABLE.div_(3.0).sum(1)
