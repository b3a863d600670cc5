"""Functions that do not give what their author expected."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch

torch.manual_seed(0)
MODEL = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))
COUNTS = torch.zeros(4)


def predict():
    """Give the output for one row; the model was never switched to evaluation."""
    return MODEL(torch.ones(1, 8))


def count(amount=1):
    """Count in place, in memory that outlives the call."""
    return COUNTS.add_(amount) * 2


def numbered():
    """Draw with the number of the run as the seed; a file keeps that number."""
    file = Path("run.txt")
    number = int(file.read_text()) if file.exists() else 0
    file.write_text(str(number + 1))
    return torch.rand(3, generator=torch.Generator().manual_seed(number))


def one_after_the_other():
    """Compute three parts in turn."""
    return torch.cat([_part(number) for number in range(3)])


def as_they_are_ready():
    """Compute three parts side by side, and take each as soon as it is ready."""
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(_part, number) for number in range(3)]
        return torch.cat([job.result() for job in as_completed(jobs)])


def _part(number):
    time.sleep(0.05 if number == 0 else 0)  # the first part has the most to do
    return torch.full((2,), float(number))


def in_one_batch():
    """Normalize eight rows together."""
    return torch.nn.BatchNorm1d(4)(_data())


def one_half_after_the_other():
    """Normalize four rows, then four rows."""
    return torch.cat([torch.nn.BatchNorm1d(4)(half) for half in _data().split(4)])


def _data():
    return torch.arange(32.0).reshape(8, 4) % 7


class Meter:
    """A running mean."""

    def __init__(self):
        self.total, self.steps = torch.zeros(3), 0

    def update(self):
        """Add ones, and give the mean so far plus the number of updates."""
        self.total += 1
        self.steps += 1
        return self.total / self.steps + self.steps
