"""The first prediction and the first exercise."""

import torch

from workbook.causes.start_here.parts import COUNT, PARTS_OF_ONE
from workbook.causes.start_here.trainings import AGAIN, DRAW, FORGOTTEN, ORDER, SIX_FROM_ONE_SEED
from workbook.experiment import run
from workbook.question import Exercise, Form, Option, Prediction, WrongAnswer
from workbook.result import Finding

UNSEEN = 1e-4
"""A share of the loss that its four digits do not show."""


def _equal(finding: Finding) -> list[str]:
    return [name for name, word in finding.values["words"].items() if word == "identical"]


def _from_the_first(finding: Finding, change: str) -> float:
    """Say by which share of the first run's loss another one's differs."""
    losses = finding.values["losses"]
    return float(losses[change] / losses["first"] - 1)


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
    equal = [
        run(PARTS_OF_ONE, parts=parts, dtype=name).finding.values["equal"]
        for name in ("float64", "float32")
    ]
    of = COUNT * COUNT
    told = (
        f"Cut into {parts}, {equal[0]} of {of} pairs agree in `float64`, {equal[1]} in `float32`."
    )
    return equal == [of, of] or told


SAME_WEIGHTS = Prediction(
    name="same_weights",
    question=(
        "A small network is trained, and then five times more from the same seed, each time with "
        "one thing changed: nothing at all; the order of the 64 rows in its only batch; `float64` "
        "for `float32`; one random number drawn before the weights are; one row forgotten. Which "
        "of the five end with the first run's weights, in every bit?"
    ),
    options=(
        Option(
            "all but the one that forgot a row: the seed is the same",
            lambda measured: set(_equal(measured)) >= {AGAIN, ORDER, DRAW},
            "A seed fixes the random numbers, not who gets them, nor how sums are rounded: four of "
            "the five have other weights in the figure below.",
        ),
        Option(
            "two: nothing changed, and the other order, as a sum does not depend on it",
            lambda measured: _equal(measured) == [AGAIN, ORDER],
            "On paper it does not. Here each addition rounds, and another order rounds other "
            "partial sums: in the figure below, *order of the rows* is not 0.",
        ),
        Option(
            "one, where nothing was changed: sums and formats round",
            lambda measured: _equal(measured) == [AGAIN],
        ),
        Option(
            "none: training is random",
            lambda measured: not _equal(measured),
            "What is random in it comes from the seed. In the figure below, *nothing* is equal in "
            "every bit.",
        ),
    ),
    measure=lambda: run(SIX_FROM_ONE_SEED).finding,
    because=(
        "A result depends on its conditions, on all of them: on the order in which numbers are "
        "added, on their format, on what was drawn before. Nothing here is left to chance."
    ),
)
LOSS_SHOWS = Prediction(
    name="loss_shows",
    question=(
        "The run that forgets a row has a fault. How does its final loss, over all 64 rows, stand "
        "out from the others? (After 40 steps from seed 0.)"
    ),
    options=(
        Option(
            "it is the highest",
            lambda measured: (
                _from_the_first(measured, FORGOTTEN) > abs(_from_the_first(measured, DRAW))
            ),
            "From some other seeds it is. Here the run after another draw, which has no fault, "
            "ends higher: read the last column of the figure below.",
        ),
        Option(
            "it is the lowest: there is less to fit",
            lambda measured: (
                _from_the_first(measured, FORGOTTEN) < -abs(_from_the_first(measured, DRAW))
            ),
            "Over the rows that it saw, perhaps. The loss here is that of all rows, for each run.",
        ),
        Option(
            "it does not: a run without a fault is further from the first",
            lambda measured: (
                UNSEEN
                <= abs(_from_the_first(measured, FORGOTTEN))
                <= abs(_from_the_first(measured, DRAW))
            ),
        ),
        Option(
            "it is the first run's loss, in every digit shown",
            lambda measured: abs(_from_the_first(measured, FORGOTTEN)) < UNSEEN,
            "That holds for another order and another format. A row of 64 moves the loss in its "
            "third digit.",
        ),
    ),
    measure=lambda: run(SIX_FROM_ONE_SEED).finding,
    because=(
        "A fault can cost less than another start of the same training. So a loss that looks right "
        "proves little. The weights say that more than rounding was at work, in two of the runs; "
        "which of them has a fault, only another run with that one thing put back can say."
    ),
)
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
    form=Form("whole number"),
    check=_adds_up_everywhere,
    wrong=(
        WrongAnswer.value(
            10, "Tenths are where we started: look for the squares that are not marked =."
        ),
        WrongAnswer.value(
            12, "Some twelfths end as binary fractions (6/12 is one half), but most do not."
        ),
    ),
    hints=(
        "Move n in the explorer above and watch for a picture with nothing but =.",
        "A binary fraction ends when its denominator is a power of two.",
    ),
    solution="16",
    because="A sixteenth is a power of two: it is held exactly, and so are the sums.",
)
