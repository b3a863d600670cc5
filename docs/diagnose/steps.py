"""A training of three steps, to be recorded on two machines."""

import torch

torch.manual_seed(0)
inputs = torch.rand(32, 64)
hidden = torch.rand(64, 96, requires_grad=True)
output = torch.rand(96, 1, requires_grad=True)
optimizer = torch.optim.SGD([hidden, output], lr=0.01)
for step in range(3):
    loss = ((inputs @ hidden / 64).sigmoid() @ output / 96 - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"step {step}: loss {loss.item():.6f}")
