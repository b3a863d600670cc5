import torch


def running_mean(values):
    total = torch.zeros(())
    for value in values:
        total = total + value
    return (total / len(values)).item()


def values():
    return [torch.tensor(1.0 / n) for n in range(1, 200)]


def as_is():
    return running_mean(values())


def in_double():
    torch.set_default_dtype(torch.float64)
    try:
        return running_mean(values())
    finally:
        torch.set_default_dtype(torch.float32)
