import torch


class Tracker:
    def __init__(self):
        self.steps = 0

    def scale(self):
        self.steps += 1
        return 1.0 / self.steps


TRACKER = Tracker()


def noisy_step():
    return TRACKER.scale() * torch.ones(3), torch.rand(3)
