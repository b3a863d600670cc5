"""What the reader is asked before the first case, and how the answer is measured."""

from __future__ import annotations

from workbook.causes.your_own_model.case import standing
from workbook.causes.your_own_model.cases import DROPOUT, STATE, UNSTEADY_SCORES
from workbook.causes.your_own_model.trying import tried
from workbook.question import Prediction

ONLY_DROPOUT, ONLY_MEAN = "dropout was the cause", "the running mean was the cause"
BOTH, NEITHER = "one of the two was, but not which", "neither of them was"
_EVAL = 0  # the case's first trial


def _what_eval_shows() -> str:
    case = UNSTEADY_SCORES
    (found,) = tried(case, case.trials[_EVAL : _EVAL + 1])
    left = {DROPOUT, STATE} & set(standing(case, {_EVAL: found.went}))
    if len(left) == 1:
        return ONLY_DROPOUT if DROPOUT in left else ONLY_MEAN
    return BOTH if left else NEITHER


EVAL_SHOWS = Prediction(
    name="eval_shows",
    question=(
        "A model in train mode has dropout and keeps a running mean. It gives other scores on "
        "each call. You call `eval()`, and the difference goes. What have you shown?"
    ),
    options=(ONLY_DROPOUT, ONLY_MEAN, BOTH, NEITHER),
    measure=_what_eval_shows,
    because=(
        "`eval()` switches both off at once. A trial tells two suspects apart only if it takes "
        "away the difference of one and leaves that of the other."
    ),
)
PREDICTIONS = (EVAL_SHOWS,)
