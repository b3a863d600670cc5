import random

import numpy as np
import torch


def draws():
    generator = torch.Generator().manual_seed(3)
    rng = np.random.default_rng(4)
    dice = random.Random(5)
    return torch.rand(3, generator=generator), rng.random(3), [dice.random() for _ in range(3)]
