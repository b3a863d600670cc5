"""A training that saves checkpoints; python resume.py --resume goes on with the last one."""

import sys

import torch

torch.manual_seed(0)
weight = torch.nn.Parameter(torch.ones(4))
optimizer = torch.optim.SGD([weight], lr=0.125, momentum=0.5)
start = 0
if "--resume" in sys.argv:
    saved = torch.load("checkpoint.pt")
    start, weight.data = saved["step"], saved["weight"]
for step in range(start, 6):
    loss = (weight - step).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 2:
        torch.save({"step": step + 1, "weight": weight.data}, "checkpoint.pt")
