"""Weights are shipped in half precision and loaded back."""

import io

import torch
from torch import nn


def network():
    torch.manual_seed(14)
    return nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 3))


def features():
    return torch.linspace(0, 1, 60).reshape(5, 12)


def ship(model):
    file = io.BytesIO()
    torch.save({k: v.half() for k, v in model.state_dict().items()}, file)
    file.seek(0)
    return file


def original():
    return network().eval()(features()).detach()


def shipped():
    file = ship(network())
    model = network()
    model.load_state_dict({k: v.float() for k, v in torch.load(file).items()})
    return model.eval()(features()).detach()
