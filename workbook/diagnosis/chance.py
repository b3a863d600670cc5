"""Whether runs agree by chance: how many must, with a row and without it, before it is believed.

Owns the rule. Where the same run made again may give something else, a row that does nothing may
still be followed by two runs that agree. Fisher's exact test says how likely that is: of `without`
runs without the row `agreed` came to the same, and all of the runs with it did. If the row does
nothing, which of them agree is a draw, and this is one of the equally likely ones. Makes no run.
"""

import math
from collections.abc import Callable, Iterable

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


FEWEST = enough(0, KNOWN)
"""Runs with a row that must agree, at least."""


def sampled(
    agrees_without: Callable[[range], Iterable[bool]], agreed: int = 0, without: int = 0
) -> tuple[int, int]:
    """Make runs without a row, KNOWN at a time; of how many runs how many agreed.

    They end where no more are needed with a row than were made without it, which costs the fewest
    in all, or after MOST. `agrees_without` makes the runs of these numbers, from 1, and says of
    each whether it agrees; `agreed` of `without` are known.
    """
    while without < KNOWN or enough(agreed, without) > without:
        if without >= MOST:
            break
        more = range(without + 1, without + 1 + KNOWN)
        agreed, without = agreed + sum(agrees_without(more)), without + KNOWN
    return agreed, without


def believed(
    agrees_without: Callable[[range], Iterable[bool]],
    agrees_with: Callable[[range], Iterable[bool]],
    agreed: int = 0,
    without: int = 0,
) -> bool:
    """Say whether a row takes a difference away that is there without it.

    Each function makes the runs of some numbers, from 1, and says of each whether it agrees;
    `agreed` of `without` runs without the row are known. One run with the row that differs refutes
    it: the fewest that can suffice are made first. How many more there are follows from the runs
    without the row alone, so that a row which does nothing is believed in at most 0.9 % of cases,
    however often runs agree by chance.
    """
    if not all(agrees_with(range(1, FEWEST + 1))):
        return False
    agreed, without = sampled(agrees_without, agreed, without)
    needed = enough(agreed, without)
    if by_chance(agreed, without, needed) > LEVEL:
        return False
    return all(agrees_with(range(FEWEST + 1, needed + 1)))
