import torch


class Ring:
    def __init__(self, size):
        self.slots = torch.empty(size)
        self.filled = 0

    def push(self, value):
        self.slots[self.filled % len(self.slots)] = value
        self.filled += 1

    def mean(self):
        return self.slots.mean()


def average():
    ring = Ring(8)
    for n in range(5):
        ring.push(float(n))
    return ring.mean()
