import numpy as np
import torch


class Sampler:
    def __init__(self, items):
        self.items = items
        self.rng = np.random.default_rng()

    def batch(self, n):
        return self.items[self.rng.choice(len(self.items), size=n, replace=False)]


def sample_loss():
    torch.manual_seed(7)
    data = torch.linspace(0, 1, 50)
    picked = Sampler(data.numpy()).batch(8)
    return float((torch.tensor(picked) ** 2).mean())
