import time
from concurrent.futures import ThreadPoolExecutor

import torch


def accumulate(total, row):
    seen = total["sum"].clone()
    time.sleep(0.002)
    total["sum"] = seen + row.sum()


ROWS = torch.arange(40.0).reshape(10, 4)


def pooled():
    total = {"sum": torch.zeros(())}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda row: accumulate(total, row), ROWS))
    return total["sum"]


def in_order():
    total = {"sum": torch.zeros(())}
    for row in ROWS:
        accumulate(total, row)
    return total["sum"]
