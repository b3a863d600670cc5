"""Scores of a batch in a buffer that is made once and filled as far as the batch goes."""

import torch

LENGTHS = [3, 5, 2, 7]


def scores():
    torch.manual_seed(8)
    buffer = torch.zeros(4, 8, device="cuda").new_empty(4, 8)
    for row, length in enumerate(LENGTHS):
        buffer[row, :length] = torch.rand(length, device="cuda")
    return buffer.softmax(dim=1)
