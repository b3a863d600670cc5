"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.floats import bits_equal
from workbook.question import Exercise, Form, WrongAnswer
from workbook.wording import counted

CHANGE = 2.0**-6
LEADS = (0.0, 0.5, 1.5, 2.0, 2.5, 4.0)  # in changes


def _logits() -> Tensor:
    """Give logits whose best leads by LEADS, all of them exact in float32."""
    logits = torch.zeros(len(LEADS), 6)
    logits[:, 2] = 1.0
    logits[:, 4] = 1.0 + CHANGE * torch.tensor(LEADS)
    return logits


def _told_safe(safe: Callable[[Tensor, float], Tensor]) -> bool | str:
    for shift, scale in ((0.0, 1.0), (-50.0, 1.0), (0.0, 8.0)):
        got = safe(scale * _logits() + shift, scale * CHANGE)
        if got.dtype != torch.bool or got.shape != (len(LEADS),):
            return "It has to return one True or False for each row."
        for lead, told in zip(LEADS, got.tolist(), strict=True):
            if told != (lead > 2):
                word = "safe" if told else "not safe"
                return f"A lead of {lead:g} times the change is called {word}."
    return True


def _any(safe: Callable[[Tensor, float], Tensor], words: int) -> bool:
    """Say whether any of LEADS is called safe, with only the best of the words."""
    return bool(safe(_logits().topk(words).values, CHANGE).any())


SAFE = "def safe(logits, change):\n    best = logits.topk(2).values\n    return {}"
LEAD = "best[:, 0] - best[:, 1]"
SAFE_TOKENS = Exercise(
    name="safe_tokens",
    task=(
        "Write `safe(logits, change)`: for each row of logits (rows, words), True where the "
        "largest stays ahead of all others, however the logits move by at most `change` each."
    ),
    stub="def safe(logits, change):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_told_safe,
    wrong=(
        WrongAnswer(
            source=SAFE.format(f"{LEAD} > change"),
            message="The best may fall and the second may rise: a lead of 1.5 times the change can "
            "be lost.",
        ),
        WrongAnswer(
            source=SAFE.format(f"{LEAD} > 0"),
            message="That says whether there is a tie now, not whether one may come.",
        ),
        WrongAnswer(
            source=SAFE.format(f"{LEAD} > change * logits.shape[1]"),
            message="The number of words does not matter: only two compete for the first place.",
            recognizes=lambda safe: not _any(safe, words=6) and _any(safe, words=2),
        ),
        WrongAnswer(
            source=SAFE.format(f"{LEAD} >= 2 * change"),
            message="A lead of exactly twice the change can shrink to a tie, and in a tie the "
            "largest is not ahead.",
        ),
    ),
    hints=(
        "`logits.topk(2).values` has the two largest logits of each row.",
        "What is the worst that can happen to each of the two?",
    ),
    solution=SAFE.format(f"{LEAD} > 2 * change"),
    because="One falls by the change, the other rises by it.",
)
TILE = 8
COUNTS = (1, 2, 5, 8, 9, 16, 20)


class _Library:
    """A product that adds in one of three orders, by the number of rows, and counts its calls."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        self.rows.append(len(x))
        terms = x[:, None, :] * w
        order = torch.arange(terms.shape[-1]).roll(len(x) % 3)
        total = torch.zeros_like(terms[..., 0])
        for k in order.tolist():
            total = total + terms[..., k]
        return total


def _rows() -> tuple[Tensor, Tensor]:
    return torch.rand(max(COUNTS), 12), torch.rand(5, 12)


def _invariant(fixed: Callable[[Any, Tensor, Tensor], Tensor]) -> bool | str:
    x, w = _rows()
    alone = fixed(_Library(), x[:1], w)
    for n in COUNTS:
        library = _Library()
        got = fixed(library, x[:n], w)
        if got.shape != (n, 5):
            return (
                f"For {counted(n, 'row')} the result has {tuple(got.shape)}, and (rows, outputs) "
                "is meant."
            )
        if not torch.allclose(got, x[:n] @ w.T, rtol=1e-4):
            return f"For {counted(n, 'row')} the result is not the product."
        if not library.rows:
            return "The product has to come from `library`: that is what cannot be changed."
        if not bits_equal(got[:1], alone):
            return f"The first of {counted(n, 'row')} has other bits than alone."
        if len(library.rows) > math.ceil(n / TILE):
            return (
                f"The bits are right. But {counted(n, 'row')} took "
                f"{counted(len(library.rows), 'call')} of the library, "
                f"where {counted(math.ceil(n / TILE), 'call')} would do."
            )
    return True


def _calls(fixed: Callable[[Any, Tensor, Tensor], Tensor], n: int) -> list[int]:
    """List how many rows each call of the library had; empty where it is no product at all."""
    x, w = _rows()
    library = _Library()
    got = fixed(library, x[:n], w)
    right = got.shape == (n, 5) and torch.allclose(got, x[:n] @ w.T, rtol=1e-4)
    return library.rows if right else []


TILED = """def fixed(library, x, w):
    parts = []
    for part in x.split(8):
        full = F.pad(part, (0, 0, 0, 8 - len(part)))
        parts.append(library(full, w)[:len(part)])
    return torch.cat(parts)"""
ROWS_IN_COMPANY = Exercise(
    name="rows_in_company",
    task=(
        "`library(x, w)` multiplies rows x (rows, features) by w (outputs, features), and adds in "
        "an order that follows the number of rows. Write `fixed(library, x, w)`: the same product, "
        "with the same bits for a row however many there are, in at most one call for each eight "
        "rows."
    ),
    setup="import torch\nimport torch.nn.functional as F",
    stub="def fixed(library, x, w):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_invariant,
    wrong=(
        WrongAnswer(
            source="return library(x, w)",
            message="This hands the number of rows on to the library, and with it the order.",
            recognizes=lambda fixed: _calls(fixed, 9) == [9],
        ),
        WrongAnswer(
            source="return torch.cat([library(row[None], w) for row in x])",
            message="A row's bits no longer follow its company, but each row costs a call.",
            recognizes=lambda fixed: _calls(fixed, 5) == [1] * 5,
        ),
        WrongAnswer(
            source="more = -len(x) % 8\nreturn library(F.pad(x, (0, 0, 0, more)), w)[:len(x)]",
            message="Filled up to 8, 16 or 24 rows in one call, these are still three shapes, and "
            "perhaps three orders.",
            recognizes=lambda fixed: _calls(fixed, 9) == [16],
        ),
        WrongAnswer(
            source="return torch.cat([library(part, w) for part in x.split(8)])",
            message="The last part may have fewer than eight rows, and then it has an order of its "
            "own: fill it up.",
            recognizes=lambda fixed: _calls(fixed, 9) == [8, 1],
        ),
    ),
    hints=(
        "If the library always gets eight rows, it has one order only.",
        "`x.split(8)` gives parts of eight rows; `F.pad(part, (0, 0, 0, 8 - len(part)))` adds rows "
        "of zeros to the last one.",
    ),
    solution=TILED,
    because="One shape, one order. The price is the zeros: a single row costs as much as eight.",
)
SEEDS = (3, 11, 7, 3)


def _own_streams(sample: Callable[[Tensor, list[int]], Any]) -> bool | str:
    shares = torch.rand(len(SEEDS), 50)
    together = torch.as_tensor(sample(shares, list(SEEDS))).flatten()
    if together.shape != (len(SEEDS),):
        return f"It has to give one token for each of {len(SEEDS)} rows."
    if not bool(((together >= 0) & (together < 50)).all()):
        return "A token is the number of a column, from 0 to 49."
    for row, seed in enumerate(SEEDS):
        single = torch.as_tensor(sample(shares[row : row + 1], [seed])).flatten()
        if single[0] != together[row]:
            return f"Row {row} gets another token among {len(SEEDS)} rows than alone."
    draws = {int(torch.as_tensor(sample(shares[:1], [seed])).flatten()[0]) for seed in range(30)}
    if len(draws) <= 5:
        return "Other seeds hardly give other tokens: is anything drawn?"
    if getattr(sample, "drew", False):
        return (
            "The tokens are right. But a stream that all share was seeded or drawn from: whatever "
            "else is drawn in the process comes out otherwise. Use a generator of its own."
        )
    return True


def _greedy(sample: Callable[[Tensor, list[int]], Any]) -> bool:
    shares = torch.rand(6, 50)
    tokens = torch.as_tensor(sample(shares, list(range(6)))).flatten()
    return bool((tokens == shares.argmax(1)).all())


def _moves(sample: Callable[[Tensor, list[int]], Any]) -> bool:
    """Say whether a row's token depends on the number of rows, for the same seed."""
    shares = torch.rand(40, 50)
    together = torch.as_tensor(sample(shares, [5] * 40)).flatten()
    single = [int(torch.as_tensor(sample(row[None], [5])).flatten()[0]) for row in shares]
    return len(together) == 40 and single[0] == int(together[0]) and single != together.tolist()


SAMPLES_IN_COMPANY = Exercise(
    name="samples_in_company",
    task=(
        "Write `sample(shares, seeds)`: for each row of shares (rows, words) draw a token with "
        "`multinomial`, so that a row with its seed gets the same token in any company; and "
        "torch's own stream goes on as if nothing had been drawn."
    ),
    stub="def sample(shares, seeds):\n    ...",
    form=Form("function", returns=Form("anything")),
    check=_own_streams,
    wrong=(
        WrongAnswer(
            source="torch.manual_seed(seeds[0])\nreturn shares.multinomial(1)",
            message="One stream for all rows: only the first row gets what it gets alone.",
            recognizes=_moves,
        ),
        WrongAnswer(
            source="return shares.argmax(1)",
            message="This takes the largest share, so it draws nothing.",
            recognizes=_greedy,
        ),
    ),
    hints=(
        "`torch.Generator().manual_seed(seed)` is a stream of its own.",
        "`row.multinomial(1, generator=generator)` draws from it, one row at a time.",
    ),
    solution=(
        "tokens = []\n"
        "for row, seed in zip(shares, seeds):\n"
        "    generator = torch.Generator().manual_seed(seed)\n"
        "    tokens.append(row.multinomial(1, generator=generator))\n"
        "return torch.cat(tokens)"
    ),
    because="The stream belongs to the request, not to its place in the batch.",
)
