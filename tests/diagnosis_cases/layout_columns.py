"""Means of a table that is stored by rows, or put together from columns."""

import numpy as np


def records(count=700):
    spread = np.arange(count * 5).reshape(count, 5) * 7919 % 10007
    return (spread / 10007).astype(np.float32)


def from_rows():
    return records()


def from_columns():
    return np.stack([np.array(column) for column in records().T]).T


def summary(table):
    return {"mean": table.mean(axis=0), "square": (table * table).mean(axis=0)}


def by_rows():
    return summary(from_rows())


def by_columns():
    return summary(from_columns())
