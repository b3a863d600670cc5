import numpy as np
import torch


def accumulate(out, rows):
    for i, row in enumerate(rows):
        if i % 2 == 0:
            out[i] = row.sum()
    return out


ROWS = torch.arange(20.0).reshape(5, 4)


def with_zeros():
    return accumulate(np.zeros(5, dtype="float32"), ROWS)


def with_empty():
    return accumulate(np.empty(5, dtype="float32"), ROWS)
