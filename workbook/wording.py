"""Counts and shares in words: nouns agree with their number; no share is rounded to none or all.

Owns these two rules. Knows nothing of what is counted.
"""


def counted(count: int, noun: str) -> str:
    """Give a count with its noun, in the plural unless it is 1.

    >>> counted(1, "draw"), counted(0, "draw"), counted(2000, "batch")
    ('1 draw', '0 draws', '2,000 batches')
    """
    ending = "" if count == 1 else "es" if noun.endswith(("ch", "sh", "s", "x")) else "s"
    return f"{count:,} {noun}{ending}"


def percent(share: float, digits: int = 0) -> str:
    """Give a share from 0 to 1 in percent; 0 % and 100 % are said of none and of all only.

    >>> percent(0), percent(0.25), percent(0.0004), percent(0.9996), percent(1)
    ('0%', '25%', 'less than 1%', 'more than 99%', '100%')
    """
    step = 10.0**-digits
    if 0 < share < step / 100:
        return f"less than {step:g}%"
    if 1 - step / 100 < share < 1:
        return f"more than {100 - step:g}%"
    return f"{share:.{digits}%}"
