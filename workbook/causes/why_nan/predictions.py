"""What the reader is asked before each round, and how the answer is measured."""

import math

import torch

from workbook.causes.why_nan import steps
from workbook.causes.why_nan.guards import GUARDED, WHERE
from workbook.experiment import run
from workbook.question import Estimate, Option, Prediction


def _stopped_at_100() -> str:
    """Say what `if loss > 100: break` does with a NaN."""
    try:
        return "stops" if torch.tensor(math.nan) > 100 else "goes on"
    except RuntimeError:
        return "raises"


def _last_exponential() -> float:
    """Give the last x, in steps of a half, whose exponential is finite in float32."""
    x = torch.arange(0, 1000, 0.5, dtype=torch.float32)
    return float(x[x.exp().isfinite()].max())


LAST_EXPONENTIAL = Estimate(
    name="last_exponential",
    question=(
        "The largest number of `float32` is about 3.4e38. Up to which x, in steps of a half, is "
        "`exp(x)` finite?"
    ),
    measure=_last_exponential,
    between=(88.5, 88.5),
    factor=2,
    too_low=(
        "exp(x) is 10 to the power of 0.434 x, and at the upper end of your range that is still "
        "below 3.4e38."
    ),
    too_high=(
        "The range of `float32` is large, but exp(x) is 10 to the power of 0.434 x: already at the "
        "lower end of your range that is above 3.4e38."
    ),
    because=(
        "The logarithm of 3.4e38 is 88.7. In `float16`, which ends at 65504, it is 11. An ordinary "
        "layer gives such logits as soon as its inputs are not scaled."
    ),
)
STOP_WHEN_LARGE = Prediction(
    "stop_when_large",
    "A training loop has a guard: `if loss > 100: break`. In step 9 the loss becomes NaN. What "
    "does the loop do?",
    (
        Option(
            "it stops in step 9",
            lambda did: did == "stops",
            "A loss that is lost should count as too large. But NaN has no place among the "
            "numbers: it is not above 100, and not below.",
        ),
        Option("it goes on", lambda did: did == "goes on"),
        Option(
            "the comparison raises an error",
            lambda did: did == "raises",
            "Some languages do raise here. In floating point, as torch computes, a comparison with "
            "NaN has an answer like any other.",
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
            "Each exponential is 0, and so would be zero shares. But a softmax divides by the sum "
            "of the exponentials, and that is 0 as well.",
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
            "Clipping each gradient by itself would keep it to that one (`clip_grad_value_` does). "
            "Here one factor multiplies all gradients, and it comes from all of them.",
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
            "With weight decay it would be. Adam's defaults have none: without a gradient nothing "
            "should pull.",
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
            lambda measured: measured["raised"],
            "A gradient that is not finite sounds like a reason to stop. A scaler expects such: it "
            "is how it learns that its scale is too large.",
        ),
        Option(
            "weights that are NaN",
            lambda measured: not measured["raised"] and not measured["finite"],
            "Without a scaler, yes. The scaler looks at the gradients before the step, and leaves "
            "the step out if one is not finite.",
        ),
        Option(
            "weights that have not moved, and no error",
            lambda measured: (
                measured["finite"] and not measured["moved"] and not measured["raised"]
            ),
        ),
        Option(
            "an ordinary training",
            lambda measured: measured["finite"] and measured["moved"] and not measured["raised"],
            "It skips bad steps, so training should go on with the good ones. Here no step is "
            "good: it takes each NaN for an overflow, skips the step, and halves the scale.",
        ),
    ),
    steps.under_a_scaler,
    "To the scaler a NaN from the data is an overflow like any other. Every step is skipped and "
    "the scale is halved, silently. Watch `get_scale()`: if it only falls, the NaN is your own.",
)
