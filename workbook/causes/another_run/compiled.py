"""A function as it is written, and the same function compiled: which bits stay?

Owns one experiment. The factor is how the function is run; arguments, seed and thread are the same.
Each back end of torch.compile adds one part of the compiler: "eager" only reads the program,
"aot_eager" also splits it into small operations, "inductor" writes new kernels for them.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Toggle
from workbook.experiment import Experiment
from workbook.floats import bits
from workbook.result import Finding
from workbook.wording import percent

ROWS, COLUMNS = 64, 256
ONE, ACTIVATIONS, VARIANCE, HALF, DROPOUT = (
    "x·w + w",
    "exp(tanh(gelu(x)))",
    "variance of each row",
    "((x·w) + w)·w − x, bfloat16",
    "dropout, which entries stay",
)


def _half(x: Tensor, w: Tensor) -> Tensor:
    x, w = x.bfloat16(), w.bfloat16()
    return ((x * w) + w) * w - x


PROGRAMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    ONE: lambda x, w: x * w + w,
    ACTIVATIONS: lambda x, w: F.gelu(x).tanh().exp(),
    VARIANCE: lambda x, w: x.var(1),
    HALF: _half,
    DROPOUT: lambda x, w: F.dropout(x + 2, 0.5) != 0,
}
EAGER, AOT, INDUCTOR, FALLBACK = "eager", "aot_eager", "inductor", "inductor, eager's generator"
LEGEND: dict[Kind, str] = {
    "agrees": "the same bits",
    "differs": "other bits in this share of the entries",
    "raises": "it could not be compiled here",
}
Shares = dict[str, dict[str, float | None]]


def every_program(x: Tensor, w: Tensor) -> dict[str, Tensor]:
    """Compute all programs in one function, so that they are compiled once."""
    return {name: program(x, w) for name, program in PROGRAMS.items()}


def compile_each(where: Conditions, *, inductor: bool) -> Finding:
    """Run the programs as written and compiled by each back end, from one seed."""
    x = torch.rand(ROWS, COLUMNS, dtype=torch.float32).to(where.torch_device)
    w = torch.rand(ROWS, COLUMNS, dtype=torch.float32).to(where.torch_device)
    ways = (EAGER, AOT, INDUCTOR, FALLBACK) if inductor else (EAGER, AOT)
    shares: Shares = {name: {} for name in PROGRAMS}
    torch.manual_seed(where.seed or 0)
    written = every_program(x, w)
    for way in ways:
        made = _compiled(way, x, w, where.seed or 0)
        for name, output in written.items():
            shares[name][way] = None if made is None else _share(made[name], output)
    table = {
        name: {way: _cell(share) for way, share in line.items()} for name, line in shares.items()
    }
    chart = Chart((Cells.of(table, LEGEND, "entries with other bits than as written"),))
    return Finding(_verdict(shares, ways), _reading(shares, ways), chart, {"shares": shares})


def _compiled(way: str, x: Tensor, w: Tensor, seed: int) -> dict[str, Tensor] | None:
    """Compile the programs and run them once from the seed; None if that cannot be done here."""
    backend = way.split(",")[0]
    options: dict[str, Any] = {"options": {"fallback_random": True}} if way == FALLBACK else {}
    torch.manual_seed(seed)
    try:
        outputs: dict[str, Tensor] = torch.compile(every_program, backend=backend, **options)(x, w)
    except Exception:  # the compiler raises errors of many kinds where its tools are missing
        return None
    finally:
        torch._dynamo.reset()
    return outputs


def _share(made: Tensor, written: Tensor) -> float:
    """Give the share of entries whose bits differ."""
    return float((bits(made) != bits(written)).double().mean())


def _cell(share: float | None) -> Cell:
    if share is None:
        return Cell("raises", "raises")
    return Cell(f"{share:.2g}", "differs") if share else Cell("same bits", "agrees")


def _verdict(shares: Shares, ways: tuple[str, ...]) -> str:
    done = {way for way in ways if shares[ONE][way] is not None}
    if not done:
        return "Nothing could be compiled here."
    plain = all(shares[name][way] == 0 for name in shares for way in done & {EAGER, AOT})
    words = "Reading and splitting a program changes " + ("no bit" if plain else "bits")
    if INDUCTOR not in ways:
        return f"{words}."
    if INDUCTOR not in done:
        return f"{words}; new kernels could not be compiled here."
    changed = [name for name in shares if shares[name][INDUCTOR]]
    mask = ", the mask of dropout among them" if DROPOUT in changed else ""
    return f"{words}; new kernels change {len(changed)} of {len(shares)} results{mask}."


def _reading(shares: Shares, ways: tuple[str, ...]) -> str:
    share = shares[DROPOUT][INDUCTOR if INDUCTOR in ways else AOT]
    if share is None:
        return "no mask could be compared"
    return f"two masks of dropout from one seed agree in {percent(1 - share, 1)} of their entries"


COMPILED = Experiment(
    "compiled",
    "What does torch.compile change?",
    "how the function is run",
    (
        Toggle("inductor", False, label="new kernels (takes up to a minute)"),
        DeviceChoice("cpu", ("cpu", "cuda")),
    ),
    compile_each,
    recorded={"inductor": True},
)
