"""What the reader is asked before each round, and how the answer is measured."""

import math

import torch

from workbook.causes.why_nan import steps
from workbook.causes.why_nan.guards import GUARDED, WHERE
from workbook.experiment import run
from workbook.question import Option, Prediction


def _stopped_at_100() -> str:
    """Say what `if loss > 100: break` does with a NaN."""
    try:
        return "stops" if torch.tensor(math.nan) > 100 else "goes on"
    except RuntimeError:
        return "raises"


STOP_WHEN_LARGE = Prediction(
    "stop_when_large",
    "A training loop has a guard: `if loss > 100: break`. In step 9 the loss becomes NaN. What "
    "does the loop do?",
    (
        Option(
            "it stops in step 9",
            lambda did: did == "stops",
            "NaN is no large number. It has no place among the numbers, so nothing is below it.",
        ),
        Option("it goes on", lambda did: did == "goes on"),
        Option(
            "the comparison raises an error",
            lambda did: did == "raises",
            "Floating-point numbers raise nothing by themselves: the comparison has an answer.",
        ),
    ),
    _stopped_at_100,
    "Every comparison with NaN is False, except `!=`, which is True. A guard has to ask the other "
    "way round: `if not loss <= 100`, or `if not loss.isfinite()`.",
)
FULLY_MASKED = Prediction(
    "fully_masked",
    "Attention masks a score by setting it to minus infinity before the softmax. In one row every "
    "score is masked: a text without a word. What weights does that row get?",
    (
        Option(
            "zeros",
            lambda weights: bool((weights == 0).all()),
            "Each exponential is 0, but they are divided by their sum, and that is 0 as well.",
        ),
        Option(
            "equal weights",
            lambda weights: bool((weights == weights[0]).all()) and bool((weights != 0).all()),
            "You would get these with a large negative number as the mask. Infinity is no number "
            "that can be subtracted from itself.",
        ),
        Option("NaN", lambda weights: bool(weights.isnan().all())),
    ),
    lambda: torch.full((4,), -math.inf).softmax(0),
    "A softmax subtracts the largest score first, and minus infinity minus minus infinity is NaN. "
    "Without that step it would be 0/0, which is NaN too.",
)
WHERE_GRADIENT = Prediction(
    "where_gradient",
    "`y = torch.where(x > 0, x.sqrt(), 0.0)` at x = 0. The value is 0, as it should be. What "
    "gradient reaches x?",
    (
        Option(
            "0, because the other branch was taken",
            lambda gradient: gradient == 0,
            "`where` computes both branches and chooses afterwards. Backwards, the branch that was "
            "not taken gets a gradient of 0, which is then multiplied by the slope of sqrt.",
        ),
        Option(
            "infinity, the slope of sqrt at 0",
            lambda gradient: math.isinf(gradient),
            "That is what sqrt would hand back if it were asked. `where` sends it a 0, and 0 times "
            "infinity is something else.",
        ),
        Option("NaN", lambda gradient: math.isnan(gradient)),
    ),
    lambda: run(GUARDED).finding.values[WHERE]["gradient at 0"],
    "The chain rule multiplies: 0 from `where` times infinity from sqrt is NaN. No forward value "
    "shows it. The cure is to make the argument harmless, not the result.",
)
ONE_OF_A_THOUSAND = Prediction(
    "one_of_a_thousand",
    "One of a thousand gradients is NaN. `clip_grad_norm_(parameters, 1.0)` is called. How many "
    "are NaN afterwards?",
    (
        Option(
            "none: clipping limits them",
            lambda after: not after.isnan().any(),
            "Clipping limits the norm, by a factor for all. The norm of numbers with a NaN is NaN.",
        ),
        Option(
            "that one",
            lambda after: int(after.isnan().sum()) == 1,
            "All gradients are multiplied by one factor, and the factor comes from all of them.",
        ),
        Option("all of them", lambda after: bool(after.isnan().all())),
    ),
    steps.clipped,
    "The factor is 1/norm, the norm is NaN, and every gradient is multiplied by it. The argument "
    "`error_if_nonfinite=True` raises instead.",
)
ADAM_IN_HALF = Prediction(
    "adam_in_half",
    "A weight in `float16`, Adam with its defaults, a gradient of exactly 0. What is the weight "
    "after one step?",
    (
        Option(
            "what it was",
            lambda weight: weight == 1,
            "On paper, yes. But the step is 0/(0 + eps), and eps is 1e-8: look what `float16` "
            "makes of that.",
        ),
        Option(
            "a little smaller",
            lambda weight: 0 < weight < 1,
            "Adam's defaults have no weight decay: without a gradient nothing should pull.",
        ),
        Option("NaN", lambda weight: math.isnan(weight)),
    ),
    steps.adam_in_half,
    "The smallest positive `float16` is 6e-8, so 1e-8 is rounded to 0, and the step becomes 0/0. "
    "Keep weights and optimizer in `float32`, as autocast does, or choose an eps that it has.",
)
UNDER_A_SCALER = Prediction(
    "under_a_scaler",
    "Your data has a NaN in every batch, and you train under a `GradScaler`. What do you see after "
    "thirty steps?",
    (
        Option(
            "an error from the scaler",
            lambda found: found["raised"],
            "A scaler expects infinities: it is how it learns that its scale is too large.",
        ),
        Option(
            "weights that are NaN",
            lambda found: not found["raised"] and not found["finite"],
            "The scaler looks at the gradients before the step. If one is not finite, it leaves "
            "the step out.",
        ),
        Option(
            "weights that have not moved, and no error",
            lambda found: found["finite"] and not found["moved"] and not found["raised"],
        ),
        Option(
            "an ordinary training",
            lambda found: found["finite"] and found["moved"] and not found["raised"],
            "It takes a NaN for an overflow, skips the step, and halves the scale. Each time.",
        ),
    ),
    steps.under_a_scaler,
    "To the scaler a NaN from the data is an overflow like any other. Every step is skipped and "
    "the scale is halved, silently. Watch `get_scale()`: if it only falls, the NaN is your own.",
)
