"""Half-precision products whose partial sums may be kept in half precision."""

import torch


def product(short):
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = short
    torch.manual_seed(15)
    a = torch.randn(64, 16384, device="cuda").bfloat16()
    b = torch.randn(16384, 64, device="cuda").bfloat16()
    return a @ b


def full():
    return product(False)


def mixed():
    return product(True)
