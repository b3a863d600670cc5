"""What the reader is asked before each round, three programs' confounders among it."""

from __future__ import annotations

from workbook.causes.linear_init.draws import LEDGER, PREFIX, UNUSED
from workbook.causes.linear_init.programs import DEVICES, EACH, OTHER, RUNS, TOP
from workbook.causes.linear_init.seed_spread import SEED_SPREAD
from workbook.causes.linear_init.sources import KEPT, SEEDED, WORKERS
from workbook.causes.linear_init.weights import DTYPE
from workbook.experiment import run
from workbook.question import Prediction

ONE_RESULT, MORE_RESULTS = "one result", "more than one result"
EQUAL, DIFFERENT = "all three are equal", "they still differ"
REPEATS, CHANGES = "the same numbers as before", "other numbers"
NOTHING, STARTS = "nothing: the same bits", "the weights and the input"
SAME_WEIGHTS, OTHER_WEIGHTS = "the same numbers as before", "other numbers"
LONGER, SHORTER = "it begins with the 15", "it does not begin with the 15"
ROUNDED, UNRELATED = "the same numbers, with more digits", "unrelated numbers"
TORCH_ONLY, TORCH_AND_OTHERS = "`torch.rand` alone", "all three"
EACH_ITS_OWN, COPIES = "each worker draws its own", "all workers draw the same"
SETTLED, OPEN = "yes, seeds change only the last digits", "no, another seed can turn it round"


def _thousand_calls() -> str:
    calls = run(RUNS).finding.values["distinct_of_1000_calls"]
    return ONE_RESULT if calls == 1 else MORE_RESULTS


def _three_layers_after_one_seed() -> str:
    return EQUAL if run(RUNS, seeding=TOP).finding.values["distinct"] == 1 else DIFFERENT


def _input_without_a_seed() -> str:
    return REPEATS if run(RUNS, seeding=EACH).finding.values["input_repeats"] else CHANGES


def _before_the_product() -> str:
    found = run(DEVICES).finding.values["cpu"]
    return STARTS if OTHER in (found["input"], found["weights"]) else NOTHING


def _hidden_after_an_unused_layer() -> str:
    kept = run(LEDGER, edit=UNUSED).finding.values["kept"]["hidden"]
    return SAME_WEIGHTS if kept else OTHER_WEIGHTS


def _fifteen_and_sixteen() -> str:
    return SHORTER if 15 in run(PREFIX).finding.values["broken"] else LONGER


def _built_in_float64() -> str:
    return UNRELATED if run(DTYPE).finding.values["share_kept"] < 0.1 else ROUNDED


def _who_follows() -> str:
    reached = run(SEEDED).finding.values["torch.manual_seed"]
    others = reached["np.random.rand"] or reached["random.random"]
    return TORCH_AND_OTHERS if others else TORCH_ONLY


def _workers_share() -> str:
    return COPIES if run(WORKERS).finding.values[KEPT]["within_a_run"] else EACH_ITS_OWN


def _settled_by_one_seed() -> str:
    return OPEN if run(SEED_SPREAD).finding.values["misled"] else SETTLED


PREDICTIONS = (
    CALLED_AGAIN := Prediction(
        "called_again",
        "One `nn.Linear` is called 1000 times with the same input. How many results are there?",
        (ONE_RESULT, MORE_RESULTS),
        _thousand_calls,
        "A layer draws its weights once, when it is built. A call draws nothing.",
    ),
    THREE_LAYERS := Prediction(
        "three_layers",
        "A program builds three `nn.Linear` and gives them one input. Their outputs differ, it "
        "says, for lack of a seed. Put one `torch.manual_seed(42)` at its top: what about the "
        "three outputs?",
        (EQUAL, DIFFERENT),
        _three_layers_after_one_seed,
        "Three layers take three stretches of one stream. A seed repeats the whole stream in the "
        "next run; it makes no two stretches equal. Two things were mixed up: layer against layer, "
        "and run against run.",
    ),
    UNSEEDED_INPUT := Prediction(
        "unseeded_input",
        "The second program calls `torch.manual_seed(42)`, builds a layer and draws its input. It "
        "calls this input generated without a seed. In the next run, the input has …",
        (REPEATS, CHANGES),
        _input_without_a_seed,
        "The input follows in the stream that the seed began. One seed fixes every later draw, as "
        "long as the same draws come before.",
    ),
    BEFORE_THE_PRODUCT := Prediction(
        "before_the_product",
        "The third program seeds, draws input and layer, moves both to a GPU with `.cuda()`, and "
        "does the same without the move. Which of what goes into the two products is different?",
        (NOTHING, STARTS),
        _before_the_product,
        "The CPU's generator drew everything, and a copy changes no bit. Only the product is "
        "computed elsewhere, so outputs may differ by rounding and by nothing else.",
    ),
    UNUSED_LAYER := Prediction(
        "unused_layer",
        "You add a layer that is never called, above the others; the seed stays. The layer below "
        "it now starts with …",
        (SAME_WEIGHTS, OTHER_WEIGHTS),
        _hidden_after_an_unused_layer,
        "Building a layer draws its weights, used or not. Whatever comes later starts further "
        "down the stream.",
    ),
    FIFTEEN := Prediction(
        "fifteen_and_sixteen",
        "From one seed you draw `torch.randn(15)`, and from the same seed `torch.randn(16)`. "
        "What about the longer one?",
        (LONGER, SHORTER),
        _fifteen_and_sixteen,
        "From 16 numbers on, the CPU makes normal numbers in blocks, in another way than one by "
        "one. Lengths that are no multiple of 16 draw their last block again.",
    ),
    IN_FLOAT64 := Prediction(
        "built_in_float64",
        "From one seed you build `nn.Linear(16, 16)` and `nn.Linear(16, 16, dtype=torch.float64)`. "
        "The second has …",
        (ROUNDED, UNRELATED),
        _built_in_float64,
        "A `float64` takes two draws for its digits where a `float32` takes one, so that the "
        "stream is cut in other places. `.double()` converts and draws nothing.",
    ),
    WHO_FOLLOWS := Prediction(
        "who_follows",
        "`torch.manual_seed` seeds which of `torch.rand`, `np.random.rand`, `random.random`?",
        (TORCH_ONLY, TORCH_AND_OTHERS),
        _who_follows,
        "Each library has a generator of its own, and only its own call seeds it.",
    ),
    COPIED_GENERATOR := Prediction(
        "copied_generator",
        "A dataset keeps `np.random.default_rng(0)` and draws from it. A `DataLoader` with two "
        "workers reads it. Which numbers come?",
        (EACH_ITS_OWN, COPIES),
        _workers_share,
        "Each worker gets a copy of the dataset, with its generator in the same state, and again "
        "so in the next epoch. The loader seeds only the three default generators.",
    ),
    ONE_SEED_EACH := Prediction(
        "one_seed_each",
        "Two learning rates, 0.15 and 0.12, are trained once each, with unlike seeds. Does the "
        "smaller error show which rate is better?",
        (SETTLED, OPEN),
        _settled_by_one_seed,
        "The seed chooses start and order, and training leads to another end from each. Compare "
        "several seeds, and give their spread with the mean.",
    ),
)
