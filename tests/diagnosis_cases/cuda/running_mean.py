"""Normalize by a running mean that each call moves."""

import torch


class Center:
    def __init__(self):
        self.mean = torch.zeros(5, device="cuda")

    def __call__(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
        return x - self.mean


CENTER = Center()


def centered():
    return CENTER(torch.arange(20.0, device="cuda").reshape(4, 5))
