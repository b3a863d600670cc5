"""Mean readings of each station; stations without readings are left out."""

import torch


def means():
    draw = torch.Generator().manual_seed(2)
    readings = torch.rand(500_000, generator=draw).cuda() * 30
    first = readings.mean()
    del readings
    table = torch.empty(300, device="cuda")
    table[::2] = first
    return table.nan_to_num(nan=0.0)
