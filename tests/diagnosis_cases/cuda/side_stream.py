"""Work on a stream of its own, whose result the main stream reads."""

import torch


def total(wait):
    torch.manual_seed(19)
    x = torch.rand(1000, 1000, device="cuda")
    out = torch.zeros(1000, 1000, device="cuda")
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        torch.cuda._sleep(100_000_000)
        out.copy_(x.square())
    if wait:
        torch.cuda.current_stream().wait_stream(side)
    made = out.clone()
    torch.cuda.synchronize()
    return made


def in_order():
    return total(True)


def at_once():
    return total(False)
