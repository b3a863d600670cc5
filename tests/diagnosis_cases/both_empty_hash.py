import torch


def labels():
    return {name: i for i, name in enumerate({"cat", "dog", "bird", "fish", "ant"})}


def scores():
    table = labels()
    out = torch.empty(6)
    out[:5] = torch.tensor([float(table[n]) for n in ("ant", "bird", "cat", "dog", "fish")])
    return out
