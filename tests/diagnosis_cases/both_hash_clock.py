import time

import torch


def order():
    return [
        len(word) * (i + 1) for i, word in enumerate({"one", "three", "eleven", "sixteen", "a"})
    ]


def stamp():
    return time.time() % 60


def row():
    return torch.tensor(order(), dtype=torch.float64), stamp()
