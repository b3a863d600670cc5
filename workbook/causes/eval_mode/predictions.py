"""What the reader is asked before each round, three programs' hidden factors among it.

Owns the questions. Each answer is measured by an experiment that changes one thing.
"""

from __future__ import annotations

from workbook.causes.eval_mode import dropout, removed
from workbook.causes.eval_mode.batch_mates import BATCH_MATES, UNTRACKED
from workbook.causes.eval_mode.batch_mates import TRAIN as BATCH_NORM
from workbook.causes.eval_mode.every_module import EVERY_MODULE
from workbook.causes.eval_mode.inert import CUDNN_FLAGS, MEMORY_CHURN
from workbook.causes.eval_mode.running import DRIFT, INFERENCE
from workbook.causes.eval_mode.stream import LATER_DRAWS
from workbook.experiment import run
from workbook.question import Prediction

YES, NO = "yes", "no"
ZERO, ROUNDING = "exactly 0", "something about as small as rounding"
OFF, ON = "it drops nothing", "it drops as in training"
LOADS, RAISES = "it loads and gives the trained outputs", "it raises an error"
SAME, SHIFTED = "the same numbers", "other numbers"
ALL_BITS, RANDOM = "equal in every bit", "different"
STATISTICS = "an output from the batch's statistics"
STAY, MOVE = "they stay", "they move"
NONE, SOME = "none", "at least one"


def _switched_by_the_flags() -> str:
    return ROUNDING if run(CUDNN_FLAGS).finding.values["largest"] else ZERO


def _dropout_under_no_grad() -> str:
    values = run(dropout.SWITCHES).finding.values
    return OFF if values[dropout.NO_GRAD]["off"] else ON


def _function_in_eval() -> str:
    values = run(dropout.SWITCHES).finding.values
    return OFF if values[dropout.IGNORES]["off"] else ON


def _weights_without_the_layer() -> str:
    return RAISES if run(removed.REMOVED_LAYER).finding.values[removed.PRINTED]["error"] else LOADS


def _later_draws() -> str:
    values = run(LATER_DRAWS).finding.values
    return SHIFTED if values["taken in train"] != values["taken in eval"] else SAME


def _same_batch_twice() -> str:
    return (
        ALL_BITS if run(BATCH_MATES).finding.values["same batch twice"] == "identical" else RANDOM
    )


def _batch_of_one() -> str:
    alone = run(BATCH_MATES).finding.values[BATCH_NORM]["alone"]
    return RAISES if alone == "raises" else STATISTICS


def _without_running_statistics() -> str:
    found = run(BATCH_MATES).finding.values[UNTRACKED]["in a batch"]
    return YES if found == "other values" else NO


def _statistics_under_inference_mode() -> str:
    return MOVE if INFERENCE in run(DRIFT).finding.values["moved"] else STAY


def _random_in_evaluation() -> str:
    return SOME if run(EVERY_MODULE).finding.values["draws in eval"] else NONE


def _memory() -> str:
    return NO if run(MEMORY_CHURN).finding.values["distinct"] == 1 else YES


FLAGS_ON_LINEAR = Prediction(
    "flags_on_linear",
    "To show how random PyTorch is, a program calls one small model of `nn.Linear` and ReLU on the "
    "CPU twice: with `cudnn.deterministic` off, then on. Which difference does it print?",
    (ZERO, ROUNDING),
    _switched_by_the_flags,
    "The flags choose among cuDNN's kernels. A CPU has none of them, and a Linear layer would not "
    "use one on a GPU either. The factor that the program changes is not connected to its result.",
)
NO_GRAD_AND_DROPOUT = Prediction(
    "no_grad_and_dropout",
    "A model with `nn.Dropout` is called inside `torch.no_grad()`, and nobody called `eval()`. "
    "What does the dropout layer do?",
    (OFF, ON),
    _dropout_under_no_grad,
    "`no_grad` decides whether gradients are recorded, `eval()` sets `training` of every layer to "
    "False. Only the second is read by dropout.",
)
FUNCTION_IN_EVAL = Prediction(
    "function_in_eval",
    "A model calls `F.dropout(x, 0.5)` in its `forward`. You call `model.eval()`. What does "
    "`F.dropout` do?",
    (OFF, ON),
    _function_in_eval,
    "A function has no mode: its `training` argument is True unless you pass another. Pass "
    "`training=self.training`, or use the module.",
)
WEIGHTS_WITHOUT_THE_LAYER = Prediction(
    "weights_without_the_layer",
    "A program says that dropout is baked into trained weights, so it builds Linear, Linear, loads "
    "the `state_dict` of Linear, Dropout, Linear and compares. What happens first?",
    (LOADS, RAISES),
    _weights_without_the_layer,
    "Dropout has no weights, but it has a place: the keys of a Sequential are positions. And there "
    "was nothing to undo, as training had already scaled the values that it kept.",
)
SHIFTED_DRAWS = Prediction(
    "shifted_draws",
    "Two runs have the same seed. In one of them a dropout layer is in evaluation mode. Afterwards "
    "both call `torch.rand(4)`. What do they get?",
    (SAME, SHIFTED),
    _later_draws,
    "Everything draws from one stream in turn. A layer that draws nothing leaves its numbers to "
    "whoever comes next, so data, masks and weights that are drawn later all change.",
)
SAME_BATCH_TWICE = Prediction(
    "same_batch_twice",
    "BatchNorm is said to bring randomness into training. Without any seed, the same batch goes "
    "through a BatchNorm layer in training mode twice. How do the two outputs compare?",
    (ALL_BITS, RANDOM),
    _same_batch_twice,
    "BatchNorm draws nothing. Its output depends on the batch, and each pass moves its running "
    "statistics: on conditions, both of them, and not on chance.",
)
BATCH_OF_ONE = Prediction(
    "batch_of_one",
    "To show what BatchNorm does without `eval()`, a program sends one row of shape (1, 10) "
    "through Linear, BatchNorm1d, ReLU, Linear in training mode. What does it get?",
    (STATISTICS, RAISES),
    _batch_of_one,
    "One row of ten features has one value for each channel. That has no spread to divide by, and "
    "torch says so with a ValueError. The line that was to be compared never runs. (One picture "
    "has many values for each channel, and passes.)",
)
WITHOUT_RUNNING_STATISTICS = Prediction(
    "without_running_statistics",
    "A BatchNorm layer was made with `track_running_stats=False`. After `eval()`, does a row's "
    "output still depend on the other rows of its batch?",
    (YES, NO),
    _without_running_statistics,
    "Evaluation mode reads the running statistics where there are any. Here there are none, so the "
    "layer goes on using the batch's own.",
)
STATISTICS_UNDER_INFERENCE_MODE = Prediction(
    "statistics_under_inference_mode",
    "You send validation data through a model in `torch.inference_mode()` and forget `eval()`. "
    "What do the running statistics of its BatchNorm layers do?",
    (STAY, MOVE),
    _statistics_under_inference_mode,
    "They are buffers, written in the forward pass. Grad modes do not protect them: the model that "
    "you validate is no longer the one that you trained.",
)
RANDOM_IN_EVALUATION = Prediction(
    "random_in_evaluation",
    "Of all modules in `torch.nn` that could be tried, how many draw random numbers in evaluation "
    "mode?",
    (NONE, SOME),
    _random_in_evaluation,
    "FractionalMaxPool chooses its regions anew at every call and never reads the mode. Among the "
    "activations only RReLU draws, and only in training.",
)
MEMORY = Prediction(
    "memory_and_bits",
    "Between two calls a program allocates and frees tensors, so that inputs and outputs lie at "
    "other addresses. Does a small model's output change?",
    (YES, NO),
    _memory,
    "An address is no operand. Fragmented memory can cost time or run out; torch places its "
    "tensors on aligned addresses, where the same kernel does the same steps.",
)
PREDICTIONS = (
    FLAGS_ON_LINEAR,
    NO_GRAD_AND_DROPOUT,
    FUNCTION_IN_EVAL,
    WEIGHTS_WITHOUT_THE_LAYER,
    SHIFTED_DRAWS,
    SAME_BATCH_TWICE,
    BATCH_OF_ONE,
    WITHOUT_RUNNING_STATISTICS,
    STATISTICS_UNDER_INFERENCE_MODE,
    RANDOM_IN_EVALUATION,
    MEMORY,
)
