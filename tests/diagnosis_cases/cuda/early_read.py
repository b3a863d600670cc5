"""Copy results to the CPU while the device goes on, and read them."""

import torch


def fetch(wait):
    torch.manual_seed(18)
    x = torch.rand(2_000_000, device="cuda")
    roots, host = x.sqrt().zero_(), torch.zeros(2_000_000, pin_memory=True)
    torch.cuda.synchronize()  # kernels are loaded and memory is there: nothing waits from here on
    torch.cuda._sleep(100_000_000)  # the device is busy with something else
    torch.sqrt(x, out=roots)
    host.copy_(roots, non_blocking=True)
    if wait:
        torch.cuda.synchronize()
    return host.clone()


def patient():
    return fetch(True)


def hasty():
    return fetch(False)
