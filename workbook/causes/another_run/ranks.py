"""Ranks in threads of one process, with the all-reduce that a real run on several CPUs uses.

Owns the process group (gloo, through memory and the loopback interface: no second process, no port
that anybody chose). What a rank computes is up to whoever starts it.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from typing import Any

import torch.distributed
from torch import Tensor

from workbook.devices import DeviceUnavailable

dist: Any = torch.distributed  # whose names for gloo have no types
PATIENCE = 3600.0  # seconds that a rank waits for another; the limit is for what never ends


def summed(numbers: Sequence[Tensor]) -> list[Tensor]:
    """All-reduce one tensor of each rank, by gloo: give the sum as each rank got it.

    The tensors, of one shape and dtype, stay as they are. DeviceUnavailable if this torch or this
    machine has no gloo, with its reason.
    """
    if not (dist.is_available() and dist.is_gloo_available()):
        raise DeviceUnavailable("This torch comes without gloo, which adds up the ranks' numbers.")
    store, sums = dist.HashStore(), [each.clone() for each in numbers]
    raised: list[BaseException] = []

    def rank(number: int) -> None:
        try:
            group = _group(dist.PrefixStore("ranks", store), number, len(numbers))
            group.allreduce([sums[number]]).wait()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=rank, args=(n,), daemon=True) for n in range(len(numbers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise DeviceUnavailable(f"gloo could not connect the ranks here: {raised[0]}")
    return sums


def _group(store: Any, number: int, size: int) -> Any:
    options = dist.ProcessGroupGloo._Options()
    options._devices = [dist.ProcessGroupGloo.create_device(hostname="127.0.0.1")]
    options._timeout = datetime.timedelta(seconds=PATIENCE)
    return dist.ProcessGroupGloo(store, number, size, options)
