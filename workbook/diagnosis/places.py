"""Where two runs part, and where numbers are drawn: read from traces and their ledgers of draws.

Owns the reading. Decides nothing and makes no run.
"""

import math
from typing import Any

from workbook.diagnosis.process.run import Run
from workbook.diagnosis.unexplained import unmatched
from workbook.trace import SAMPLES, Origin, Trace, align, origin

_LONGEST_CURVE = 400


def _draws(result: Run | None) -> list[list[Any]]:
    """List what the first call drew and set: generator, operation, line, module, count (0: set)."""
    outcomes = [] if result is None else result.outcomes
    return list(outcomes[0].get("draws", ())) if outcomes else []


def drawing(result: Run | None, made: list[str]) -> str:
    """Give the lines that draw, in words, after those that have made generators without a seed."""
    return few([*made, *(unseeded(result) if made else _drawing_lines(result))])


def drawn_apart(first: Run | None, second: Run | None) -> str:
    """Give the lines from which one of two runs draws and the other does not; all, if none is so.

    What both draw alike shifts nothing between them.
    """
    ours, theirs = _drawing_lines(first), _drawing_lines(second)
    apart = [line for line in (*theirs, *ours) if not (line in ours and line in theirs)]
    return few(apart or theirs)


def _drawing_lines(result: Run | None) -> list[str]:
    """List the lines that draw; where some draw from a generator nobody has set, they alone."""
    return unseeded(result) or list(_drawn(result))


def unseeded(result: Run | None) -> list[str]:
    """List the lines that draw from a generator which nobody has set by then."""
    return [row for row, known in _drawn(result).items() if not known]


def _drawn(result: Run | None) -> dict[str, bool]:
    seen: dict[str, bool] = {}  # a line that draws, and whether its generator was set before
    seeded: set[str] = set()
    for generator, what, line, _, count, _ in _draws(result):
        if not count:
            seeded.add(generator)
        elif line and not generator.startswith("own"):
            name = what.removeprefix("aten.").split(".")[0]
            seen.setdefault(f"{generator} {name} at {line}", generator in seeded)
    return seen


def seeds(where: str) -> str:
    """Say what to type, where a place names what draws or was made without a seed.

    >>> seeds("numpy.random.default_rng() at train.py:4")
    'Give it a seed where it is made: np.random.default_rng(SEED).'
    >>> seeds("torch rand at train.py:9, random shuffle at train.py:11")
    'Seed before anything is drawn, once: torch.manual_seed(SEED), random.seed(SEED).'
    """
    named = [part.partition(" ")[0] for part in where.split(", ")]
    calls = [_SEEDS[name] for name in dict.fromkeys(named) if name in _SEEDS]
    made = [f"{name[:-1]}SEED)".replace("numpy", "np") for name in named if name.endswith("()")]
    if made:
        return f"Give it a seed where it is made: {', '.join(dict.fromkeys(made))}."
    return f"Seed before anything is drawn, once: {', '.join(calls)}." if calls else ""


_SEEDS = {"torch": "torch.manual_seed(SEED)", "numpy": "np.random.seed(SEED)",
          "random": "random.seed(SEED)"}  # fmt: skip


def seeding(result: Run | None) -> str:
    """List the lines that set a generator after a draw: `manual_seed at train.py:9`."""
    seen: dict[str, None] = {}
    drawn = False
    for generator, what, line, _, count, _ in _draws(result):
        if line and not generator.startswith("own"):
            if not count and drawn:
                seen.setdefault(f"{what} at {line}")
            drawn = drawn or bool(count)
    return few(list(seen))


def parting(first: Trace | None, second: Trace | None) -> Origin | None:
    """Give the operation where two traced runs part."""
    return origin(first, second) if first is not None and second is not None else None


def place(first: Trace | None, second: Trace | None) -> str:
    """Where two traced runs first part, in words: the cause may lie above that line.

    Where an operation has other results although its inputs agree, it is that one. Where its inputs
    differ already and one run makes an operation before it that the other does not, it is that one.
    """
    part = parting(first, second)
    if part is None or first is None or second is None:
        return ""
    extra = unmatched(first, second) if part.kind != "operation" else None
    if extra is not None and extra[0].line and extra[1] <= part.first.index:
        operation, _, side = extra
        return f"{FIRST}{operation.name} at {operation.line}, which only the {side} makes"
    return f"{FIRST}{part.place}"


FIRST = "they first part at "  # before a place that may lie below the cause


def curve(
    first: Trace | None, second: Trace | None
) -> tuple[tuple[float, ...], tuple[str, ...], int | None]:
    """ULPs along the matched operations (sampled values), their names, and the origin's place."""
    if first is None or second is None:
        return (), (), None
    pairs = align(first, second)[:_LONGEST_CURVE]
    part = origin(first, second)
    heights, labels, mark = [], [], None
    for number, (i, j) in enumerate(pairs):
        ours, theirs = first[i], second[j]
        apart = [steps_apart(a, b) for a, b in zip(ours.sample, theirs.sample, strict=False)]
        heights.append(max(apart[:SAMPLES], default=0.0))
        labels.append(f"{ours.name} {ours.line}")
        if part is not None and part.first.index == i:
            mark = number
    return tuple(heights), tuple(labels), mark


def steps_apart(first: float, second: float) -> float:
    """About how many float32 steps two values are apart; 0 where they are equal."""
    if first == second or (math.isnan(first) and math.isnan(second)):
        return 0.0
    if not (math.isfinite(first) and math.isfinite(second)):
        return float(2**31)
    scale = max(abs(first), abs(second), 2.0**-126)
    return max(1.0, abs(first - second) / 2.0 ** (math.floor(math.log2(scale)) - 23))


def few(names: list[str]) -> str:
    """At most three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
