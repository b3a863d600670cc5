"""What the reader is asked before each round, and how the answer is measured."""

import torch

from workbook.causes.another_run import buckets, loaders, ring, shards, wrapped
from workbook.causes.another_run.compiled import COMPILED, DROPOUT, INDUCTOR
from workbook.causes.another_run.resume import ANOTHER, FIRST, OWN, RESUMED
from workbook.experiment import run
from workbook.question import Option, Prediction
from workbook.recording import recorded

SHUFFLE = "the generator of the shuffle"


def _recorded_mask() -> float:
    """Give the share of a mask's entries that differ, as recorded: compiling takes a while."""
    recording, *_ = recorded(COMPILED.name)
    share: float = recording.find(COMPILED.name, dict(COMPILED.recorded)).finding.values["shares"][
        DROPOUT
    ][INDUCTOR]
    return share


def _is_half(apart: float) -> bool:
    return abs(apart - 0.5) < 2.0**-20  # more than the roundings of a gradient in float32


def _only_trace_free() -> set[str]:
    return set(run(RESUMED).finding.values["exact"]) - {"nothing"}


LEAVES_NO_TRACE = Prediction(
    "leaves_no_trace",
    "Training with Adam, dropout, a learning rate schedule and a gradient scaler is stopped in the "
    "middle of an epoch. One part is left out of the checkpoint, and yet the resumed run is equal "
    "to the run without a stop, in every bit. Which part?",
    (
        Option(
            "the optimizer's state",
            lambda free: free == {"the optimizer"},
            "The weights are there, and averages build up again. But Adam starts them from 0, and "
            "its first steps are other steps.",
        ),
        Option(
            "the schedule's state",
            lambda free: free == {"the scheduler"},
            "The learning rate itself is kept by the optimizer. But the schedule counts its epochs "
            "from 0 again, and the next drop comes later.",
        ),
        Option("the scaler's state", lambda free: free == {"the scaler"}),
        Option(
            "the generator's state",
            lambda free: free == {"torch's generator"},
            "It seems to matter only where the data are shuffled anew. But dropout draws in each "
            "step: other masks from the next one on.",
        ),
    ),
    _only_trace_free,
    "The scale is a power of two. Multiplying by it and dividing by it again is exact as long as "
    "nothing overflows or becomes subnormal, so another scale gives the same gradient. In float16, "
    "where it has to find its size by failing, the same gap costs steps.",
)
SEEDED_AGAIN = Prediction(
    "seeded_again",
    "A script sets its seed on the first line and is started again to resume. The model and the "
    "optimizer are loaded, the generators are not. In which order does the next new epoch come?",
    (
        Option(
            "as if it had not been stopped",
            lambda order: order == OWN,
            "The seed is the same, so the order should be. But it is drawn from a generator, and "
            "that one has gone back to its start.",
        ),
        Option("in the order of the first epoch", lambda order: order == FIRST),
        Option(
            "in an order that never was",
            lambda order: order == ANOTHER,
            "It would be, without a seed. With one the generator starts where it started before.",
        ),
    ),
    lambda: run(RESUMED).finding.values["order"][SHUFFLE],
    "A seed at the start of a script repeats the start: the first epoch's order and the first "
    "masks come again. Restore the generators, or seed with the number of the epoch.",
)
TWICE_THE_WORKERS = Prediction(
    "twice_the_workers",
    "A data loader shuffles, and its dataset adds noise with `torch.rand`. The seed is set. The "
    "number of workers goes from 0 to 2. What changes in the first epoch?",
    (
        Option(
            "nothing but the speed",
            lambda same: same[loaders.GLOBAL][0] and same[loaders.ORDER][0],
            "Workers are there for speed. But each is a process, and has a generator of its own.",
        ),
        Option(
            "the order of the items",
            lambda same: not same[loaders.ORDER][0],
            "Two workers take turns, so that a mixed order seems likely. But the order is drawn by "
            "the main process, before any worker gets its first item, and kept.",
        ),
        Option(
            "the noise that an item gets",
            lambda same: same[loaders.ORDER][0] and not same[loaders.GLOBAL][0],
        ),
    ),
    lambda: run(loaders.WORKERS).finding.values["same"],
    "Which worker gets an item, and after which others, decides what is drawn for it. A generator "
    "made from (seed, epoch, item) does not care.",
)
COMPILED_MASK = Prediction(
    "compiled_mask",
    "A function with dropout is run as it is written, and compiled by inductor, from one seed. In "
    "how many entries do the two masks agree? p is 0.5.",
    (
        Option(
            "in all",
            lambda share: share == 0,
            "The compiler writes a generator of its own into the kernel. The seed is the same, "
            "what is made of it is not.",
        ),
        Option("in about half", lambda share: 0.4 < share < 0.6),
        Option(
            "in none",
            lambda share: share == 1,
            "Two masks that agree nowhere would be each other's negative: they would know of each "
            "other.",
        ),
        Option(
            "in all but a few, which are rounded",
            lambda share: 0 < share < 0.1,
            "An entry of a mask is kept or dropped: it has no rounding.",
        ),
    ),
    _recorded_mask,
    "Half is what two independent coins give. `fallback_random` makes compiled code draw from "
    "eager's generator, and costs the fusion of the draw with what follows.",
)
TWO_MEANS = Prediction(
    "two_means",
    "A batch of 48 rows lies on two ranks: 40 rows on one, 8 on the other. Each computes the "
    "gradient of its mean loss, and the two gradients are averaged. The result is...",
    (
        Option(
            "the gradient of the whole batch, but for rounding",
            lambda measured: measured["rounding"][1],
            "That is what data parallelism promises. It holds if the shards are equal, or if each "
            "is weighted by its rows.",
        ),
        Option(
            "further off than rounding could be",
            lambda measured: not measured["rounding"][1] and not _is_half(measured["apart"][1]),
        ),
        Option(
            "half of it",
            lambda measured: not measured["rounding"][1] and _is_half(measured["apart"][1]),
            "That is what a second division by 2 would give.",
        ),
    ),
    lambda: run(shards.SHARDS, shards=shards.UNEQUAL).finding.values,
    "A mean of means weighs each of the 8 rows five times as much as each of the 40. Nothing "
    "checks the sizes, and nothing is reported. Tokens in a batch of texts are the usual case.",
)
EVERY_SLOT = Prediction(
    "every_slot",
    "Each rank fills a tensor of 1000 slots with one number, and an all-reduce adds up the ranks. "
    "So every slot adds the same numbers. Are all 1000 sums equal?",
    (
        Option(
            "yes, always",
            lambda sums: set(sums.values()) == {1},
            "The same numbers have one sum on paper. In which order they are added need not be the "
            "same in every slot.",
        ),
        Option("with two ranks yes, with three not", lambda sums: sums[2] == 1 and sums[3] > 1),
        Option(
            "not even with two ranks",
            lambda sums: sums[2] > 1,
            "a + b is b + a, in every bit: two summands have one sum.",
        ),
    ),
    lambda: {int(world): n for world, n in run(ring.RING).finding.values["sums"].items()},
    "The tensor is cut into pieces, and each piece begins its way around the ranks at another one. "
    "Two summands commute; three are added in an order that depends on the piece.",
)
ADDED_LATER = Prediction(
    "added_later",
    "Two ranks seed with `seed + rank`, and each wraps its model in `DistributedDataParallel`. "
    "Then a weight is added to the model, and a step is taken with rows of their own. What is the "
    "same on both ranks?",
    (
        Option(
            "no weight: each rank has drawn its own",
            lambda same: not same[wrapped.START],
            "Without the wrapper, yes. When a model is wrapped, rank 0 sends its weights to all "
            "others.",
        ),
        Option(
            "the weights and all gradients",
            lambda same: same[wrapped.START] and same[wrapped.GRADIENTS] and same[wrapped.LATER],
            "It averages gradients, but only of the weights that were there when it was made.",
        ),
        Option(
            "the weights and their gradients, but for the one that was added",
            lambda same: (
                same[wrapped.START] and same[wrapped.GRADIENTS] and not same[wrapped.LATER]
            ),
        ),
        Option(
            "the weights; gradients belong to each rank's rows",
            lambda same: same[wrapped.START] and not same[wrapped.GRADIENTS],
            "Each rank computes them from its own rows. Then the wrapper averages them: it is what "
            "it is for.",
        ),
    ),
    lambda: {
        part: line[wrapped.WRAPPED]
        for part, line in run(wrapped.WRAPPER).finding.values["equal"].items()
    },
    "The wrapper averages the gradients of the weights that it was given. One that is added or "
    "replaced later is left to each rank, without an error, and the ranks drift apart.",
)
BUCKET_SIZE = Prediction(
    "bucket_size",
    "The wrapper packs gradients into buckets and adds up each bucket. Two ranks, or three: where "
    "can the size of the buckets change bits of the gradient?",
    (
        Option(
            "nowhere: the same numbers are added",
            lambda share: share[2] == share[3] == 0,
            "The same numbers, yes. In which order depends on the place in the bucket.",
        ),
        Option("with three ranks only", lambda share: share[2] == 0 and share[3] > 0),
        Option(
            "with two ranks as well",
            lambda share: share[2] > 0,
            "Two summands have one sum, wherever they lie.",
        ),
    ),
    lambda: {
        ranks: run(buckets.BUCKETS, ranks=ranks).finding.values["share"][buckets.SMALL]
        for ranks in (2, 3)
    },
    "As in every all-reduce, a bucket is cut into pieces, and each starts at another rank. "
    "Another bucket size puts a gradient into another piece.",
)
ONE_SEED_FOR_ALL = Prediction(
    "one_seed_for_all",
    "Two ranks hold different rows of one batch. Both begin with `torch.manual_seed(0)`. What does "
    "dropout do on the second rank?",
    (
        Option("it drops the same entries as on the first", lambda same: same["seed"]),
        Option(
            "it drops other entries, as each rank is a process of its own",
            lambda same: not same["seed"] and not same["seed + rank"],
            "A process has a generator of its own. But both generators have the same seed.",
        ),
        Option(
            "nothing: the ranks share one model, and the first one has dropped already",
            lambda _: False,
            "Each rank has a copy of the model and a forward pass of its own, dropout included.",
        ),
    ),
    lambda: {
        "seed": torch.equal(_mask(0), _mask(0)),
        "seed + rank": torch.equal(_mask(0), _mask(1)),
    },
    "Equal seeds, equal masks: the rows of the batch no longer get noise of their own. Seed with "
    "`seed + rank` after the model is built, so that weights start equal and noise does not.",
)


def _mask(seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return torch.nn.functional.dropout(torch.ones(1000)) != 0
