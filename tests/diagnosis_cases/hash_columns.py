"""Weights of columns, by the order of a table and by that of a set."""

import torch

PRICES = {"pear": 3.0, "apple": 2.0, "quince": 5.0, "fig": 7.0, "melon": 1.0}


def weighed(names):
    return torch.tensor([PRICES[name] for name in names]) * torch.arange(1.0, 6.0)


def by_table():
    return weighed(list(PRICES))


def by_set():
    return weighed(set(PRICES) | {"fig"})
