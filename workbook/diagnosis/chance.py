"""Whether runs agree by chance: how many must, with a row and without it, before it is believed.

Owns the rule. Where the same run made again may give something else, a row that does nothing may
still be followed by two runs that agree. Fisher's exact test says how likely that is: of `without`
runs without the row `agreed` came to the same, and all of the runs with it did. If the row does
nothing, which of them agree is a draw, and this is one of the equally likely ones. Makes no run.
"""

from __future__ import annotations

import math
from collections.abc import Callable

LEVEL = 1 / 100  # of all rows that do nothing, how many may be believed
SEEN = 1 / 10  # of all runs: what differs less often than that is not told from what never does
MOST = math.ceil(math.log(LEVEL) / math.log(1 - SEEN))
"""Runs of each kind, at most: so many show at least one difference of that rate."""
KNOWN = next(n for n in range(1, MOST) if math.comb(2 * n, n) * LEVEL >= 1)
"""Runs of each kind that suffice where all without the row differ."""


def by_chance(agreed: int, without: int, with_row: int) -> float:
    """Give the probability that a row which does nothing looks as good as this, from 0 to 1.

    Of `without` runs `agreed` came to the same without the row, and all `with_row` runs did with
    it: Fisher's exact test, one-sided.

    >>> by_chance(0, 4, 4) == 1 / 70
    True
    """
    return math.comb(without, agreed) / math.comb(without + with_row, agreed + with_row)


def enough(agreed: int, without: int) -> int:
    """Give how many runs must agree with a row, at most MOST, where so many did without it.

    >>> enough(0, 5)
    4
    """
    return next((k for k in range(1, MOST) if by_chance(agreed, without, k) <= LEVEL), MOST)


def believed(
    agrees_without: Callable[[int], bool],
    agrees_with: Callable[[int], bool],
    agreed: int = 0,
    without: int = 0,
) -> bool:
    """Say whether a row takes a difference away that is there without it, by runs in turn.

    Each function makes one more run, which gets its number from 1, and says whether that agrees.
    `agreed` of `without` runs without the row are known. One run with the row that differs refutes
    it. A row that does nothing is believed in at most one of a hundred cases, however often runs
    agree by chance.
    """
    for number in range(1, MOST + 1):
        if not agrees_with(number):
            return False
        if by_chance(agreed, without, number) <= LEVEL:
            return True
        agreed, without = agreed + agrees_without(number), without + 1
        if by_chance(agreed, without, number) <= LEVEL:
            return True
    return False
