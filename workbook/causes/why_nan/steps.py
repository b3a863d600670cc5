"""One step of an optimizer where a number is not finite, or where a format holds too little.

Owns what such a step leaves. Everything here is measured on the CPU, in the formats that it names.
"""

import torch
from torch import Tensor, nn


def clipped(count: int = 1000) -> Tensor:
    """Give `count` gradients, one of them NaN, after clip_grad_norm_ to 1."""
    parameter = nn.Parameter(torch.zeros(count))
    parameter.grad = torch.rand(count)
    parameter.grad[0] = torch.nan
    nn.utils.clip_grad_norm_([parameter], 1.0)
    return parameter.grad


def adam_in_half(gradient: float = 0.0, dtype: torch.dtype = torch.float16) -> float:
    """Give a weight of 1 after one step of Adam with its defaults, at this gradient."""
    weight = nn.Parameter(torch.ones(1, dtype=dtype))
    weight.grad = torch.full_like(weight, gradient)
    torch.optim.Adam([weight]).step()
    return weight.item()


def under_a_scaler(steps: int = 30) -> dict[str, bool]:
    """Train on data with one NaN under a GradScaler; say what became of weights and scale."""
    model = nn.Linear(4, 1)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    rows = torch.rand(8, 4)
    rows[3, 0] = torch.nan
    start, raised = 65536.0, False
    try:
        for _ in range(steps):
            optimizer.zero_grad()
            scaler.scale(model(rows).square().mean()).backward()
            scaler.step(optimizer)
            scaler.update()
    except (RuntimeError, ValueError):
        raised = True
    return {
        "raised": raised,
        "moved": not torch.equal(model.weight, before),
        "finite": bool(model.weight.isfinite().all()),
        "scale fell": scaler.get_scale() < start,
    }
