import threading

import torch


class Counter:
    def __init__(self):
        self.value = torch.zeros(20_000)

    def add(self, times):
        for _ in range(times):
            self.value = self.value + 1


def count():
    counter = Counter()
    threads = [threading.Thread(target=counter.add, args=(400,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.value[0]
