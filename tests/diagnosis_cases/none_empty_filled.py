import numpy as np
import torch


def table():
    out = torch.empty(3, 4)
    for i in range(3):
        out[i] = torch.arange(4.0) * i
    half = np.empty((2, 2))
    half[:] = 0.5
    return out, half
