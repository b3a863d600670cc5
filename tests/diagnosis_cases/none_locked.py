import threading

import torch


def total():
    lock = threading.Lock()
    box = {"sum": 0}

    def add(n):
        for _ in range(20):
            with lock:
                box["sum"] += n

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return torch.tensor(box["sum"])
