"""Attention, by the kernel that is chosen and by the plain formula."""

import contextlib

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel


def attend(around):
    torch.manual_seed(16)
    q, k, v = (torch.randn(2, 4, 128, 64, device="cuda", dtype=torch.float16) for _ in range(3))
    with around:
        return F.scaled_dot_product_attention(q, k, v)


def chosen():
    return attend(contextlib.nullcontext())


def formula():
    return attend(sdpa_kernel(SDPBackend.MATH))
