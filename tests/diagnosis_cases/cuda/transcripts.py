"""Speech: the gradient of a CTC loss."""

import torch
from torch import nn


def gradient():
    torch.manual_seed(1)
    scores = torch.randn(400, 32, 20, device="cuda", requires_grad=True)
    words = torch.randint(1, 4, (32, 25), device="cuda")
    lengths = torch.full((32,), 400, device="cuda"), torch.full((32,), 25, device="cuda")
    loss = nn.CTCLoss()(scores.log_softmax(2), words, *lengths)
    loss.backward()
    return scores.grad
