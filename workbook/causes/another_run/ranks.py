"""Ranks in threads of one process, with the all-reduce that a real run on several devices uses.

Owns the process group: gloo on a CPU (through memory and the loopback interface: no second process,
no port that anybody chose), NCCL on GPUs, one for each rank. What a rank computes is up to whoever
starts it.
"""

import contextlib
import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import Tensor

from workbook.devices import DeviceUnavailable

dist: Any = torch.distributed  # whose names for process groups have no types
T = TypeVar("T")

# torch keeps one record of the collectives of a process. It is made for one rank: when several
# ranks write to it at the same moment, the process can crash (torch 2.11 on 16 cores: once in some
# hundred runs). Its size is read when the first group of a process is made; 0 means none. Versions
# that know another name for the size keep no such record unless asked, and newer ones warn of it.
RECORD = "TORCH_FR_BUFFER_SIZE"
TRIES, PAUSE = 3, 0.2  # seconds between two attempts to connect


def ranked(world: int, work: Callable[[int, Any], T], device: str = "cpu") -> list[T]:
    """Run `work(rank, group)` on `world` ranks at once, each in a thread; list what they return.

    `group` is the rank's process group, as DistributedDataParallel takes it. On "cuda" each rank
    has a GPU of its own. An error of a rank is raised here; the others, which may wait for that
    rank, are left behind. A connection that breaks while it is made is tried again: before the
    last rank is connected, none works. DeviceUnavailable, with its reason, where all tries fail.
    """
    _check(world, device)
    with _unrecorded():
        for _ in range(TRIES - 1):
            with contextlib.suppress(Unconnected):
                return _together(world, work, device)
            time.sleep(PAUSE)
        return _together(world, work, device)


class Unconnected(DeviceUnavailable):
    """Said where ranks could not be connected: no rank has begun its work, and a new try may do."""


def _together(world: int, work: Callable[[int, Any], T], device: str) -> list[T]:
    """Connect the ranks, then let all of them work; Unconnected if one finds no connection."""
    store, finished = dist.HashStore(), queue.SimpleQueue[tuple[int, Any, BaseException | None]]()
    connected = threading.Barrier(world)  # no rank works before the last one is connected
    network = _network(device)

    def rank(number: int) -> None:
        try:
            group = _connected(dist.PrefixStore("ranks", store), number, world, network)
            connected.wait()
            finished.put((number, work(number, group), None))
        except BaseException as error:
            finished.put((number, None, error))
            connected.abort()

    threads = [threading.Thread(target=rank, args=(n,), daemon=True) for n in range(world)]
    results: dict[int, T] = {}
    for thread in threads:
        thread.start()
    while len(results) < world:
        number, result, error = finished.get()
        if error is not None:
            raise error
        results[number] = result
    for thread in threads:  # which take their groups down: not while the interpreter ends
        thread.join()
    return [results[number] for number in range(world)]


@contextlib.contextmanager
def _unrecorded() -> Iterator[None]:
    """Keep torch from recording collectives, if this is where it makes its first group."""
    before = os.environ.get(RECORD)
    os.environ[RECORD] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[RECORD]
        else:
            os.environ[RECORD] = before


def seat(device: str, rank: int) -> torch.device:
    """Give the device of a rank: the CPU for all, or a GPU for each."""
    return torch.device(device, rank) if device == "cuda" else torch.device(device)


def summed(lots: Sequence[Sequence[Tensor]], device: str = "cpu") -> list[list[Tensor]]:
    """All-reduce lots of one tensor of each rank, one lot after another over one connection.

    Gives the sum of each lot as each rank got it. The tensors of a lot are of one shape and dtype,
    and stay as they are. Errors as for `ranked`.
    """

    def add(rank: int, group: Any) -> list[Tensor]:
        mine = [lot[rank].to(seat(device, rank), copy=True) for lot in lots]
        for each in mine:
            group.allreduce([each]).wait()
        return mine

    return [list(sums) for sums in zip(*ranked(len(lots[0]), add, device), strict=True)]


def _check(world: int, device: str) -> None:
    """Refuse ranks that could only wait for one another, in a sentence."""
    if not dist.is_available() or not (
        dist.is_nccl_available() if device == "cuda" else dist.is_gloo_available()
    ):
        adds = "NCCL" if device == "cuda" else "gloo"
        raise DeviceUnavailable(f"This torch comes without {adds}, which adds up ranks' numbers.")
    if device == "cuda":
        if torch.cuda.device_count() < world:
            raise DeviceUnavailable(
                f"{world} ranks need {world} GPUs, got {torch.cuda.device_count()}."
            )
        return
    try:  # the system itself gives up on a connection that nothing lets through
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
    except OSError as error:
        raise DeviceUnavailable(
            f"This machine refuses connections to itself (127.0.0.1): {error}. Ranks need them: "
            "let the firewall pass the loopback interface."
        ) from error


def _network(device: str) -> Any:
    """Open gloo's way from rank to rank, one for all; None on GPUs, where NCCL has its own.

    To close one, gloo waits for its thread, up to 10 ms.
    """
    if device == "cuda":
        return None
    try:
        return dist.ProcessGroupGloo.create_device(hostname="127.0.0.1")
    except Exception as error:
        raise _unconnected(error) from error


def _connected(store: Any, number: int, world: int, network: Any) -> Any:
    try:
        return _group(store, number, world, network)
    except Exception as error:
        raise _unconnected(error) from error


def _unconnected(error: Exception) -> Unconnected:
    words = str(error).partition("\n")[0]
    return Unconnected(f"The ranks could not be connected here: {words}")


def _group(store: Any, number: int, world: int, network: Any) -> Any:
    """Connect a rank with the others; DistributedDataParallel wants the group around a backend.

    Without a `network` of gloo's, each rank takes its GPU.
    """
    kinds, name = dist.ProcessGroup.BackendType, "gloo" if network else "nccl"
    if hasattr(dist.ProcessGroup, "Options"):  # where it exists, the group reads its name there
        group = dist.ProcessGroup(store, number, world, dist.ProcessGroup.Options(backend=name))
    else:
        group = dist.ProcessGroup(number, world)
    if network is None:
        torch.cuda.set_device(number)  # of this thread only
        kind, backend = kinds.NCCL, dist.ProcessGroupNCCL(store, number, world)
    else:
        options = dist.ProcessGroupGloo._Options()  # no public name takes a device
        options._devices = [network]
        kind, backend = kinds.GLOO, dist.ProcessGroupGloo(store, number, world, options)
    group._register_backend(torch.device("cpu" if network else "cuda"), kind, backend)
    return group
