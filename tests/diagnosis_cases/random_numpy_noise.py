import numpy as np
import torch

torch.manual_seed(0)


def add_noise(x, scale=0.1):
    return x + scale * np.random.randn(*x.shape).astype("float32")


def features():
    torch.manual_seed(0)
    base = torch.rand(5, 3).numpy()
    noisy = add_noise(base)
    return torch.from_numpy(noisy).mean(0)
