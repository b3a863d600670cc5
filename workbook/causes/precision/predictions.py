"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

from fractions import Fraction

from workbook.causes.precision.activation_error import ACTIVATION_ERROR
from workbook.causes.precision.cancellation import CANCELLATION, NO_DIGIT
from workbook.causes.precision.confounders import CONFOUNDERS
from workbook.causes.precision.depth import DEPTH
from workbook.causes.precision.matmul_error import MATMUL_ERROR
from workbook.causes.precision.number_line import NUMBER_LINE
from workbook.causes.precision.recurrent import RECURRENT
from workbook.causes.precision.stagnation import STAGNATION
from workbook.causes.precision.sum_order import SIX_NUMBERS
from workbook.causes.precision.type_promotion import PROMOTION
from workbook.experiment import run
from workbook.floats import FORMATS, round_to
from workbook.question import Prediction

NO_FORMAT, SOME_FORMATS, ALL_FORMATS = "none of them", "only the 64-bit one", "all of them"
ONE_SUM, MORE_SUMS = "one sum", "more than one sum"
UNCHANGED, CHANGED = "1 itself", "the next value above 1"
GROWS, STOPS = "it reaches 3000", "it stops on the way"
AGREE, LOST = "they agree to a few digits", "one of them has no correct digit"
INSIDE, OUTSIDE = "well inside the bound", "close to the bound or outside"
STAYS, BECOMES_64 = "float32", "float64"
DEPTH_ALONE, STEEPNESS = "with all of them: 64 layers are many", "only with the steep one"
ENLARGES, PASSES_ON = "yes, at its kink", "no"
DIES, TAKES_OVER = "it dies out", "it grows until nothing is left in common"


def _formats_that_hold_one_tenth() -> str:
    held = [fmt.name for fmt in FORMATS if Fraction(round_to(0.1, fmt)) == Fraction(1, 10)]
    if len(held) == len(FORMATS):
        return ALL_FORMATS
    return SOME_FORMATS if held else NO_FORMAT


def _six_sixteenths_more() -> str:
    values = run(NUMBER_LINE, near="1.0", sixteenths=6).finding.values
    return UNCHANGED if values["sum"] == values["start"] else CHANGED


def _sums_of_six_numbers() -> str:
    return ONE_SUM if run(SIX_NUMBERS).finding.comparisons[0].identical else MORE_SUMS


def _counting_in_half_precision() -> str:
    values = run(STAGNATION, dtype="float16", count=3000).finding.values
    return GROWS if values["loop"] == values["count"] else STOPS


def _two_variances() -> str:
    found = run(CANCELLATION, offset=10_000).finding.values
    return LOST if max(found["one_pass"], found["two_pass"]) >= NO_DIGIT else AGREE


def _error_beside_its_bound() -> str:
    used = run(MATMUL_ERROR).finding.comparisons[0].bound_used
    return INSIDE if used is not None and used < 0.5 else OUTSIDE


def _zero_dimensions() -> str:
    table = run(PROMOTION, second="a zero-dimensional tensor").finding.values["table"]
    return STAYS if table[-2][-1] == "f32" else BECOMES_64


def _which_activation_loses_everything() -> str:
    errors = run(DEPTH).finding.values
    lost = [name for name, error in errors.items() if error > 0.1]
    return STEEPNESS if lost == ["steep tanh"] else DEPTH_ALONE


def _relu_enlarges() -> str:
    return ENLARGES if run(ACTIVATION_ERROR).finding.values["factor"] > 1 else PASSES_ON


def _one_ulp_in_a_recurrent_network() -> str:
    return TAKES_OVER if run(RECURRENT, gain=2.0).finding.values["last"] > 0.1 else DIES


ONE_TENTH = Prediction(
    name="one_tenth",
    question="Which of the seven formats hold the number 0.1 exactly?",
    options=(NO_FORMAT, SOME_FORMATS, ALL_FORMATS),
    measure=_formats_that_hold_one_tenth,
    because=(
        "A binary fraction is a whole number divided by a power of two, and one tenth is not. "
        "Each format holds the nearest value that it has; more bits bring it nearer, none exact."
    ),
)
ADD_A_LITTLE = Prediction(
    name="add_a_little",
    question=(
        "In `float32`, 1 and the next value above it are one spacing apart. You add 6 sixteenths "
        "of that spacing to 1. What is the sum?"
    ),
    options=(UNCHANGED, CHANGED),
    measure=_six_sixteenths_more,
    because=(
        "The true sum lies between two values of the format, nearer to 1, so it is rounded to 1. "
        "Rounding takes the nearest value; a tie goes to the one whose last bit is 0."
    ),
)
SIX_IN_ANY_ORDER = Prediction(
    name="six_in_any_order",
    question="Six numbers can be added in 720 orders. How many different sums come out in float32?",
    options=(ONE_SUM, MORE_SUMS),
    measure=_sums_of_six_numbers,
    because=(
        "Every addition rounds, and in another order other sums are rounded. Addition in floating "
        "point is commutative but not associative. Nothing here is random: each order repeats."
    ),
)
COUNTING = Prediction(
    name="counting",
    question="A `float16` total starts at 0 and 1 is added 3000 times. Where does it end?",
    options=(GROWS, STOPS),
    measure=_counting_in_half_precision,
    because=(
        "Above 2048 the whole numbers of `float16` are 2 apart. 2048 + 1 lies half way, the tie "
        "goes to the even neighbor, 2048, and so does every later sum."
    ),
)
TWO_VARIANCES = Prediction(
    name="two_variances",
    question=(
        "Numbers between 10000 and 10001 in `float32`. Their variance by E[x²] − E[x]² and by the "
        "mean of the squared deviations: how do the two compare?"
    ),
    options=(AGREE, LOST),
    measure=_two_variances,
    because=(
        "Both means are near a hundred million, where the spacing of `float32` is larger than the "
        "variance itself. Subtracting them cancels the digits that were right and keeps the "
        "rounding. The deviations are small before they are squared, so little is lost."
    ),
)
INSIDE_THE_BOUND = Prediction(
    name="inside_the_bound",
    question=(
        "Theory gives a bound for the error of a `float32` matrix product. Each sum has 4096 "
        "products. How close does the measured error come?"
    ),
    options=(INSIDE, OUTSIDE),
    measure=_error_beside_its_bound,
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
    options=(STAYS, BECOMES_64),
    measure=_zero_dimensions,
    because=(
        "A tensor without dimensions has a say only if it is of a higher kind (a float meets "
        "integers, say). Among floats the tensor with dimensions decides."
    ),
)
WHICH_ACTIVATION = Prediction(
    name="which_activation",
    question=(
        "One network of 64 layers, computed in `float32` and in `float64`, with four usual "
        "activations and a very steep tanh. With which does `float32` lose every digit?"
    ),
    options=(DEPTH_ALONE, STEEPNESS),
    measure=_which_activation_loses_everything,
    because=(
        "Each layer adds a rounding of its own, and that alone stays small. What matters is the "
        "gain: how much a layer enlarges the error that it receives. Above one, errors grow with "
        "every layer; depth decides how often."
    ),
)
RELU = Prediction(
    name="relu",
    question="Does ReLU enlarge the rounding error of its input?",
    options=(PASSES_ON, ENLARGES),
    measure=_relu_enlarges,
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
    options=(DIES, TAKES_OVER),
    measure=_one_ulp_in_a_recurrent_network,
    because=(
        "Each step multiplies small differences by more than one, so the smallest one that there "
        "is grows until it is as large as the states. This is chaos: every step is deterministic, "
        "and no format saves it, because `float64` only starts from a smaller difference."
    ),
)
PREDICTIONS = (
    ONE_TENTH,
    ADD_A_LITTLE,
    SIX_IN_ANY_ORDER,
    COUNTING,
    TWO_VARIANCES,
    INSIDE_THE_BOUND,
    ZERO_DIMENSIONS,
    WHICH_ACTIVATION,
    RELU,
    ONE_ULP,
    *CONFOUNDERS,
)
