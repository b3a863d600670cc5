import copy

import torch
from torch import nn


def fresh():
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def advance(model, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(3, 2)).square().mean().backward()
        optimizer.step()


def straight():
    model, optimizer = fresh()
    advance(model, optimizer, 4)
    return model.weight.detach()


def resumed():
    model, optimizer = fresh()
    advance(model, optimizer, 2)
    state = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    model, optimizer = fresh()
    model.load_state_dict(state[0])
    optimizer.load_state_dict(state[1])
    advance(model, optimizer, 2)
    return model.weight.detach()
