"""Numbers that a program prints: parsed, aligned, and the first line that differs.

Owns what a number in a text is, which of them were read from torch, and what in a line is left
aside (addresses, dates, times of day, temporary paths, what a progress bar wrote over).
"""

import bisect
import difflib
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|"
    r"(?<![\w.])[-+]?(?:nan|inf)(?!\w)"
)
_HIDDEN = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"  # colors
    r"|0x[0-9a-fA-F]+"  # addresses
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b"  # times of day, and how long something took
    r"|/tmp/\S+|\S*workbook-\S+"
)
# what says of the number behind it, or of that in front of it, that it is how long something took
_TIMED = re.compile(r"(?:elapsed|took|time|duration)\W{0,3}$", re.IGNORECASE)
_UNIT = re.compile(r"\s?(?:[mnuµ]?s|secs?|seconds?|minutes?|hours?|[a-z]+/s(?:ec)?|s/[a-z]+)\b")
_PERCENT = re.compile(r"\s?%")
_LONGEST = 3_000  # lines that are aligned one by one


@dataclass(frozen=True)
class Line:
    """A printed line: its place (from 1), the text, the text without numbers, and the numbers."""

    number: int
    text: str
    form: str
    numbers: tuple[float, ...]


def lines(text: str) -> list[Line]:
    """Read a text line by line; empty lines are left out."""
    rows = []
    for number, raw in enumerate(text.split("\n"), start=1):
        shown = _HIDDEN.sub("…", raw.rstrip("\r").rpartition("\r")[2]).rstrip()
        if shown:
            texts = (match.group().replace(",", "") for match in _NUMBER.finditer(shown))
            numbers = tuple(map(float, texts))
            rows.append(Line(number, shown, _NUMBER.sub("#", shown), numbers))
    return rows


def pairs(ours: list[Line], theirs: list[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Lay two texts side by side; a line that only one has stands against None."""
    start = 0
    while start < min(len(ours), len(theirs)) and ours[start].form == theirs[start].form:
        yield ours[start], theirs[start]
        start += 1
    ours, theirs = ours[start:], theirs[start:]
    forms = [line.form for line in ours[:_LONGEST]], [line.form for line in theirs[:_LONGEST]]
    for _, a, b, c, d in difflib.SequenceMatcher(None, *forms, autojunk=False).get_opcodes():
        yield from itertools.zip_longest(ours[a:b], theirs[c:d])


def differing(ours: str, theirs: str) -> Iterator[tuple[Line | None, Line | None]]:
    """Give the lines that differ in a number or in words, one pair after another."""
    for first, second in pairs(lines(ours), lines(theirs)):
        if not (first and second and first.form == second.form and _equal(first, second)):
            yield first, second


def shows(
    pair: tuple[Line | None, Line | None], ours: Sequence[float], theirs: Sequence[float]
) -> bool:
    """Whether a number in which two lines differ is on each side one that was read from torch.

    `ours` and `theirs` are what each run has read, sorted. Another number may be a time, the number
    of a process or what memory is taken, which change in every run.
    """
    first, second = pair
    if first is None or second is None:
        return False
    read = zip(given(first, ours), given(second, theirs), strict=False)
    numbers = zip(map(repr, first.numbers), map(repr, second.numbers), strict=False)
    return any(a != b and both == (True, True) for (a, b), both in zip(numbers, read, strict=True))


def timed(line: Line) -> list[bool]:
    """Say of each number of a line whether it is a time, or a rate."""
    return [
        bool(_TIMED.search(line.text[: match.start()]) or _UNIT.match(line.text, match.end()))
        for match in _NUMBER.finditer(line.text)
    ]


def fraction(line: Line) -> list[bool]:
    """Say of each number of a line whether it is written as a fraction, and so counts nothing."""
    return [not match.group().lstrip("+-").isdigit() for match in _NUMBER.finditer(line.text)]


def given(line: Line, values: Sequence[float]) -> list[bool]:
    """Say of each number of a line whether it is one of these (sorted), as it is or in percent."""
    scales = {match: 0.01 if _PERCENT.match(line.text, match.end()) else 1.0 for match in
              _NUMBER.finditer(line.text)}  # fmt: skip
    return [
        is_read(match.group(), values) or is_read(match.group(), values, scale)
        for match, scale in scales.items()
    ]


def is_read(text: str, values: Sequence[float], scale: float = 1.0) -> bool:
    """Whether a number times `scale` is, to the digits as written, one of these (sorted)."""
    text = text.replace(",", "")
    if not math.isfinite(float(text)):
        return True  # no clock gives it
    digits, _, power = text.lower().partition("e")
    half = 0.5 * 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    half += 2 * math.ulp(max(abs(float(text)), half))  # what the sums below may round
    at = bisect.bisect_left(values, (float(text) - half) * scale)
    return at < len(values) and values[at] <= (float(text) + half) * scale


def _equal(first: Line, second: Line) -> bool:
    return repr(first.numbers) == repr(second.numbers)  # nan is equal to nan here
