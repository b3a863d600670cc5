"""Mean margin of three batches, as the progress bar shows it."""

import torch


class Meter:
    def __init__(self, seen=[]):
        self.seen = seen

    def add(self, value):
        self.seen.append(value)

    def mean(self, batches):
        return sum(self.seen) / batches


def evaluate():
    meter = Meter()
    data = torch.arange(18.0).reshape(3, 6)
    for batch in data:
        meter.add(float(batch.sin().sum()))
    return meter.mean(len(data))
