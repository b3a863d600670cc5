"""What the reader is asked before each round, three programs' hidden factors among it.

Owns the questions. Each answer is measured by an experiment that changes one thing.
"""

from __future__ import annotations

from workbook.causes.eval_mode import dropout, removed
from workbook.causes.eval_mode.batch_mates import BATCH_MATES, UNTRACKED
from workbook.causes.eval_mode.batch_mates import TRAIN as BATCH_NORM
from workbook.causes.eval_mode.running import DRIFT, INFERENCE
from workbook.experiment import run
from workbook.question import Option, Prediction

NO_GRAD_AND_DROPOUT = Prediction(
    "no_grad_and_dropout",
    "A model with `nn.Dropout` is called inside `torch.no_grad()`, and nobody called `eval()`. "
    "What does the dropout layer do?",
    (
        Option("it drops nothing", lambda found: found.values[dropout.NO_GRAD]["off"]),
        Option("it drops as in training", lambda found: not found.values[dropout.NO_GRAD]["off"]),
    ),
    lambda: run(dropout.SWITCHES).finding,
    "`no_grad` decides whether gradients are recorded, `eval()` sets `training` of every layer to "
    "False. Only the second is read by dropout.",
)
FUNCTION_IN_EVAL = Prediction(
    "function_in_eval",
    "A model calls `F.dropout(x, 0.5)` in its `forward`. You call `model.eval()`. What does "
    "`F.dropout` do?",
    (
        Option("it drops nothing", lambda found: found.values[dropout.IGNORES]["off"]),
        Option("it drops as in training", lambda found: not found.values[dropout.IGNORES]["off"]),
    ),
    lambda: run(dropout.SWITCHES).finding,
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
            lambda found: found.values[removed.PRINTED]["same"],
        ),
        Option("it raises an error", lambda found: bool(found.values[removed.PRINTED]["error"])),
    ),
    lambda: run(removed.REMOVED_LAYER).finding,
    "Dropout has no weights, but it has a place: the keys of a Sequential are positions. And there "
    "was nothing to undo, as training had already scaled the values that it kept.",
)
SAME_BATCH_TWICE = Prediction(
    "same_batch_twice",
    "BatchNorm is said to bring randomness into training. Without any seed, the same batch goes "
    "through a BatchNorm layer in training mode twice. How do the two outputs compare?",
    (
        Option("equal in every bit", lambda found: found.values["same batch twice"] == "identical"),
        Option("different", lambda found: found.values["same batch twice"] != "identical"),
    ),
    lambda: run(BATCH_MATES).finding,
    "BatchNorm draws nothing. Its output depends on the batch, and each pass moves its running "
    "statistics: on conditions, both of them, and not on chance.",
)
BATCH_OF_ONE = Prediction(
    "batch_of_one",
    "To show what BatchNorm does without `eval()`, a program sends one row of shape (1, 10) "
    "through Linear, BatchNorm1d, ReLU, Linear in training mode. What does it get?",
    (
        Option(
            "an output from the batch's statistics",
            lambda found: found.values[BATCH_NORM]["alone"] != "raises",
        ),
        Option("it raises an error", lambda found: found.values[BATCH_NORM]["alone"] == "raises"),
    ),
    lambda: run(BATCH_MATES).finding,
    "One row of ten features has one value for each channel. That has no spread to divide by, and "
    "torch says so with a ValueError. The line that was to be compared never runs. (One picture "
    "has many values for each channel, and passes.)",
)
WITHOUT_RUNNING_STATISTICS = Prediction(
    "without_running_statistics",
    "A BatchNorm layer was made with `track_running_stats=False`. After `eval()`, does a row's "
    "output still depend on the other rows of its batch?",
    (
        Option("yes", lambda found: found.values[UNTRACKED]["in a batch"] == "other values"),
        Option("no", lambda found: found.values[UNTRACKED]["in a batch"] != "other values"),
    ),
    lambda: run(BATCH_MATES).finding,
    "Evaluation mode reads the running statistics where there are any. Here there are none, so the "
    "layer goes on using the batch's own.",
)
STATISTICS_UNDER_INFERENCE_MODE = Prediction(
    "statistics_under_inference_mode",
    "You send validation data through a model in `torch.inference_mode()` and forget `eval()`. "
    "What do the running statistics of its BatchNorm layers do?",
    (
        Option("they stay", lambda found: INFERENCE not in found.values["moved"]),
        Option("they move", lambda found: INFERENCE in found.values["moved"]),
    ),
    lambda: run(DRIFT).finding,
    "They are buffers, written in the forward pass. Grad modes do not protect them: the model that "
    "you validate is no longer the one that you trained.",
)
