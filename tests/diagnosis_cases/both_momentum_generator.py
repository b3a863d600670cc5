import torch
from torch import nn


def make(seed=0):
    torch.manual_seed(seed)
    model = nn.Linear(3, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def run(model, optimizer, steps, log):
    for _ in range(steps):
        x = torch.rand(4, 3)
        if log:
            torch.normal(0.0, 1.0, (2, 2))
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()


def straight():
    model, optimizer = make()
    run(model, optimizer, 6, log=False)
    return model.weight.detach()


def resumed_with_log():
    model, optimizer = make()
    run(model, optimizer, 3, log=True)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    rng = torch.get_rng_state()
    fresh, optimizer = make()
    fresh.load_state_dict(state)
    torch.set_rng_state(rng)
    run(fresh, optimizer, 3, log=True)
    return fresh.weight.detach()
