import threading
import time

import torch


class Counter:
    def __init__(self):
        self.value = torch.zeros(1)

    def add(self, times):
        for _ in range(times):
            current = self.value
            time.sleep(0.0005)
            self.value = current + 1


def count():
    counter = Counter()
    threads = [threading.Thread(target=counter.add, args=(10,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.value
