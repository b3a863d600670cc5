"""A small training, as a user would write it: the trace files of these tests record it."""

import torch


def train(seed: int = 0, rate: float = 0.01, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Train two layers on fixed numbers (`rand` is the same on every CPU) for three steps."""
    torch.manual_seed(seed)
    x = torch.rand(32, 64, dtype=dtype)
    weights = [
        torch.rand(64, 96).to(dtype).requires_grad_(),
        torch.rand(96, 64).to(dtype).requires_grad_(),
    ]
    optimizer = torch.optim.SGD(weights, lr=rate)
    for _ in range(3):
        optimizer.zero_grad()
        (((x @ weights[0]).relu() @ weights[1]) / 96 - 1).square().mean().backward()
        optimizer.step()
    return weights[0].detach()


def shifted() -> torch.Tensor:
    """Train from another seed."""
    return train(seed=1)


def faster() -> torch.Tensor:
    """Train with another learning rate."""
    return train(rate=0.02)


def fails() -> None:
    """Compute something and fail."""
    torch.rand(100).sum()
    raise RuntimeError("out of data")
