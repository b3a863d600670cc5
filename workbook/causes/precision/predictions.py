"""What the reader is asked before each round, and how the answer is measured."""

import math
from fractions import Fraction

import torch

from workbook.causes.precision.activation_error import ACTIVATION_ERROR
from workbook.causes.precision.cancellation import NO_DIGIT, VARIANCES
from workbook.causes.precision.hidden import CERTAIN, HIDDEN
from workbook.causes.precision.matmul_error import LENGTHS, MATMUL_ERROR
from workbook.causes.precision.recurrent import LARGE, RECURRENT
from workbook.experiment import run
from workbook.floats import FORMATS, format_of, round_to
from workbook.question import Estimate, Option, Prediction

UNIT = format_of("float32").unit_roundoff
FEW_DIGITS = 1e-4  # relative error: four digits are right


def _formats_that_hold_one_tenth() -> list[str]:
    return [fmt.name for fmt in FORMATS if Fraction(round_to(0.1, fmt)) == Fraction(1, 10)]


def _lengths_beyond() -> list[int]:
    """List the lengths at which the error of tf32 is beyond the certain bound of float32."""
    values = run(MATMUL_ERROR, format="float32").finding.values
    rows = zip(LENGTHS, values["tf32"], values["certain"], strict=True)
    return [length for length, error, certain in rows if error > certain]


def _dtypes_of_a_scaled_vector() -> set[torch.dtype]:
    """Multiply by a small and by a huge number; empty where torch refuses."""
    try:
        return {
            (torch.ones(3) * torch.tensor(value, dtype=torch.float64)).dtype
            for value in (0.1, 1e300)
        }
    except RuntimeError:
        return set()


ONE_TENTH = Prediction(
    name="one_tenth",
    question=(
        "Seven formats: `float64`, `float32`, `tf32`, `bfloat16`, `float16` and two of eight bits. "
        "Which of them hold the number 0.1 exactly?"
    ),
    options=(
        Option("none of them", lambda held: not held),
        Option(
            "only float64, which has the most bits",
            lambda held: held == ["float64"],
            "It is tempting, as more bits come nearer. But the tenth in binary, 0.000110011..., "
            "does not end: the next cell prints False for `float64` as well.",
        ),
        Option(
            "float32 and float64, but not the shorter ones",
            lambda held: sorted(held) == ["float32", "float64"],
            "One tenth has few decimal digits; what counts is how many binary ones it has, and "
            "they do not end. The next cell asks three of the formats.",
        ),
        Option(
            "all of them: Python prints 0.1",
            lambda held: len(held) == len(FORMATS),
            "What is printed is the shortest text that leads back to the same bits. `Fraction` "
            "shows the value itself, and it is not 1/10.",
        ),
    ),
    measure=_formats_that_hold_one_tenth,
    because=(
        "A binary fraction is a whole number divided by a power of two, and one tenth is not. "
        "Each format holds the nearest value that it has; more bits bring it nearer, none exact."
    ),
)
TWO_VARIANCES = Prediction(
    name="two_variances",
    question=(
        "Numbers between 10000 and 10001 in `float32`. Their variance by E[x²] − E[x]² and by the "
        "mean of the squared deviations: how do the two compare?"
    ),
    options=(
        Option(
            "they agree but for the last digit or two",
            lambda measured: max(measured.values.values()) < FEW_DIGITS,
            "Each operation rounds only the last digit. But a subtraction follows, and it removes "
            "the digits before the last: see the figure at offset 10 000.",
        ),
        Option(
            "one of them keeps two or three digits",
            lambda measured: FEW_DIGITS <= max(measured.values.values()) < NO_DIGIT,
            "So it is at offset 100, and it is tempting to expect little more here. But each ten "
            "times larger offset costs two digits, as the means that are subtracted are squares.",
        ),
        Option(
            "one of them has no correct digit",
            lambda measured: (
                max(measured.values.values()) >= NO_DIGIT > min(measured.values.values())
            ),
        ),
        Option(
            "neither has a correct digit: the numbers are too large",
            lambda measured: min(measured.values.values()) >= NO_DIGIT,
            "The numbers keep their digits behind the point: near 10 000 the step of `float32` is "
            "0.001. The second curve of the figure is far below the line.",
        ),
    ),
    measure=lambda: run(VARIANCES, offset=10_000).finding,
    because=(
        "Both means are near a hundred million, where the spacing of `float32` is larger than the "
        "variance itself. Subtracting them cancels the digits that were right and keeps the "
        "rounding. The deviations are small before they are squared, so little is lost."
    ),
)
WHAT_HIDES = Estimate(
    name="what_hides",
    question=(
        "A million numbers between 0 and 1 are added in any order, in `float32`. The limit "
        "for that is certain: no order exceeds it. How many numbers could be missing from one of "
        "two sums, and their difference would still lie within the limit?"
    ),
    measure=lambda: round(run(HIDDEN).finding.values[CERTAIN][-1]),
    between=(119_209, 119_209),
    unit="numbers",
    because=(
        "In a loop a number goes through up to a million roundings, and in the worst case all of "
        "them pull one way: a million times 2**-24 of everything, in each of two sums. The library "
        "adds in blocks: there a number goes through some dozens, and a few missing ones show."
    ),
    too_low=(
        "A few would show in torch's own sum, and about a thousand behind the *likely* limit. The "
        "certain one is far wider: see the highest curve, at its right end."
    ),
    too_high=(
        "So many would be a good part of the sum. Twice a million roundings, each of 2**-24 of it, "
        "are 0.12 of the whole: see the highest curve, at its right end."
    ),
)
TF32_NOTICED = Prediction(
    name="tf32_noticed",
    question=(
        "`tf32` rounds each input of a matrix product to 11 bits, where `float32` has 24. Used in "
        "place of `float32`, for which lengths of the sums, from 2 to 4096 products, does it break "
        "the certain bound of `float32`?"
    ),
    options=(
        Option(
            "for all of them",
            lambda lengths: len(lengths) == len(LENGTHS),
            "Then the curve of `tf32` would lie above the band everywhere: look at its right end.",
        ),
        Option(
            "only for short ones",
            lambda lengths: LENGTHS[0] in lengths and LENGTHS[-1] not in lengths,
        ),
        Option(
            "only for long ones",
            lambda lengths: LENGTHS[0] not in lengths and LENGTHS[-1] in lengths,
            "The more products, the more `tf32` rounds. But beside their sizes its error falls, as "
            "roundings of many inputs cancel, and the bound grows with each product.",
        ),
        Option(
            "for none",
            lambda lengths: not lengths,
            "One rounding to 11 bits is as large as thousands of roundings to 24: where few "
            "products are added, the curve of `tf32` lies far above the band.",
        ),
    ),
    measure=_lengths_beyond,
    because=(
        "The certain bound grows with n, as if every rounding went the same way. They go both "
        "ways: errors of many inputs cancel, and from some length on a bound that is certain no "
        "longer notices them."
    ),
)
ZERO_DIMENSIONS = Prediction(
    name="zero_dimensions",
    question=(
        "A `float32` vector is multiplied by `torch.tensor(0.1, dtype=torch.float64)`, a tensor "
        "without dimensions. What dtype has the result?"
    ),
    options=(
        Option("float32", lambda dtypes: dtypes == {torch.float32}),
        Option(
            "float64, the wider of the two",
            lambda dtypes: dtypes == {torch.float64},
            "So it is for two vectors: the next cell gives the number one dimension, and the "
            "result is `float64`.",
        ),
        Option(
            "float64 if the value needs it, float32 otherwise",
            lambda dtypes: len(dtypes) == 2,
            "NumPy looked at values before its version 2. torch never does: even 1e300, which "
            "`float32` cannot hold, leaves the result `float32`, as infinity.",
        ),
        Option(
            "none: mixed dtypes raise an error",
            lambda dtypes: not dtypes,
            "Matrix products raise. Elementwise operations promote: they choose a dtype that suits "
            "both.",
        ),
    ),
    measure=_dtypes_of_a_scaled_vector,
    because=(
        "A tensor without dimensions has a say only if it is of a higher kind (a float meets "
        "integers, say). Among floats the tensor with dimensions decides."
    ),
)
RELU = Prediction(
    name="relu",
    question="What does ReLU do with the rounding error of its input?",
    options=(
        Option(
            "it leaves the error as it is, or takes it away",
            lambda measured: measured.values["factor"] == 1,
        ),
        Option(
            "it enlarges it near its kink at 0",
            lambda measured: measured.values["factor"] > 1,
            "The kink is where the slope jumps, from 0 to 1. Neither is above 1, and rounding does "
            "not change a sign: the next cell finds no bit that differs.",
        ),
        Option(
            "it makes each error smaller, since it removes half of the numbers",
            lambda measured: measured.values["factor"] < 1,
            "It removes the negative ones, error and all. A positive number goes through as it is, "
            "and so does its error.",
        ),
    ),
    measure=lambda: run(ACTIVATION_ERROR).finding,
    because=(
        "ReLU copies a number or gives 0; it rounds nothing, and no error leaves it larger. What a "
        "sign near 0 does change is which units learn, and that shows in training."
    ),
)
ONE_ULP = Prediction(
    name="one_ulp",
    question=(
        "A recurrent network with gain 2 runs twice. In the second run one entry of the first "
        "state is one ULP larger. What becomes of the difference?"
    ),
    options=(
        Option(
            "it dies out",
            lambda measured: measured.values["last"] < UNIT,
            "So it is below a gain of one: set it to 0.8 in the figure. At 2 a step enlarges small "
            "differences.",
        ),
        Option(
            "each step adds a rounding, and the last digits differ",
            lambda measured: UNIT <= measured.values["last"] <= LARGE,
            "Then the gap would grow in proportion to the steps. The figure's axis is logarithmic, "
            "and the gap rises along a straight line: each step multiplies it.",
        ),
        Option(
            "it grows until nothing is left in common",
            lambda measured: LARGE < measured.values["last"] < math.inf,
        ),
        Option(
            "it makes the states overflow",
            lambda measured: not measured.values["last"] < math.inf,
            "tanh keeps each entry between -1 and 1, so the gap cannot exceed 2.",
        ),
    ),
    measure=lambda: run(RECURRENT, gain=2.0).finding,
    because=(
        "Each step multiplies small differences by more than one, so the smallest one that there "
        "is grows until it is as large as the states. This is chaos: every step is deterministic, "
        "and no format saves it, because `float64` only starts from a smaller difference."
    ),
)
