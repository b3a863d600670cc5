import torch


def seed_for(name):
    return hash(name) % (2**31)


def noise(name):
    generator = torch.Generator().manual_seed(seed_for(name))
    return torch.rand(4, generator=generator)


def table():
    return {name: noise(name) for name in ("train", "valid")}
