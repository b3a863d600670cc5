import torch

GENERATOR = torch.Generator().manual_seed(5)
DATA = torch.arange(30.0).reshape(10, 3)


def minibatch(size=4):
    index = torch.randperm(len(DATA), generator=GENERATOR)[:size]
    return DATA[index]


def mean_of_batch():
    return minibatch().mean(dim=0)
