import torch

BATCHES = [torch.full((2,), float(n)) for n in range(1, 7)]


def take(batches, count):
    taken = []
    while batches and len(taken) < count:
        taken.append(batches.pop(0))
    return torch.stack(taken)


def epoch():
    return take(BATCHES, 2).sum()
