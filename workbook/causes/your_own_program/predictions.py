"""What the reader is asked before the first case, and how the answer is measured."""

from workbook.causes.your_own_program.cases import DROPOUT, STATE, UNSTEADY_SCORES
from workbook.question import Option, Prediction
from workbook.question.case import standing
from workbook.question.trying import tried

_EVAL = 0  # the case's first trial


def _suspects_that_eval_leaves() -> set[str]:
    case = UNSTEADY_SCORES
    (outcome,) = tried(case, case.trials[_EVAL : _EVAL + 1])
    return {DROPOUT, STATE} & set(standing(case, {_EVAL: outcome.went}))


EVAL_SHOWS = Prediction(
    name="eval_shows",
    question=(
        "A model in train mode has dropout and keeps a running mean. It gives other scores on "
        "each call. You call `eval()`, and the difference goes. What have you shown?"
    ),
    options=(
        Option(
            "dropout was the cause",
            lambda left: left == {DROPOUT},
            "It may be. But suppose it were the running mean: `eval()` freezes that too, and the "
            "difference would have gone as well.",
        ),
        Option(
            "the running mean was the cause",
            lambda left: left == {STATE},
            "It may be. But suppose it were dropout: `eval()` switches that off too, and the "
            "difference would have gone as well.",
        ),
        Option("one of the two was, but not which", lambda left: left == {DROPOUT, STATE}),
        Option(
            "neither of them was",
            lambda left: not left,
            "Then `eval()` would have changed nothing, and the difference would have stayed: no "
            "other thing was switched.",
        ),
    ),
    measure=_suspects_that_eval_leaves,
    because=(
        "`eval()` switches both off at once. A trial tells two suspects apart only if it takes "
        "away the difference of one and leaves that of the other."
    ),
)
