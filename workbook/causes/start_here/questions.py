"""The first prediction and the first exercise."""

from __future__ import annotations

import torch

from workbook.causes.start_here.parts import PARTS_OF_ONE
from workbook.experiment import run
from workbook.question import Exercise, Form, Option, Prediction, WrongAnswer


def _where_three_tenths_add_up() -> list[str]:
    return [
        name
        for name, dtype in (("float32", torch.float32), ("float64", torch.float64))
        if bool(_tenths(1, dtype) + _tenths(2, dtype) == _tenths(3, dtype))
    ]


def _tenths(count: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.tensor(count / 10, dtype=dtype)


def _adds_up_everywhere(parts: int) -> bool | str:
    if not 9 <= parts <= 16:
        return "Choose a whole number from 9 to 16."
    results = [run(PARTS_OF_ONE, parts=parts, dtype=name) for name in ("float64", "float32")]
    return all(one.finding.comparisons[0].identical for one in results)


THREE_TENTHS = Prediction(
    name="three_tenths",
    question="In which format is 0.1 + 0.2 equal to 0.3?",
    options=(
        Option(
            "in neither: all three are rounded",
            lambda equal: equal == [],
            "They are, and rounded numbers can meet all the same: one line of the next cell says "
            "True.",
        ),
        Option("only in float32", lambda equal: equal == ["float32"]),
        Option(
            "only in float64, which is more precise",
            lambda equal: equal == ["float64"],
            "More digits make the three errors smaller; they do not make them cancel. The line of "
            "`float64` says False.",
        ),
        Option(
            "in both, as on paper",
            lambda equal: equal == ["float32", "float64"],
            "On paper nothing is rounded. The line of `float64` in the next cell says False.",
        ),
    ),
    measure=_where_three_tenths_add_up,
    because=(
        "None of the three numbers has a binary fraction that ends, so all three are rounded, and "
        "the sum is rounded once more. In `float32` these roundings happen to meet, in `float64` "
        "they happen not to. More digits make the error smaller; they do not make `==` true."
    ),
)
WHICH_PARTS = Exercise(
    name="which_parts",
    task="Which n from 9 to 16 makes every pair agree, in `float64` and in `float32`?",
    stub="n = ...",
    answer="n",
    form=Form("whole number"),
    check=_adds_up_everywhere,
    wrong=(
        WrongAnswer(
            source="n = 10",
            message="Tenths are where we started: look for the squares that are not marked =.",
            recognizes=lambda n: n == 10,
        ),
        WrongAnswer(
            source="n = 12",
            message="Some twelfths end as binary fractions (6/12 is one half), but most do not.",
            recognizes=lambda n: n == 12,
        ),
    ),
    hints=(
        "Move n in the explorer above and watch for a picture with nothing but =.",
        "A binary fraction ends when its denominator is a power of two.",
    ),
    solution="n = 16",
    because="A sixteenth is a power of two: it is held exactly, and so are the sums.",
)
