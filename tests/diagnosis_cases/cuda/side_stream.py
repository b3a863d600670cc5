"""Work on a stream of its own, whose result the main stream reads."""

import torch


def total(wait):
    torch.manual_seed(19)
    x = torch.rand(1000, 1000, device="cuda")
    out, made = x.square().zero_(), torch.empty_like(x)
    torch.cuda.synchronize()  # kernels are loaded and memory is there: nothing waits from here on
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        torch.cuda._sleep(100_000_000)
        torch.square(x, out=out)
    if wait:
        torch.cuda.current_stream().wait_stream(side)
    made.copy_(out)
    torch.cuda.synchronize()
    return made


def in_order():
    return total(True)


def at_once():
    return total(False)
