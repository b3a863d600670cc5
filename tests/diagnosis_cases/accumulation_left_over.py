import torch
from torch import nn

torch.manual_seed(0)
MODEL = nn.Linear(4, 2)
X = torch.ones(3, 4)


def gradient_norm():
    loss = MODEL(X).square().sum()
    loss.backward()
    return MODEL.weight.grad.norm()
