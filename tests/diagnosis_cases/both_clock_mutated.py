import time

import torch

WEIGHTS = torch.tensor([0.5, 0.25, 0.125])


def decay(weights, rate):
    weights *= rate
    return weights


def step():
    seconds = time.time() % 1000
    return decay(WEIGHTS, 0.9).sum(), torch.tensor(seconds, dtype=torch.float64)
