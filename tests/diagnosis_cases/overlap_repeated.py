import torch

EVENTS = [(0, 2.0), (3, 1.5), (1, 0.25), (3, 4.0), (2, 1.0), (0, 0.5)]


class Histogram:
    def __init__(self, days, bins=4):
        self.days = days
        self.bins = bins

    def add(self, day, weight):
        self.days[day][int(weight) % self.bins] += weight

    def summary(self):
        return {"peak": torch.stack([d.max() for d in self.days]), "all": torch.stack(self.days)}


def filled(days):
    histogram = Histogram(days)
    for day, weight in EVENTS:
        histogram.add(day, weight)
    return histogram.summary()


def week():
    return filled([torch.zeros(4)] * 4)


def day_by_day():
    return filled([torch.zeros(4) for _ in range(4)])
