"""Half-precision products whose partial sums may be kept in half precision."""

import torch


def product(short):
    torch.backends.cuda.matmul.allow_fp16_accumulation = short
    torch.manual_seed(15)
    a = torch.randn(256, 4096, device="cuda").half()
    b = torch.randn(4096, 256, device="cuda").half()
    return a @ b


def full():
    return product(False)


def mixed():
    return product(True)
