"""Speech: the gradient of a CTC loss."""

import torch
from torch import nn


def gradient():
    torch.manual_seed(1)
    scores = torch.randn(60, 16, 20, device="cuda", requires_grad=True)
    words = torch.randint(1, 4, (16, 25), device="cuda")
    lengths = torch.full((16,), 60, device="cuda"), torch.full((16,), 25, device="cuda")
    loss = nn.CTCLoss()(scores.log_softmax(2), words, *lengths)
    loss.backward()
    return scores.grad
