import torch

_CACHE = {}


def table(n):
    if n not in _CACHE:
        _CACHE[n] = torch.arange(float(n)) ** 2
    return _CACHE[n]


def lookup():
    return table(5) + table(5)
