"""What the reader is asked before each round, three programs' confounders among it."""

from typing import Any

from workbook.causes.linear_init.draws import LEDGER, PREFIX, UNUSED
from workbook.causes.linear_init.programs import DEVICES, OTHER, RUNS, TOP
from workbook.causes.linear_init.seed_spread import SEED_SPREAD
from workbook.causes.linear_init.sources import KEPT, WORKERS
from workbook.causes.linear_init.weights import DTYPE
from workbook.experiment import Experiment, run
from workbook.question import Estimate, Option, Prediction

FEW_DIGITS = 2.0**-20
"""Two numbers below 1 that are nearer agree in all but the last digits of a float32."""


def _values(experiment: Experiment, **settings: Any) -> Any:
    return run(experiment, **settings).finding.values


def _others_before_the_product() -> set[str]:
    """Name what goes into the product and is not the same bits on the CPU as on the device."""
    started = _values(DEVICES)["cpu"]
    return {name for name in ("input", "weights") if started[name] == OTHER}


THREE_LAYERS = Prediction(
    "three_layers",
    "Three `nn.Linear` get one input. Their outputs differ, and a missing seed is blamed. Put "
    "one `torch.manual_seed(42)` at the top of the program: what about the three outputs?",
    (
        Option(
            "all three are equal",
            lambda measured: measured["distinct"] == 1,
            "One seed, one result: that holds for runs. The three layers draw one after the other, "
            "and the stream does not begin again in between.",
        ),
        Option(
            "they differ, in the same way in every run",
            lambda measured: measured["distinct"] > 1 and measured["runs_agree"],
        ),
        Option(
            "they differ, in another way in every run",
            lambda measured: measured["distinct"] > 1 and not measured["runs_agree"],
            "So it is without a seed. With one, the second run repeats the first: compare the two "
            "rows of the figure, not its columns.",
        ),
    ),
    lambda: _values(RUNS, seeding=TOP),
    "Three layers take three stretches of one stream. A seed repeats the whole stream in the "
    "next run, the later draws with it; it makes no two stretches equal. Two things were mixed "
    "up: layer against layer, and run against run.",
)
UNUSED_LAYER = Prediction(
    "unused_layer",
    "A program sets a seed and builds two layers, `hidden` and `output`. You add a third above "
    "them that is never called. Who starts with other numbers now?",
    (
        Option(
            "nobody: it is never called",
            lambda kept: kept["hidden"] and kept["output"],
            "A layer draws when it is built. Calling it draws nothing at all.",
        ),
        Option(
            "`hidden`, which comes next",
            lambda kept: not kept["hidden"] and kept["output"],
            "It starts further down the stream, and so it also ends further down: the shift is "
            "handed on to whoever draws after it.",
        ),
        Option("both", lambda kept: not kept["hidden"] and not kept["output"]),
    ),
    lambda: _values(LEDGER, edit=UNUSED)["kept"],
    "Building a layer draws its weights, used or not. Whatever comes later starts further "
    "down the stream.",
)
FIFTEEN = Prediction(
    "fifteen",
    "From one seed you draw `torch.randn(15)`, and from the same seed `torch.randn(16)`. "
    "What about the longer one?",
    (
        Option(
            "it begins with the 15",
            lambda measured: 15 not in measured["broken"],
            "A seed fixes a stream, and a longer draw goes on where a shorter one ends: so it is "
            "with `rand`. But `randn` has two ways to make normal numbers out of the stream, and "
            "the length decides which.",
        ),
        Option(
            "its first 15 are other numbers",
            lambda measured: 15 in measured["broken"] and measured["rand"],
        ),
        Option(
            "its first 15 are other numbers, and so it is with `rand`",
            lambda measured: 15 in measured["broken"] and not measured["rand"],
            "That holds if the length is part of what a seed fixes. For `rand` it is not: each of "
            "its numbers takes one of the stream, so that its line in the figure has no edge.",
        ),
    ),
    lambda: _values(PREFIX),
    "Up to 15 normal numbers are made one by one. From 16 on, the CPU makes them in blocks of 16, "
    "in another way; where the last block is not full, it is drawn again, from the end backwards.",
)
IN_FLOAT64 = Prediction(
    "in_float64",
    "From one seed you build `nn.Linear(16, 16)` and `nn.Linear(16, 16, dtype=torch.float64)`. "
    "The second has …",
    (
        Option(
            "the same numbers, with more digits",
            lambda measured: measured["largest_gap"] < FEW_DIGITS,
            "That is what `.double()` gives. A layer that is built in `float64` draws for itself: "
            "look how far up and down the points are spread.",
        ),
        Option(
            "the same numbers at first, then others",
            lambda measured: measured["largest_gap"] >= FEW_DIGITS and measured["share_kept"] > 0,
            "The stream is the same, so its first number should be, too. But a `float64` takes "
            "more of it, from the first one on: not one weight is equal.",
        ),
        Option(
            "unrelated numbers",
            lambda measured: measured["largest_gap"] >= FEW_DIGITS and measured["share_kept"] == 0,
        ),
    ),
    lambda: _values(DTYPE),
    "A `float64` takes two draws for its digits where a `float32` takes one, so that the "
    "stream is cut in other places. `.double()` converts and draws nothing.",
)
BEFORE_THE_PRODUCT = Prediction(
    "before_the_product",
    "The third program seeds, draws input and layer, moves both to a GPU with `.cuda()`, and "
    "does the same without the move. Which of what goes into the two products is different?",
    (
        Option("nothing: the same bits", lambda others: not others),
        Option(
            "the weights and the input",
            lambda others: others == {"weights", "input"},
            "A GPU has a generator of its own, and would draw others. But both were drawn before "
            "the move, by the CPU's.",
        ),
        Option(
            "the weights only",
            lambda others: others == {"weights"},
            "The layer was built on the CPU, and a copy changes no bit. Built *on* the GPU, its "
            "weights would be others.",
        ),
        Option(
            "the input only",
            lambda others: others == {"input"},
            "The seed is set before the input is drawn. It would be another one if the seed came "
            "between input and layer.",
        ),
    ),
    _others_before_the_product,
    "The CPU's generator drew everything, and a copy changes no bit. Only the product is "
    "computed elsewhere, so outputs may differ by rounding and by nothing else.",
)
GENERATOR_IN_A_DATASET = Prediction(
    "generator_in_a_dataset",
    "A dataset keeps `np.random.default_rng(0)` and draws from it. A `DataLoader` with two "
    "workers reads it. Which numbers come?",
    (
        Option(
            "each worker draws its own, and the next run repeats them",
            lambda measured: not measured["within_a_run"] and measured["next_run_repeats"],
            "So it is with the three default generators, which the loader seeds in each worker. "
            "It does not know of this one.",
        ),
        Option(
            "both workers draw the same, and so does the next epoch",
            lambda measured: measured["within_a_run"] and measured["next_run_repeats"],
        ),
        Option(
            "other numbers in each run",
            lambda measured: not measured["next_run_repeats"],
            "So it is with `default_rng()`, without a number. This one has a number, 0, and starts "
            "there in every run.",
        ),
    ),
    lambda: _values(WORKERS)[KEPT],
    "Each worker gets a copy of the dataset, with its generator in the same state, and again "
    "so in the next epoch. The loader seeds only the three default generators.",
)
FROM_TWENTY_SEEDS = Estimate(
    name="from_twenty_seeds",
    question=(
        "A small network learns with the rate 0.15, from 20 seeds. Data, recipe and number of "
        "steps stay. By how many percent is the largest test error above the smallest?"
    ),
    measure=lambda: 100 * (_values(SEED_SPREAD)["largest_over_smallest"] - 1),
    between=(30, 130),
    unit="%",
    factor=3,
    too_low=(
        "A seed does not only change last digits, as rounding does: from another start, and with "
        "the data in another order, training ends somewhere else."
    ),
    too_high=(
        "Then some of the trainings would have failed. All of them learned about as much; they "
        "ended at different places."
    ),
    because=(
        "The seed chooses start and order, and training leads to another end from each. Two "
        "recipes that are compared by one training each are compared by their luck, too: compare "
        "several seeds, and give their spread with the mean."
    ),
)
