"""Look at pictures through a lens; the gradient with regard to the pictures."""

import torch
import torch.nn.functional as F


def gradient():
    torch.manual_seed(5)
    pictures = torch.rand(8, 3, 9, 9, device="cuda", requires_grad=True)
    lens = torch.rand(8, 96, 96, 2, device="cuda") * 2 - 1
    seen = F.grid_sample(pictures, lens, align_corners=False)
    seen.square().sum().backward()
    return pictures.grad
