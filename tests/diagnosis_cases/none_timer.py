import time

import torch


def timed():
    start = time.perf_counter()
    x = torch.arange(100.0)
    result = x.cumsum(0)[-1]
    print(f"took {time.perf_counter() - start:.3f} s")
    return result
