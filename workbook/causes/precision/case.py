"""The chapter's case: a test that fails for honest rounding, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

TOLERANCE, LOST, VANISHES, STORED, VARIES = "tolerance", "lost", "vanishes", "stored", "varies"
PROGRAM = """\
import torch
from torch.testing import assert_close

from workbook.causes import stored

BOOKED = stored("precision/bookings")  # as they are in the books, in float64
ENTRIES = BOOKED.float()


def total(entries):
    while len(entries) > 1:
        if len(entries) % 2:
            entries = torch.cat([entries, torch.zeros_like(entries[:1])])
        entries = entries[0::2] + entries[1::2]
    return entries[0]


def expected():
    return BOOKED.sum()


def fails():
    try:
        assert_close(total(ENTRIES).double(), expected(), rtol=1.3e-6, atol=1e-5)
    except AssertionError:
        return torch.tensor(1)
    return torch.tensor(0)
"""
_TEST = "first, second = fails(), torch.tensor(0)"

FAILING_TOTAL = Case(
    name="failing_total",
    title="A case: the test that fails",
    story=(
        "`total()` adds bookings in pairs, and a test holds it to a sum in float64, with the "
        "tolerances that `assert_close` has for float32. The test fails. In a trial's code `first` "
        "is 1 where it fails; `second` is what it should be, 0. The books are not shown. Mend the "
        "code, or the test?"
    ),
    file="test_total.py",
    program=PROGRAM,
    symptom=Trial("run the test", _TEST),
    suspects=(
        Suspect(
            LOST,
            "an entry is lost where their number is odd",
            "Then the test would fail in float64 as well, and it passes.",
        ),
        Suspect(
            VANISHES,
            "small entries vanish beside a large running total",
            "In pairs nothing runs up. And with entries of one sign, whose total is larger still, "
            "the test passes.",
        ),
        Suspect(
            STORED,
            "the expected sum adds numbers that float32 never had",
            "It does, and it moves the sum; but with the stored numbers on both sides the test "
            "fails all the same.",
        ),
        Suspect(
            VARIES,
            "the order of additions varies from run to run",
            "Held against itself, the total passes the same test.",
        ),
        Suspect(TOLERANCE, "the tolerance is a share of a total in which the entries cancel"),
    ),
    trials=(
        Trial(
            "keep and add the entries in float64",
            f"ENTRIES = BOOKED\n{_TEST}",
            {TOLERANCE, VANISHES, STORED, VARIES},
        ),
        Trial(
            "make every entry positive",
            f"BOOKED = BOOKED.abs()\nENTRIES = BOOKED.float()\n{_TEST}",
            {TOLERANCE, STORED, VARIES},
        ),
        Trial(
            "expect the sum of the numbers that were stored",
            f"expected = lambda: ENTRIES.double().sum()\n{_TEST}",
            {STORED},
        ),
        Trial(
            "expect what `total()` gave a moment before",
            f"expected = lambda: total(ENTRIES).double()\n{_TEST}",
            {TOLERANCE, LOST, VANISHES, STORED},
        ),
    ),
    budget=3,
    culprit=TOLERANCE,
    lesson=(
        "Roundings are a share of what is *added*, this tolerance is a share of the *result*, and "
        "here the entries cancel. Mend the test, and not by a larger number: "
        '`assert_rounding(..., op="sum", terms=ENTRIES, depth=12)` passes, and fails where an '
        "entry of mean size is lost."
    ),
)
