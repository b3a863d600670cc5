"""Memory that was never written: an operand that nobody named.

Owns two experiments. In the first the factor is the flag: is fresh memory filled? In the second it
is what freed memory held: one driver of `torch.linalg.lstsq` reads memory that it never wrote
before torch 2.14 (pytorch issues 71222 and 187411).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.repeats import fingerprint, seconds
from workbook.conditions import Changes, Conditions
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import counted

FLAG, BOTH, OFF = ("as torch comes", "all deterministic", "the same, filling off")
SETTINGS: dict[str, Changes] = {
    FLAG: {"deterministic": "off"},
    BOTH: {"deterministic": "on", "fill_uninitialized": True},
    OFF: {"deterministic": "on", "fill_uninitialized": False},
}
MAKERS: dict[str, Callable[[Tensor], Tensor]] = {
    "torch.empty": lambda like: torch.empty(len(like), device=like.device),
    "torch.empty_like": torch.empty_like,
    "new_empty": lambda like: like.new_empty(len(like)),
    "resize_": lambda like: like.new_zeros(0).resize_(len(like)),
}
SIZE, HELD, ROUNDS, SIDE = 1000, 200, 20, 30
MOST = 2_000_000  # numbers that are held before they are freed: 8 MB, whatever the size of one
DRIVERS = ("gelsy", "gelsd")


def fill(where: Conditions) -> Finding:
    """Make fresh memory in four ways under three settings; see whether it is filled with NaN."""
    like = torch.zeros(SIZE, device=where.torch_device)
    filled: dict[str, dict[str, bool]] = {}
    times: dict[str, float] = {}
    for setting, changes in SETTINGS.items():
        with where.replace(**changes):
            filled[setting] = {name: _is_filled(make, like) for name, make in MAKERS.items()}
            times[setting] = seconds(lambda: torch.empty_like(like), ROUNDS)
    always = all(filled[BOTH].values())
    values = {"filled": filled, "seconds": times}
    reading = ", ".join(f"{s}: {t * 1e6:.2g} µs" for s, t in times.items())
    verdict = "Deterministic algorithms fill fresh memory with NaN."
    if not always:
        verdict = "Deterministic algorithms leave some fresh memory as it was."
    return Finding(verdict, reading, values=values)


def _is_filled(make: Callable[[Tensor], Tensor], like: Tensor) -> bool:
    """Say whether fresh memory is NaN, where freed memory of its size holds sevens."""
    held = [torch.full_like(like, 7.0) for _ in range(max(1, min(HELD, MOST // len(like))))]
    del held
    return bool(make(like).isnan().all())


def after_others(where: Conditions) -> Finding:
    """Solve one least-squares problem after freed memory held zeros, and after it held ones."""
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, 2)
    values = {
        driver: len({_after(held, a, b, driver) for held in (0, 1) for _ in range(ROUNDS)})
        for driver in DRIVERS
    }
    reading = ", ".join(f"{driver}: {counted(count, 'result')}" for driver, count in values.items())
    verdict = "What freed memory held changed no bit of what the driver gelsd computes."
    if values["gelsd"] > 1:
        verdict = "What freed memory held changed bits of what the driver gelsd computes."
    return Finding(verdict, reading, values=values)


def _after(value: int, a: Tensor, b: Tensor, driver: str) -> int:
    """Give the solution's bits, after memory of the size of a permutation was freed."""
    held = [torch.full((SIDE,), value, dtype=torch.int32) for _ in range(HELD)]
    del held
    return fingerprint(torch.linalg.lstsq(a, b, driver=driver).solution)


FILLED = Experiment(
    name="filled_memory",
    question="What is in memory that nobody wrote, and what do deterministic algorithms do to it?",
    factor="the flag",
    controls=(DEVICE,),
    measure=fill,
)
UNWRITTEN = Experiment(
    name="unwritten_memory",
    question="Can a result depend on what memory held before it was freed?",
    factor="what freed memory held",
    controls=(),
    measure=after_others,
)
