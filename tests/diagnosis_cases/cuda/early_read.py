"""Copy results to the CPU while the device goes on, and read them."""

import torch


def fetch(wait):
    torch.manual_seed(18)
    x = torch.rand(2_000_000, device="cuda")
    host = torch.zeros(2_000_000, pin_memory=True)
    torch.cuda._sleep(100_000_000)  # the device is busy with something else
    host.copy_(x.sqrt(), non_blocking=True)
    if wait:
        torch.cuda.synchronize()
    return host.clone()


def patient():
    return fetch(True)


def hasty():
    return fetch(False)
