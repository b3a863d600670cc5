"""Bootstrap of a median with a generator of its own."""

import torch


class Bootstrap:
    def __init__(self):
        self.generator = torch.Generator()
        self.generator.seed()

    def pick(self, values, count):
        index = torch.randint(len(values), (count,), generator=self.generator)
        return values[index]


def medians():
    values = (torch.arange(60) * 37 % 61).float()
    draw = Bootstrap()
    return torch.stack([draw.pick(values, 15).median() for _ in range(4)])
