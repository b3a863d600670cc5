"""Two streams and a copy that nobody waited for: wrong values, not rounding.

Owns one experiment. The factor is the wait: each program runs with it and without it, and nothing
else changes. The programs need a device that computes while the host goes on; on a CPU there is
nothing to wait for, and the rows say so.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from workbook.causes.cudnn.catalogue import DEVICE
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.experiment import Experiment
from workbook.result import Finding

TRIES, SIZE, SIDE, PRODUCTS = 20, 2**20, 4096, 8
WAITED, UNWAITED = "with the wait", "without it"
COPY, STREAM, REUSE, GRADIENT = (
    "a non_blocking copy, read at once",
    "a second stream reads",
    "memory given back, reused",
    "a gradient from another stream",
)
LEGEND: dict[Kind, str] = {"agrees": "right", "wrong": "wrong values", "not tried": "not here"}
Program = Callable[[torch.device, bool], Tensor]


def _busy(device: torch.device) -> None:
    """Give the current stream work for some milliseconds, so that what follows has to queue."""
    matrix = torch.ones(SIDE, SIDE, device=device)
    for _ in range(PRODUCTS):
        matrix = matrix @ matrix * 2.0**-12


def _stream(device: torch.device) -> torch.cuda.Stream:
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(device))
    return stream


def _copied(device: torch.device, wait: bool) -> Tensor:
    """Copy ones into pinned memory behind other work; the host reads it, waiting first or not."""
    host = torch.zeros(SIZE, pin_memory=True)
    ones = torch.zeros(SIZE, device=device)
    torch.cuda.synchronize(device)
    _busy(device)
    ones.fill_(1)
    host.copy_(ones, non_blocking=True)
    if wait:
        torch.cuda.current_stream(device).synchronize()
    return host.clone()


def _second_stream(device: torch.device, wait: bool) -> Tensor:
    """Write ones on the current stream behind other work; a second stream copies them."""
    ones = torch.zeros(SIZE, device=device)
    stream = _stream(device)
    torch.cuda.synchronize(device)
    _busy(device)
    ones.fill_(1)
    if wait:
        stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        seen = ones.clone()
    torch.cuda.synchronize(device)
    return seen.cpu()


def _given_back(device: torch.device, wait: bool) -> Tensor:
    """Read ones late on a second stream, while the first gives back their memory and writes there.

    The wait is `record_stream`: it tells the allocator who else uses the memory.
    """
    stream = _stream(device)
    ones = torch.ones(SIZE, device=device)
    torch.cuda.synchronize(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        _busy(device)
        seen = torch.empty(SIZE, device=device)
        seen.copy_(ones)
    if wait:
        ones.record_stream(stream)
    del ones
    others = [torch.full((SIZE,), 7.0, device=device) for _ in range(4)]
    torch.cuda.synchronize(device)
    del others
    return seen.cpu()


def _gradient(device: torch.device, wait: bool) -> Tensor:
    """Run forward and backward on a second stream; the first reads the gradient, which is ones."""
    leaf = torch.zeros(SIZE, device=device, requires_grad=True)
    leaf.grad = torch.zeros(SIZE, device=device)
    stream = _stream(device)
    torch.cuda.synchronize(device)
    with torch.cuda.stream(stream), torch.enable_grad():
        _busy(device)
        leaf.sum().backward()  # type: ignore[no-untyped-call]
    if wait:
        torch.cuda.current_stream(device).wait_stream(stream)
    seen = leaf.grad.clone()
    torch.cuda.synchronize(device)
    return seen.cpu()


PROGRAMS: dict[str, Program] = {
    COPY: _copied,
    STREAM: _second_stream,
    REUSE: _given_back,
    GRADIENT: _gradient,
}


def do_not_wait(where: Conditions) -> Finding:
    """Run each program many times with its wait and without; all ones is the right result."""
    device = where.torch_device
    wrong: dict[str, dict[str, int]] = {}
    for name, program in PROGRAMS.items() if device.type == "cuda" else ():
        program(device, True)  # the first run loads kernels and takes memory
        wrong[name] = {
            word: sum(not bool((program(device, wait) == 1).all()) for _ in range(TRIES))
            for word, wait in ((WAITED, True), (UNWAITED, False))
        }
    table = {
        name: {word: _cell(wrong.get(name, {}).get(word)) for word in (WAITED, UNWAITED)}
        for name in PROGRAMS
    }
    hit = [name for name, line in wrong.items() if line[UNWAITED]]
    even = [name for name, line in wrong.items() if line[WAITED]]
    reading = f"without the wait {len(hit)} of {len(wrong)} programs gave wrong values"
    if not wrong:
        reading = "no program has anything to wait for here"
    values = {"wrong": wrong, "tries": TRIES, "wrong_without": hit, "wrong_with": even}
    chart = Chart((Cells.of(table, LEGEND),))
    return Finding(_verdict(bool(wrong), bool(even)), reading, chart, values)


def _cell(wrong: int | None) -> Cell:
    if wrong is None:
        return Cell("not here", "not tried")
    if wrong:
        return Cell(f"wrong {wrong} of {TRIES}", "wrong")
    return Cell(f"right {TRIES} of {TRIES}", "agrees")


def _verdict(ran: bool, even: bool) -> str:
    if not ran:
        return "A CPU has finished when the next line runs: there is nothing to wait for."
    if even:
        return "A value is wrong even with the wait."
    return "With the wait every value is right; without it nothing is promised."


ASYNCHRONOUS = Experiment(
    name="unwaited",
    question="What does a program read that does not wait for the device?",
    factor="the wait",
    controls=(DEVICE,),
    measure=do_not_wait,
)
