"""A product with and without TF32."""

import torch


def product(fast):
    torch.manual_seed(13)
    a, b = torch.randn(256, 512, device="cuda"), torch.randn(512, 128, device="cuda")
    torch.backends.cuda.matmul.allow_tf32 = fast
    return a @ b


def exact():
    return product(False)


def quick():
    return product(True)
