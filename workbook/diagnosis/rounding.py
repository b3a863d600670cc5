"""Whether a difference of a program is rounding: it is computed again in float64, and shrinks.

Owns that one rule and its numbers. A program has no derived bound as an operation has one. But
float64's unit roundoff is 2**-29 of float32's, and a difference that comes from rounding shrinks
with it, while one that has another cause stays. Knows nothing of causes and of how a run is made.
"""

from typing import Literal

from workbook.diagnosis.probes.values import Gap

Word = Literal["identical", "rounding", "doubtful", "other", "cannot tell"]

# float32 against float64: 2**29 is expected. Of two differences that come from rounding alone, the
# quotient of two normals, one in a thousand is below 2**20 and one in a million below 2**10.
ROUNDING, OTHER = 2.0**20, 2.0**10
# Two errors within a factor of 4 are alike; beyond 32 they have not the same cause.
ALIKE, APART = 2.0**2, 2.0**5
AMPLIFIED = 0.1  # of the largest value: what began as rounding cannot be told from anything else


def judged(narrow: Gap, wide: Gap | None, rest: Gap | None = None) -> Word:
    """Judge a difference by the same difference with everything computed in float64.

    `wide` is None where the program cannot be run in float64. The guards come first: a difference
    as large as the values themselves, and a computation that stayed in the short format, say
    nothing. But where `rest`, what is left of it once its cause is taken away, is rounding that did
    not grow, rounding did not grow to the whole of it in the same program either. Then a difference
    counts as rounding where it is within the format's own growth.
    """
    if narrow.same:
        return "identical"
    grows = rest is None or rest.same or not equal_but_for_rounding(rest)
    if not narrow.comparable or (narrow.relative > AMPLIFIED and grows):
        return "cannot tell"
    no_wider = wide is not None and not wide.same and wide.roundoff >= narrow.roundoff
    if wide is None or not wide.comparable or (wide.narrow and not wide.same) or no_wider:
        return "rounding" if equal_but_for_rounding(narrow) else "cannot tell"
    if wide.same or narrow.relative >= ROUNDING * wide.relative:
        return "rounding"
    return "doubtful" if narrow.relative > OTHER * wide.relative else "other"


def equal_but_for_rounding(gap: Gap) -> bool:
    """Whether a difference is no larger than the format lets rounding grow."""
    return gap.same or (gap.comparable and gap.relative <= OTHER * gap.roundoff)


def much_smaller(rest: Gap, before: Gap) -> bool:
    """Whether so little is left of a difference that what is left has another cause."""
    if rest.same or not rest.comparable:
        return rest.same
    return not before.comparable or rest.relative * APART < before.relative


def alike(first: Gap, second: Gap) -> bool:
    """Whether a difference is no larger than another, but for the chance in errors."""
    if second.same or first.same:
        return first.same
    return first.comparable and first.relative <= second.relative * ALIKE
