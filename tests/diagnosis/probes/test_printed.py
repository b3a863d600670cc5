"""Printed numbers: what is one, how two texts are laid side by side, and where they part."""

from __future__ import annotations

import pytest

from workbook.diagnosis.probes import printed


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("loss 1.5, accuracy 1,234,567", (1.5, 1234567.0)),
        ("{'lr': 1e-3, 'layer1': -.5}", (0.001, -0.5)),
        ("took 12ms, nan and -inf", (12.0, float("nan"), float("-inf"))),
        ("2026-11-25 12:33:01 INFO step 3", (3.0,)),
        ("<object at 0x7f3a5c> in /{}/a1b2/c3".format("tmp"), ()),
        ("10%|#   | 1/10\r100%|####| 10/10 loss=0.25", (100.0, 10.0, 10.0, 0.25)),
        ("\x1b[31mred 4\x1b[0m", (4.0,)),
    ],
)
def test_numbers_are_read(text: str, numbers: tuple[float, ...]) -> None:
    """Numbers as people print them count; addresses, dates, times, paths and names do not."""
    (line,) = printed.lines(text)
    assert repr(line.numbers) == repr(numbers)


def test_the_first_line_that_differs_is_found() -> None:
    """Line 2 has another number; empty lines count for the place and not as lines."""
    one, other = next(printed.differing("a 1\n\nb 2\nc 3", "a 1\n\nb 2.5\nc 4"))
    assert one is not None and other is not None
    assert (one.number, one.text, other.text) == (3, "b 2", "b 2.5")


def test_a_line_that_only_one_prints_is_found() -> None:
    """An extra line stands against nothing."""
    assert list(printed.differing("a 1\nextra\nb 2", "a 1\nb 2"))
    pair = [
        (a, b) for a, b in printed.pairs(printed.lines("a 1\nx\nb 2"), printed.lines("a 1\nb 2"))
    ]
    assert [(a.form if a else None, b.form if b else None) for a, b in pair] == [
        ("a #", "a #"),
        ("x", None),
        ("b #", "b #"),
    ]


def test_equal_texts_agree() -> None:
    """NaN is equal to NaN here."""
    assert not list(printed.differing("loss nan\n", "loss nan\n"))


@pytest.mark.parametrize(
    ("ours", "theirs", "shown"),
    [
        ("loss 0.25 in 1.5 s", "loss 0.31 in 1.7 s", True),
        ("loss 2.5e-1", "loss 3.1e-1", True),
        ("loss 0.25 in 1.5 s", "loss 0.25 in 1.7 s", False),
        ("process 18092", "process 18193", False),
        ("loss 0.25", "loss nan", True),
        ("an extra line 0.25", "", False),
        ("accuracy 25.0%", "accuracy 31.0 %", True),
        ("done: 40%", "done: 50%", False),
    ],
)
def test_a_number_shows_a_difference_if_both_runs_read_it(
    ours: str, theirs: str, shown: bool
) -> None:
    """To its printed digits; a time or the number of a process is none that torch gave."""
    pair = next(printed.differing(ours, theirs))
    assert printed.shows(pair, [0.2500001, 7.0], [0.309999, 7.0]) is shown


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("epoch 3 took 12.3", [False, True]),
        ("3 steps in 12.3 s, 41.2 it/s", [False, True, True]),
        ("100 samples/sec, loss 0.25 (Elapsed: 7)", [True, False, True]),
        ("min 0.5 max 1.5 size 3", [False, False, False]),
    ],
)
def test_times_and_rates_are_told_from_results(text: str, times: list[bool]) -> None:
    """By the unit behind a number, or by the word in front of it."""
    (line,) = printed.lines(text)
    assert printed.timed(line) == times
