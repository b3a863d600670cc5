"""What the reader is asked before each round, three programs' hidden factors among it.

Owns the questions. Each answer is measured by an experiment that changes one thing.
"""

from typing import Any

import torch
from torch import nn

from workbook.causes.eval_mode import batch_mates, dropout, removed
from workbook.causes.eval_mode.batch_mates import BATCH_MATES, UNTRACKED
from workbook.causes.eval_mode.running import INFERENCE, RUNNING_STATISTICS
from workbook.experiment import run
from workbook.question import Estimate, Option, Prediction

SAME_BITS, OTHER = (batch_mates.SAME, batch_mates.ROUNDING), batch_mates.OTHER


def _dropping(name: str) -> tuple[bool, bool]:
    """Say whether dropout was off under a switch, and whether all its passes gave one output."""
    row = run(dropout.SWITCHES).finding.values[name]
    return row["off"], row["distinct"] == 1


def _batch(name: str) -> Any:
    """Give what became of a row alone and in a batch, in the figure's words."""
    return run(BATCH_MATES).finding.values[name]


def _batches_until_near() -> int:
    """Count the batches of mean 1 after which a running mean that began at 0 is within 5 %."""
    norm, batches = nn.BatchNorm1d(1), 0
    mean = norm.state_dict()["running_mean"]  # its own memory: each pass moves it
    while mean < 0.95:
        norm(torch.tensor([[0.0], [2.0]]))
        batches += 1
    return batches


NO_GRAD_AND_DROPOUT = Prediction(
    "no_grad_and_dropout",
    "A new model with `nn.Dropout` gets one input again and again inside `torch.no_grad()`. What "
    "does its dropout layer do?",
    (
        Option(
            "nothing: without gradients there is no training",
            lambda measured: measured[0],
            "Then every output would be the one without dropout. `no_grad` only decides whether "
            "gradients are recorded; the layer reads `training`, which nobody changed.",
        ),
        Option(
            "it drops the same entries each time",
            lambda measured: not measured[0] and measured[1],
            "So it would be if a layer chose its entries once, when it is made. But each pass "
            "draws them anew: count the different outputs.",
        ),
        Option(
            "it drops other entries each time", lambda measured: not measured[0] and not measured[1]
        ),
        Option(
            "it raises an error",
            lambda _: False,
            "Nothing in it needs a gradient: it draws, multiplies, and hands its result on.",
        ),
    ),
    lambda: _dropping(dropout.NO_GRAD),
    "`no_grad` decides whether gradients are recorded, `eval()` sets `training` of every layer to "
    "False. Only the second is read by dropout.",
)
FUNCTION_IN_EVAL = Prediction(
    "function_in_eval",
    "A model calls `F.dropout(x, 0.5)` in its `forward`. You call `model.eval()`. What does "
    "`F.dropout` do?",
    (
        Option(
            "it drops nothing",
            lambda measured: measured[0],
            "Then the row would have the bits of the model without dropout. `eval()` sets an "
            "attribute of modules, and a function is none.",
        ),
        Option("it drops as in training", lambda measured: not measured[0] and not measured[1]),
        Option(
            "it multiplies every entry by 0.5",
            lambda measured: not measured[0] and measured[1],
            "So did early papers at evaluation. Then there would be one output for all passes; "
            "count the different ones.",
        ),
    ),
    lambda: _dropping(dropout.IGNORES),
    "A function has no mode: its `training` argument is True unless you pass another. Pass "
    "`training=self.training`, or use the module.",
)
WEIGHTS_WITHOUT_THE_LAYER = Prediction(
    "weights_without_the_layer",
    "Dropout is said to be baked into trained weights. So somebody builds Linear, Linear, loads "
    "the `state_dict` of Linear, Dropout, Linear and compares. What happens first?",
    (
        Option(
            "it loads and gives the trained outputs",
            lambda measured: measured["same"],
            "Both layers would have to find their weights. The keys of a Sequential are places, "
            "and one layer has moved up.",
        ),
        Option(
            "it loads, and the outputs are too large",
            lambda measured: (
                not measured["error"] and not measured["same"] and measured["loaded"] == 2
            ),
            "There is no scale left to undo: training had scaled the kept values already. Look at "
            "the row whose keys were renamed: same bits.",
        ),
        Option(
            "it loads one layer and leaves the other as it was born",
            lambda measured: not measured["error"] and measured["loaded"] < 2,
            "That is what `strict=False` does. As it comes, `load_state_dict` does not accept "
            "missing keys.",
        ),
        Option("it raises an error", lambda measured: bool(measured["error"])),
    ),
    lambda: run(removed.REMOVED_LAYER).finding.values[removed.PRINTED],
    "Dropout has no weights, but it has a place: the keys of a Sequential are positions. And there "
    "was nothing to undo, as training had already scaled the values that it kept.",
)
SAME_BATCH_TWICE = Prediction(
    "same_batch_twice",
    "BatchNorm is said to bring randomness into training. Without any seed, the same batch goes "
    "through a BatchNorm layer in training mode twice. How do the two outputs compare?",
    (
        Option("equal in every bit", lambda measured: measured["same batch twice"] == "identical"),
        Option(
            "different: the layer draws",
            lambda measured: measured["same batch twice"] != "identical" and measured["draws"],
            "A draw would move torch's generator. It stands where it stood before both passes.",
        ),
        Option(
            "different: the first pass moved its statistics",
            lambda measured: measured["same batch twice"] != "identical" and not measured["draws"],
            "It did move the running statistics. But training mode writes them and does not read "
            "them: it takes mean and variance from the batch itself.",
        ),
    ),
    lambda: run(BATCH_MATES).finding.values,
    "BatchNorm draws nothing. Its output depends on the batch, and each pass moves its running "
    "statistics: on conditions, both of them, and not on chance.",
)
BATCH_OF_ONE = Prediction(
    "batch_of_one",
    "To show what BatchNorm does without `eval()`, a program sends one row of shape (1, 10) "
    "through Linear, BatchNorm1d, ReLU, Linear in training mode. What does BatchNorm1d give?",
    (
        Option(
            "zeros: one row is its own mean",
            lambda alone: alone == OTHER,
            "On paper the row minus its mean is 0. But 0 would be divided by a spread that does "
            "not exist, and torch refuses to make one up.",
        ),
        Option(
            "the row normalized by the running statistics",
            lambda alone: alone in SAME_BITS,
            "They are read in evaluation mode. Nobody called `eval()`.",
        ),
        Option("an error", lambda alone: alone == batch_mates.RAISES),
    ),
    lambda: _batch(batch_mates.TRAIN)["alone"],
    "One row of ten features has one value for each channel. That has no spread to divide by, and "
    "torch says so with a ValueError. The line that was to be compared never runs.",
)
WITHOUT_RUNNING_STATISTICS = Prediction(
    "without_running_statistics",
    "A BatchNorm layer was made with `track_running_stats=False`. After `eval()`, does a row's "
    "output still depend on the other rows of its batch?",
    (
        Option(
            "no: in evaluation mode it uses no batch",
            lambda measured: measured["in a batch"] in SAME_BITS,
            "It would need other statistics then, and this layer has kept none. Compare the two "
            "rows of `eval()` in the figure.",
        ),
        Option("yes, as in training", lambda measured: measured["in a batch"] == OTHER),
        Option(
            "it raises: there is nothing to read",
            lambda measured: measured["in a batch"] == batch_mates.RAISES,
            "torch does not complain: where nothing was tracked, the batch's own statistics serve.",
        ),
    ),
    lambda: _batch(UNTRACKED),
    "Evaluation mode reads the running statistics where there are any. Here there are none, so the "
    "layer goes on using the batch's own.",
)
STATISTICS_UNDER_INFERENCE_MODE = Prediction(
    "statistics_under_inference_mode",
    "You send validation data through a model in `torch.inference_mode()` and forget `eval()`. "
    "What do the running statistics of its BatchNorm layers do?",
    (
        Option(
            "they stay",
            lambda measured: INFERENCE not in measured["moved"],
            "They are buffers, and no gradient writes them: the forward pass does. Compare a "
            "layer's output before and after: it has moved.",
        ),
        Option(
            "they move as in training",
            lambda measured: INFERENCE in measured["moved"] and measured["alike"],
        ),
        Option(
            "they move, by other steps than in training",
            lambda measured: INFERENCE in measured["moved"] and not measured["alike"],
            "A grad mode does not enter the formula: the paths with and without it have the same "
            "bits at each pass.",
        ),
        Option(
            "torch raises: they cannot be written there",
            lambda _: False,
            "Only what was *made* in inference mode is refused outside of it. These buffers are "
            "ordinary tensors, and are written.",
        ),
    ),
    lambda: run(RUNNING_STATISTICS).finding.values,
    "They are buffers, written in the forward pass. Grad modes do not protect them: the model that "
    "you validate is no longer the one that you trained.",
)
HOW_MANY_BATCHES = Estimate(
    name="how_many_batches",
    question=(
        "A new BatchNorm layer has the running mean 0, and torch's momentum of 0.1. Every batch "
        "has the mean 1. After how many batches in training mode is the running mean within 5 % of "
        "it, so that `eval()` can be trusted?"
    ),
    measure=_batches_until_near,
    between=(29, 29),
    unit="batches",
    factor=2.0,
    because=(
        "Each batch takes away a tenth of what is still missing, so 0.9ⁿ is missing after n "
        "batches, and 0.9²⁹ is the first below 0.05. A model that is evaluated after fewer steps "
        "is normalized by a mean of which a good part is still the 0 from its birth."
    ),
    too_low=(
        "It is tempting to take a tenth from each of ten batches. But each takes a tenth of what "
        "is *missing*: after ten, 0.9¹⁰ or a third is missing still."
    ),
    too_high=(
        "Early batches count for more than that: each takes a tenth of what is missing, and after "
        "45 batches not even 1 % is."
    ),
)
