"""Counts: how many repeats had other bits, and what it proves that none had.

Owns the statistics of repeats. Knows no tensor and no operation.
"""

import math
from dataclasses import dataclass

# J. A. Hanley and A. Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249
# (1983); B. D. Jovanovic and P. S. Levy, A look at the rule of three, American Statistician
# 51 (1997).
CONFIDENCE = 0.95


def still_possible(repeats: int, confidence: float = CONFIDENCE) -> float:
    """Bound the rate of another result that `repeats` equal runs leave possible: 1 - 0.05**(1/n).

    At that rate n independent runs are all equal once in twenty times; at a higher one, more
    rarely. It is close to 3/n, which is called the rule of three. ValueError for less than one
    repeat.

    >>> round(still_possible(59), 3), round(still_possible(299), 3)
    (0.05, 0.01)
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1 to limit a rate, got {repeats}")
    return -math.expm1(math.log1p(-confidence) / repeats)


@dataclass(frozen=True)
class Count:
    """Of `repeats` runs after the first one, `other` had other bits than the first."""

    other: int
    repeats: int

    @property
    def varies(self) -> bool:
        """Whether a difference was seen. False proves no more than `limit` says."""
        return self.other > 0

    @property
    def limit(self) -> float:
        """The rate of another result that stays possible where none was seen."""
        return still_possible(self.repeats)

    def __add__(self, later: "Count") -> "Count":
        """Count the runs of two sessions together, each held against its own first run.

        >>> str(Count(0, 299) + Count(2, 299))
        '2 of 598'
        """
        return Count(self.other + later.other, self.repeats + later.repeats)

    def __str__(self) -> str:
        """Write the count as figures say it.

        >>> str(Count(2, 64)), str(Count(0, 299)), Count(0, 299).proof
        ('2 of 64', 'not in 299', '< 1.0%')
        """
        return f"{self.other} of {self.repeats}" if self.varies else f"not in {self.repeats}"

    @property
    def proof(self) -> str:
        """What no difference proves, at 95 %: the limit, rounded up to a tenth of a percent."""
        return f"< {math.ceil(self.limit * 1000) / 10:.1f}%"
