"""What the reader is asked before each round, three programs' confounders among it."""

from __future__ import annotations

from workbook.causes.linear_init.draws import LEDGER, PREFIX, UNUSED
from workbook.causes.linear_init.programs import DEVICES, EACH, OTHER, RUNS, TOP
from workbook.causes.linear_init.seed_spread import SEED_SPREAD
from workbook.causes.linear_init.sources import KEPT, WORKERS
from workbook.causes.linear_init.weights import DTYPE
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.result import Finding


def _before_the_product(finding: Finding) -> tuple[str, str]:
    return finding.values["cpu"]["input"], finding.values["cpu"]["weights"]


THREE_LAYERS = Prediction(
    "three_layers",
    "Three `nn.Linear` get one input. Their outputs differ, and a missing seed is blamed. Put "
    "one `torch.manual_seed(42)` at the top of the program: what about the three outputs?",
    (
        Option("all three are equal", lambda found: found.values["distinct"] == 1),
        Option("they still differ", lambda found: found.values["distinct"] > 1),
    ),
    lambda: run(RUNS, seeding=TOP).finding,
    "Three layers take three stretches of one stream. A seed repeats the whole stream in the "
    "next run; it makes no two stretches equal. Two things were mixed up: layer against layer, "
    "and run against run.",
)
UNSEEDED_INPUT = Prediction(
    "unseeded_input",
    "The second program calls `torch.manual_seed(42)`, builds a layer and draws its input. It "
    "calls this input generated without a seed. In the next run, the input has …",
    (
        Option("the same numbers as before", lambda found: found.values["input_repeats"]),
        Option("other numbers", lambda found: not found.values["input_repeats"]),
    ),
    lambda: run(RUNS, seeding=EACH).finding,
    "The input follows in the stream that the seed began. One seed fixes every later draw, as "
    "long as the same draws come before.",
)
BEFORE_THE_PRODUCT = Prediction(
    "before_the_product",
    "The third program seeds, draws input and layer, moves both to a GPU with `.cuda()`, and "
    "does the same without the move. Which of what goes into the two products is different?",
    (
        Option("nothing: the same bits", lambda found: OTHER not in _before_the_product(found)),
        Option("the weights and the input", lambda found: OTHER in _before_the_product(found)),
    ),
    lambda: run(DEVICES).finding,
    "The CPU's generator drew everything, and a copy changes no bit. Only the product is "
    "computed elsewhere, so outputs may differ by rounding and by nothing else.",
)
UNUSED_LAYER = Prediction(
    "unused_layer",
    "You add a layer that is never called, above the others; the seed stays. The layer below "
    "it now starts with …",
    (
        Option("the same numbers as before", lambda found: found.values["kept"]["hidden"]),
        Option("other numbers", lambda found: not found.values["kept"]["hidden"]),
    ),
    lambda: run(LEDGER, edit=UNUSED).finding,
    "Building a layer draws its weights, used or not. Whatever comes later starts further "
    "down the stream.",
)
FIFTEEN = Prediction(
    "fifteen_and_sixteen",
    "From one seed you draw `torch.randn(15)`, and from the same seed `torch.randn(16)`. "
    "What about the longer one?",
    (
        Option("it begins with the 15", lambda found: 15 not in found.values["broken"]),
        Option("it does not begin with the 15", lambda found: 15 in found.values["broken"]),
    ),
    lambda: run(PREFIX).finding,
    "From 16 numbers on, the CPU makes normal numbers in blocks, in another way than one by "
    "one. Lengths that are no multiple of 16 draw their last block again.",
)
IN_FLOAT64 = Prediction(
    "built_in_float64",
    "From one seed you build `nn.Linear(16, 16)` and `nn.Linear(16, 16, dtype=torch.float64)`. "
    "The second has …",
    (
        Option(
            "the same numbers, with more digits", lambda found: found.values["share_kept"] >= 0.1
        ),
        Option("unrelated numbers", lambda found: found.values["share_kept"] < 0.1),
    ),
    lambda: run(DTYPE).finding,
    "A `float64` takes two draws for its digits where a `float32` takes one, so that the "
    "stream is cut in other places. `.double()` converts and draws nothing.",
)
COPIED_GENERATOR = Prediction(
    "copied_generator",
    "A dataset keeps `np.random.default_rng(0)` and draws from it. A `DataLoader` with two "
    "workers reads it. Which numbers come?",
    (
        Option("each worker draws its own", lambda found: not found.values[KEPT]["within_a_run"]),
        Option("all workers draw the same", lambda found: found.values[KEPT]["within_a_run"]),
    ),
    lambda: run(WORKERS).finding,
    "Each worker gets a copy of the dataset, with its generator in the same state, and again "
    "so in the next epoch. The loader seeds only the three default generators.",
)
ONE_SEED_EACH = Prediction(
    "one_seed_each",
    "Two learning rates, 0.15 and 0.12, are trained once each, with unlike seeds. Does the "
    "smaller error show which rate is better?",
    (
        Option("yes, seeds change only the last digits", lambda found: not found.values["misled"]),
        Option("no, another seed can turn it round", lambda found: found.values["misled"] > 0),
    ),
    lambda: run(SEED_SPREAD).finding,
    "The seed chooses start and order, and training leads to another end from each. Compare "
    "several seeds, and give their spread with the mean.",
)
