"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

from fractions import Fraction

from workbook.causes.precision.activation_error import ACTIVATION_ERROR
from workbook.causes.precision.cancellation import CANCELLATION, NO_DIGIT
from workbook.causes.precision.hidden import CERTAIN, HIDDEN, LENGTHS, TENTH
from workbook.causes.precision.matmul_error import MATMUL_ERROR
from workbook.causes.precision.recurrent import RECURRENT
from workbook.causes.precision.type_promotion import PROMOTION
from workbook.experiment import run
from workbook.floats import FORMATS, round_to
from workbook.question import Option, Prediction


def _formats_that_hold_one_tenth() -> list[str]:
    return [fmt.name for fmt in FORMATS if Fraction(round_to(0.1, fmt)) == Fraction(1, 10)]


ONE_TENTH = Prediction(
    name="one_tenth",
    question="Which of the seven formats hold the number 0.1 exactly?",
    options=(
        Option("none of them", lambda held: not held),
        Option("only the 64-bit one", lambda held: held == ["float64"]),
        Option("all of them", lambda held: len(held) == len(FORMATS)),
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
        Option("they agree to a few digits", lambda found: max(found.values.values()) < NO_DIGIT),
        Option(
            "one of them has no correct digit", lambda found: max(found.values.values()) >= NO_DIGIT
        ),
    ),
    measure=lambda: run(CANCELLATION, offset=10_000).finding,
    because=(
        "Both means are near a hundred million, where the spacing of `float32` is larger than the "
        "variance itself. Subtracting them cancels the digits that were right and keeps the "
        "rounding. The deviations are small before they are squared, so little is lost."
    ),
)
WHAT_HIDES = Prediction(
    name="what_hides",
    question=(
        "A million numbers between 0 and 1 are added in any order, in `float32`. The limit "
        "for that is certain: no order exceeds it. How many numbers could be missing from one of "
        "two sums, and their difference would still lie within the limit?"
    ),
    options=(
        Option(
            "none, every number counts",
            lambda found: found.values[CERTAIN][-1] < 1,
            "A sum of a million rounds away more than one of its numbers: look at the figure.",
        ),
        Option(
            "about a thousand",
            lambda found: 1 <= found.values[CERTAIN][-1] < TENTH * LENGTHS[-1],
            "That is what hides behind the likely limit. The certain one is far wider.",
        ),
        Option("a tenth of them", lambda found: found.values[CERTAIN][-1] >= TENTH * LENGTHS[-1]),
    ),
    measure=lambda: run(HIDDEN).finding,
    because=(
        "In a loop a number goes through up to a million roundings, and in the worst case all of "
        "them pull one way: a million times 2**-24 of everything, in each of two sums. The library "
        "adds in blocks: there a number goes through some dozens, and a few missing ones show."
    ),
)
INSIDE_THE_BOUND = Prediction(
    name="inside_the_bound",
    question=(
        "Theory gives a certain bound for the error of a `float32` matrix product: about 4096 "
        "unit roundoffs, as each sum has 4096 products. How much of it does the measured error "
        "use up?"
    ),
    options=(
        Option(
            "more than all of it",
            lambda found: found.comparisons[0].bound_used > 1,
            "Then the product would be wrong: the bound holds for every order of additions.",
        ),
        Option(
            "between a tenth and all of it",
            lambda found: 0.1 <= found.comparisons[0].bound_used <= 1,
            "That takes roundings that nearly all go the same way.",
        ),
        Option("less than a tenth", lambda found: found.comparisons[0].bound_used < 0.1),
    ),
    measure=lambda: run(MATMUL_ERROR).finding,
    because=(
        "The certain bound assumes that every rounding goes the same way. They go both ways and "
        "mostly cancel, so the error grows like the square root of n: the likely bound."
    ),
)
ZERO_DIMENSIONS = Prediction(
    name="zero_dimensions",
    question=(
        "A `float32` vector is multiplied by `torch.tensor(0.1, dtype=torch.float64)`, a tensor "
        "without dimensions. What dtype has the result?"
    ),
    options=(
        Option("float32", lambda found: found.values["table"][-2][-1] == "f32"),
        Option("float64", lambda found: found.values["table"][-2][-1] == "f64"),
    ),
    measure=lambda: run(PROMOTION, second="a zero-dimensional tensor").finding,
    because=(
        "A tensor without dimensions has a say only if it is of a higher kind (a float meets "
        "integers, say). Among floats the tensor with dimensions decides."
    ),
)
RELU = Prediction(
    name="relu",
    question="Does ReLU enlarge the rounding error of its input?",
    options=(
        Option("no", lambda found: found.values["factor"] <= 1),
        Option("yes, at its kink", lambda found: found.values["factor"] > 1),
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
        Option("it dies out", lambda found: found.values["last"] <= 0.1),
        Option(
            "it grows until nothing is left in common", lambda found: found.values["last"] > 0.1
        ),
    ),
    measure=lambda: run(RECURRENT, gain=2.0).finding,
    because=(
        "Each step multiplies small differences by more than one, so the smallest one that there "
        "is grows until it is as large as the states. This is chaos: every step is deterministic, "
        "and no format saves it, because `float64` only starts from a smaller difference."
    ),
)
