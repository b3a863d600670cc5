"""The stream of draws: who takes which numbers, and when a longer draw begins with a shorter one.

Owns two experiments. The factor of the first is one edit of a program, of the second the number
of values asked for; seed and generator stay as they are.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from workbook.causes.linear_init.names import key
from workbook.chart import BLANK, Axis, Cell, Cells, Chart, Kind, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Integer
from workbook.experiment import Experiment
from workbook.result import Finding

UNUSED, SWAPPED, DROPOUT, EVAL, LOADER = (
    "an unused layer first",
    "output before hidden",
    "a dropout called first",
    "a dropout in eval mode",
    "a DataLoader read first",
)
EDITS = (UNUSED, SWAPPED, DROPOUT, EVAL, LOADER)
TOP, EACH, OWN = SEEDING = "one, at the top", "the same before each", "its own before each"
LENGTH, WINDOW = 32, 4
LEGEND: dict[Kind, str] = {"agrees": "the draws as written", "differs": "other draws"}
Parts = dict[str, Callable[[], object]]

PROGRAM: Parts = {
    "hidden": lambda: nn.Linear(3, 2),
    "output": lambda: nn.Linear(2, 1),
    "input": lambda: torch.rand(3),
}
EXTRA: Parts = {
    UNUSED: lambda: nn.Linear(2, 1),
    DROPOUT: lambda: nn.functional.dropout(torch.ones(2)),
    EVAL: lambda: nn.functional.dropout(torch.ones(2), training=False),
    LOADER: lambda: list(DataLoader([0, 1])),  # type: ignore[arg-type]  # a list is a dataset
}


def ledger(where: Conditions, *, edit: str, seeding: str) -> Finding:
    """Run a program as written and edited, and find each part's draws in the stream."""
    parts = dict(PROGRAM)
    edited = {name: parts[name] for name in ("output", "hidden", "input")}
    if edit != SWAPPED:
        edited = {edit: EXTRA[edit], **parts}
    before, after = (_places(program, where.seed or 0, seeding) for program in (parts, edited))
    kept = {name: bool(before[name][0] == after[name][0]) for name in parts}
    taken = {name: len(after[name][1]) for name in after}
    starts = [places[0] for _, places in after.values() if places]
    rows = [f"{name}, as written" for name in before] + [f"{name}, edited" for name in parts]
    lines = [*((p, True) for _, p in before.values()), *((after[n][1], kept[n]) for n in parts)]
    if edit != SWAPPED:
        rows.insert(len(parts), edit)
        lines.insert(len(parts), (after[edit][1], False))
    chart = Chart((_cells(rows, lines),))
    reading = f"draws taken: {', '.join(f'{name} {count}' for name, count in taken.items())}"
    shared = len(set(starts)) < len(starts)
    values = {"kept": kept, "taken": taken, "shared_start": shared}
    return Finding(_verdict(kept, shared), reading, chart, values)


def _places(parts: Parts, seed: int, seeding: str) -> dict[str, tuple[object, list[int]]]:
    """Give what each part drew and the places of its draws; stream k starts at k * LENGTH."""
    streams = []
    for number in range(len(parts) if seeding == OWN else 1):
        torch.manual_seed(seed + number)
        streams.append(torch.rand(LENGTH + WINDOW))
    torch.manual_seed(seed)
    numbers = {}
    names = sorted(parts, key=list(PROGRAM | EXTRA).index)  # an edit moves nobody's own seed
    for name, make in parts.items():
        own = names.index(name) if seeding == OWN else 0
        if seeding != TOP:
            torch.manual_seed(seed + own)
        start, made, end = _ahead(streams[own]), make(), _ahead(streams[own])
        numbers[name] = _bits(made), [own * LENGTH + place for place in range(start, end)]
    return numbers


def _ahead(stream: Tensor) -> int:
    """Count how many numbers of the stream are gone: look the next ones up, and give them back."""
    state = torch.get_rng_state()
    coming = torch.rand(WINDOW)
    torch.set_rng_state(state)
    windows = stream.unfold(0, WINDOW, 1)
    return int((windows == coming).all(dim=1).nonzero()[0])


def _bits(made: object) -> object:
    if isinstance(made, nn.Module):
        return [key(parameter) for parameter in made.parameters()]
    return key(made) if isinstance(made, Tensor) else made


def _cells(rows: list[str], lines: list[tuple[list[int], bool]]) -> Cells:
    last = max(place % LENGTH for places, _ in lines for place in places)
    table: dict[str, dict[str, Cell]] = {}
    for name, (places, same) in zip(rows, lines, strict=True):
        table[name] = {str(place + 1): BLANK for place in range(last + 1)}
        for place in places:
            kind: Kind = "agrees" if same else "differs"
            table[name][str(place % LENGTH + 1)] = Cell("abcde"[place // LENGTH], kind)
    return Cells.of(table, LEGEND, "place in the stream; each letter is a stream")


def _verdict(kept: dict[str, bool], shared: bool) -> str:
    lost = [name for name, same in kept.items() if not same]
    if lost:
        who = "all parts" if len(lost) == len(kept) else " and ".join(lost)
        return f"The edit shifts the stream: other numbers for {who}, from the same seed."
    if shared:
        return "The edit changes nobody's numbers, but several parts start with the same draws."
    return "The edit changes nobody's numbers."


def prefixes(where: Conditions, *, longest: int) -> Finding:
    """Ask for n and for n + 1 numbers from the same seed; count the leading ones they share."""
    shared = {make.__name__: _shared(make, where, longest) for make in (torch.rand, torch.randn)}
    x = range(1, longest + 1)
    series = (Series("rand", x, shared["rand"]), Series("randn", x, shared["randn"], "points"))
    axes = (
        Axis("n, how many numbers are drawn", 0, longest + 1),
        Axis("of these, how many stay if one more is drawn", 0, 1.1 * longest),
    )
    stable = {name: counts == list(range(1, longest + 1)) for name, counts in shared.items()}
    broken = [n for n, count in enumerate(shared["randn"], start=1) if count < n]
    reading = "no number of randn changes if one more is drawn"
    if broken:
        reading = f"one more changes numbers of randn at n = {_first(broken)}"
    chart = Chart((Panel(*axes, series),))
    return Finding(_prefix_verdict(stable), reading, chart, {**stable, "broken": broken})


def _first(broken: list[int]) -> str:
    return ", ".join(map(str, broken[:6])) + (", …" if len(broken) > 6 else "")


def _shared(make: Callable[..., Tensor], where: Conditions, longest: int) -> list[int]:
    counts = []
    options = {"dtype": where.torch_dtype, "device": where.torch_device}
    previous = torch.empty(0)
    for n in range(1, longest + 2):
        torch.manual_seed(where.seed or 0)
        drawn = make(n, **options).cpu()
        counts.append(int((drawn[: n - 1] == previous).int().cumprod(0).sum()) if n > 1 else 0)
        previous = drawn
    return counts[1:]


def _prefix_verdict(stable: dict[str, bool]) -> str:
    if all(stable.values()):
        return "Up to here, no number changes if one more is drawn."
    if stable["rand"]:
        return "If one more is drawn, numbers of randn change, and numbers of rand do not."
    return "Even uniform numbers depend here on how many are drawn."


LEDGER = Experiment(
    name="draw_ledger",
    question="One edit of a program, one seed: who gets other numbers?",
    factor="one edit of the program",
    controls=(Choice("edit", UNUSED, EDITS), Choice("seeding", TOP, SEEDING, label="seed set")),
    measure=ledger,
)
PREFIX = Experiment(
    name="prefixes",
    question="From one seed, one number more: do the others stay?",
    factor="how many numbers are drawn",
    controls=(Integer("longest", 48, 8, 96, step=8, label="largest n"), DeviceChoice()),
    measure=prefixes,
)
