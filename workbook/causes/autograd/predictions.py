"""What the reader is asked before each round, and how the answer is measured."""

from __future__ import annotations

from workbook.causes.autograd.accumulation import ACCUMULATION, CLIPPING
from workbook.causes.autograd.autocast_cache import AUTOCAST_CACHE
from workbook.causes.autograd.cut_graph import CUT_GRAPH, RAISES, SILENT
from workbook.causes.autograd.forward_modes import FORWARD_MODES
from workbook.causes.autograd.gradient_order import ADDED, CREATED, GRADIENT_ORDER
from workbook.causes.autograd.kernel_choice import ENCODER, KERNEL_CHOICE
from workbook.experiment import run
from workbook.question import Prediction

NO_BITS, SOME_BITS = "no bit", "the last bits"
SAME, OTHER = "they agree in every bit", "the last bits differ"
AT_BACKWARD, AT_READING, NEVER = "backward() raises", "reading x.grad raises", "nothing raises"
ALL_NOTICED, ONE_MISSED = "yes, each of them", "no, some give a wrong gradient silently"
CREATION, ADDITION, BOTH_ORDERS = "the order of creation", "the order of addition", "both"
NEARER, AS_NEAR = "it makes the gap larger", "it leaves the gap as it is"
FIRST_STEP, SECOND_STEP = "at the first step", "from the second step on"
NEW_WEIGHT, OLD_WEIGHT = "the new weight", "the old weight"


def _linear_under_no_grad() -> str:
    return SOME_BITS if "Linear" in run(FORWARD_MODES).finding.values["changed"] else NO_BITS


def _transformer_under_no_grad() -> str:
    same = run(KERNEL_CHOICE, case=ENCODER).finding.comparisons[0].identical
    return SAME if same else OTHER


def _backward_after_no_grad() -> str:
    values = run(CUT_GRAPH).finding.values
    return AT_BACKWARD if values["y = 2x under no_grad()"] == RAISES else NEVER


def _ways_round_the_counter() -> str:
    return ONE_MISSED if run(CUT_GRAPH).finding.values[SILENT] else ALL_NOTICED


def _which_order() -> str:
    distinct = {
        changed: run(GRADIENT_ORDER, changed=changed).finding.values["distinct"]
        for changed in (CREATED, ADDED)
    }
    if distinct[CREATED] > 1 and distinct[ADDED] > 1:
        return BOTH_ORDERS
    return CREATION if distinct[CREATED] > 1 else ADDITION


def _first_trouble() -> str:
    return SECOND_STEP if run(ACCUMULATION).finding.values["first_step_equal"] else FIRST_STEP


def _clipping_and_the_gap() -> str:
    values = run(CLIPPING).finding.values
    return AS_NEAR if values["after"] <= 4 * max(values["before"], 2.0**-24) else NEARER


def _weight_under_autocast() -> str:
    return OLD_WEIGHT if run(AUTOCAST_CACHE).finding.values["cached"] == "old" else NEW_WEIGHT


LINEAR_NO_GRAD = Prediction(
    name="linear_no_grad",
    question=(
        "`nn.Linear` runs once as usual and once under `no_grad()`. What changes in its output?"
    ),
    options=(NO_BITS, SOME_BITS),
    measure=_linear_under_no_grad,
    because=(
        "The forward pass computes the same numbers. Recording keeps a note of each operation for "
        "the backward pass; the note is not an operand."
    ),
)
TRANSFORMER_NO_GRAD = Prediction(
    name="transformer_no_grad",
    question=(
        "A Transformer encoder layer in evaluation mode, run as usual and under `no_grad()`: how "
        "do the outputs compare?"
    ),
    options=(SAME, OTHER),
    measure=_transformer_under_no_grad,
    because=(
        "In evaluation mode, and where no gradient is needed, torch takes a fused kernel that "
        "computes the whole layer at once, and so in another order. `no_grad()` is what changes "
        "the bits here; both results are equally near to the exact one."
    ),
)
AFTER_NO_GRAD = Prediction(
    name="after_no_grad",
    question=(
        "`y = x * 2` is computed under `no_grad()`, then `y.sum().backward()` is called outside "
        "of it. What happens?"
    ),
    options=(AT_BACKWARD, AT_READING, NEVER),
    measure=_backward_after_no_grad,
    because=(
        "Nothing was recorded, so `y` has no `grad_fn` and `backward()` has nothing to go back "
        "through. Reading `x.grad` never raises: it is None."
    ),
)
ROUND_THE_COUNTER = Prediction(
    name="round_the_counter",
    question=(
        "Autograd counts the versions of each tensor. Does it notice every change of a value that "
        "the backward pass still needs?"
    ),
    options=(ALL_NOTICED, ONE_MISSED),
    measure=_ways_round_the_counter,
    because=(
        "In-place operations raise the counter, also through `detach()`. `.data` has a counter of "
        "its own and NumPy has none, so a change through them is not seen."
    ),
)
WHICH_ORDER = Prediction(
    name="which_order",
    question=(
        "A loss is the sum of four branches that share their weights. Which order decides the last "
        "bits of the gradient?"
    ),
    options=(CREATION, ADDITION, BOTH_ORDERS),
    measure=_which_order,
    because=(
        "The backward pass visits the branches from the last created to the first, and adds their "
        "parts in that order. In which order the losses were added does not matter to it."
    ),
)
NEVER_CLEARED = Prediction(
    name="never_cleared",
    question="A training loop forgets `zero_grad()`. When does it go wrong?",
    options=(FIRST_STEP, SECOND_STEP),
    measure=_first_trouble,
    because=(
        "`backward()` adds to what is there. At first that is nothing; from then on each step uses "
        "the sum of all gradients so far, like a heavy ball that never slows down."
    ),
)
CLIPPING_BET = Prediction(
    name="clipping_bet",
    question=(
        "Two gradients differ by rounding. Both are clipped to the same norm. What does clipping "
        "do to the relative gap?"
    ),
    options=(NEARER, AS_NEAR),
    measure=_clipping_and_the_gap,
    because="Clipping multiplies a gradient by one number, and that keeps relative gaps.",
)
CACHED_WEIGHT = Prediction(
    name="cached_weight",
    question=(
        "Inside one `autocast` block a weight is used, then doubled through `.data`, then used "
        "again. Which weight does the second use see?"
    ),
    options=(NEW_WEIGHT, OLD_WEIGHT),
    measure=_weight_under_autocast,
    because=(
        "Autocast converts each weight once and keeps the copy until its block ends. Update "
        "weights outside of the block, or pass `cache_enabled=False`."
    ),
)
PREDICTIONS = (
    LINEAR_NO_GRAD,
    TRANSFORMER_NO_GRAD,
    AFTER_NO_GRAD,
    ROUND_THE_COUNTER,
    WHICH_ORDER,
    NEVER_CLEARED,
    CLIPPING_BET,
    CACHED_WEIGHT,
)
