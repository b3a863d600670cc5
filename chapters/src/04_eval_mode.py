# %% [markdown]
# # A model has a mode, and a forgotten mode looks like chance
#
# One input, one model, and other outputs at each call or in each batch: most often a layer is in
# training mode. Only a handful of layers have two modes at all. Here you find out which, and what
# switches them.
#
# About {minutes} minutes. You will be able to
#
# - say which of `eval()`, `no_grad()` and `inference_mode()` changes what;
# - tell a layer that *draws* from one that *depends on its batch* or *changes its own state*;
# - find the factor that a program forgot, before you believe what it shows.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from workbook.causes import eval_mode
from workbook.explorer import explore
from workbook.lesson import attempt, check, claim, hint, investigate, predict, solution

# %% [markdown]
# ## An output that will not hold still
#
# **Dropout** sets each of its entries to 0 with probability `p`, each by a draw of its own, so that
# training does not rely on single units. The same input twice:

# %%
model = nn.Sequential(nn.Linear(8, 64), nn.Dropout(0.5), nn.Linear(64, 4))
x = torch.rand(1, 8)
print("same output twice:", torch.equal(model(x), model(x)))

# %% [markdown]
# A new model is in training mode. Two cures are often named: `no_grad()` and `eval()`.

# %%
predict(eval_mode.NO_GRAD_AND_DROPOUT)

# %% tags=["answer"]
print("The same input twice:")
with torch.no_grad():
    print("same output twice:", torch.equal(model(x), model(x)))
model.eval()
print("same output twice, eval():", torch.equal(model(x), model(x)))

# %% [markdown]
# Some models call the function instead of the module.

# %%
predict(eval_mode.FUNCTION_IN_EVAL)

# %%
explore(eval_mode.SWITCHES, after=eval_mode.FUNCTION_IN_EVAL)

# %% [markdown] tags=["answer"]
# The last column compares with the same model without its dropout. The mode is an attribute,
# `training`, of every module: `train()` and `eval()` set it, and dropout reads it. Grad modes are
# something else: they decide whether `backward()` will be possible.
#
# Switch on *seed before each pass*: the output repeats, and is still not what the model gives without
# dropout. A seed makes chance repeatable; it does not take it out. **Cure:** `model.eval()` before
# you use a model, `model.train()` before you train on, and `training=self.training` for every
# `F.dropout`.

# %% [markdown]
# ## What training did to the values
#
# About half of the entries become 0. The others are not what they were, either:

# %%
print(nn.Dropout(0.5)(torch.ones(100)).unique())

# %% [markdown]
# The entries that are kept are multiplied by `1/(1 − p)`, so that the sum that reaches the next layer
# stays what it was, up to chance. Evaluation mode has nothing left to repair: it hands its input on, the very same tensor. (Early
# papers scaled at evaluation instead. Torch does it in training: *inverted* dropout.)

# %% [markdown]
# ## The layer is taken out
#
# To undo what dropout did, a program removes the layer before it uses the model. What becomes of the
# weights?

# %%
predict(eval_mode.WEIGHTS_WITHOUT_THE_LAYER)

# %% tags=["answer"]
print("Loaded into the smaller model:")
trained = nn.Sequential(nn.Linear(10, 5), nn.Dropout(0.5), nn.Linear(5, 1))
smaller = nn.Sequential(nn.Linear(10, 5), nn.Linear(5, 1))
print(attempt(lambda: smaller.load_state_dict(trained.state_dict())))

# %%
explore(eval_mode.REMOVED_LAYER, after=eval_mode.WEIGHTS_WITHOUT_THE_LAYER)

# %% [markdown] tags=["answer"]
# There was nothing to undo. The first row shows it: evaluation mode gives, in every bit, what the two
# Linear layers give without anything between them.
#
# Look at *left out, strict=False*. It silences the error, the second layer keeps the weights it was
# born with, and nothing says so. Even the call that raises has loaded the first layer already.
# **Cure:** leave the layer in. If it has to go, `nn.Identity()` keeps its place.

# %% [markdown]
# ## What is drawn after a dropout
#
# Torch's draws on the CPU come from one **stream** of random numbers, which the seed starts. Two runs
# have the same seed; in one of them a dropout layer is in evaluation mode.

# %%
after = []
for training in (True, False):
    torch.manual_seed(0)
    nn.Dropout(0.5).train(training)(torch.ones(4))
    after.append(torch.rand(4))
print("the same numbers afterwards:", torch.equal(*after))

# %% [markdown]
# A layer that draws nothing leaves its numbers to whoever comes next. How many numbers a layer takes
# depends on the version of torch and the machine; *that* the rest shifts does not.
# [Chapter 06](06_linear_init.ipynb) follows such shifts number by number.
#
# So two runs with one seed can part because somebody put a layer into evaluation mode, far from where
# it shows. **Cure:** give data its own `torch.Generator`, and seed again before what must not move.

# %% [markdown]
# ## BatchNorm and its batch
#
# **BatchNorm** subtracts a mean from each feature and divides by a standard deviation. In training
# mode both come from the batch. It is often listed among the random layers.

# %%
predict(eval_mode.SAME_BATCH_TWICE)

# %% tags=["answer"]
print("The same rows again, in training mode:")
norm, batch = nn.BatchNorm1d(3), torch.rand(8, 3)
print("same batch twice:", torch.equal(norm(batch), norm(batch)))
print("first row, other batch:", torch.equal(norm(batch)[0], norm(batch[:4])[0]))

# %% [markdown] tags=["answer"]
# It is not random, but a row's output depends on the other rows.

# %% [markdown]
# To show the harm of a forgotten `eval()`, a program calls the layer with a single row.

# %%
predict(eval_mode.BATCH_OF_ONE)

# %% tags=["answer"]
print("A batch of one row:")
print(attempt(lambda: norm(torch.rand(1, 3))))

# %% [markdown] tags=["answer"]
# One value for each channel has no spread to divide by, so that program shows an error and nothing
# else. A picture has many values for each channel: `nn.BatchNorm2d(3)` takes a batch of one picture of
# more than one pixel, and normalizes it by that picture's own statistics. **Cure:** test with a batch
# of the size that you train with.

# %% [markdown]
# In evaluation mode the layer takes its **running statistics** instead: averages that it kept while
# training. Unless it was told not to keep any.

# %%
predict(eval_mode.WITHOUT_RUNNING_STATISTICS)

# %%
explore(eval_mode.BATCH_MATES, after=eval_mode.WITHOUT_RUNNING_STATISTICS)

# %% [markdown] tags=["answer"]
# A column is a size of the batch. *Eval(), nothing tracked* is BatchNorm with
# `track_running_stats=False`. **LayerNorm** is the contrast: it takes its statistics from the row
# itself, so it needs neither batch nor running statistics nor mode.
#
# The last row is another matter. On paper a Linear layer treats each row by itself; a matrix
# library may add up in another order for another number of rows. Some machines show a difference
# there and others none. It is rounding, within the bound; the gray line of digits says how
# much, and how many *argmax flips* it made: rows in which another entry became the largest.
#
# **Cure:** `eval()` where a row must not depend on others; and compare a row computed alone with the
# same row in a batch by a bound, not by `==`.

# %% [markdown]
# ## A validation without eval()

# %%
predict(eval_mode.STATISTICS_UNDER_INFERENCE_MODE)

# %% tags=["answer"]
print("After a pass in inference mode:")
norm = nn.BatchNorm1d(3)
with torch.inference_mode():
    print(attempt(lambda: norm(torch.rand(8, 3)).shape))
print("running mean still 0:", norm.running_mean.tolist() == [0.0, 0.0, 0.0])

# %%
explore(eval_mode.RUNNING_STATISTICS, after=eval_mode.STATISTICS_UNDER_INFERENCE_MODE)

# %% [markdown] tags=["answer"]
# The three curves of training mode are one. A model that is validated without `eval()` has changed by
# the end of the validation: the next epoch starts from another model, and the checkpoint holds it.
# **Cure:** `eval()`, as before. No grad mode replaces it.

# %% [markdown]
# ## A running average at its beginning
#
# The *momentum* is the weight of the newest batch in the running average.

# %%
predict(eval_mode.HOW_MANY_BATCHES)

# %% tags=["answer"]
norm, batches = nn.BatchNorm1d(1), 0
while norm.running_mean < 0.95:
    norm(torch.tensor([[0.0], [2.0]]))  # the mean is 1
    batches += 1
print("Batches until the running mean is near:")
print(batches)

# %% [markdown] tags=["answer"]
# Whoever evaluates after a few steps only, or fine-tunes on a small set, reads statistics of which a
# part is no data at all. With a momentum of 1 the layer remembers just the last batch, and still both
# modes are not equal on that batch: training divides the variance by n, which describes this batch,
# and remembers it divided by n − 1, which estimates the spread of all the data.

# %% [markdown]
# ## Every module that torch has
#
# Is there anything else? Ask torch: build each module of `torch.nn`, call it twice in each mode, and
# look at the bits, the stream and the state.

# %%
explore(eval_mode.EVERY_MODULE)

# %% [markdown]
# FractionalMaxPool draws the regions that it pools, and never reads the mode. Choose *activations*:
# all of them repeat, except RReLU, whose slopes are drawn in training. And functions have no mode at
# all:

# %%
logits = torch.zeros(1, 100)
print("the same twice:", torch.equal(F.gumbel_softmax(logits), F.gumbel_softmax(logits)))

# %% [markdown]
# **Cure** for what draws in both modes: a seed before the call.
#
# Without dropout and BatchNorm outputs are sometimes said to be random as well, because of cuDNN's
# flags or of memory. [Chapter 05](05_cudnn.ipynb) tries both.

# %% [markdown]
# ## Settle a claim
#
# A claim of the workbook's ledger. Bet on what the experiment will show; the verdict follows.

# %%
claim("wrapped-names")

# %% [markdown]
# ## Your turn
#
# Replace each `...` and run the cell. A cell that you have not touched counts as not attempted, not
# as wrong. First: `Net` drops half of its input in training mode and nothing in evaluation mode.


# %%
class Net(nn.Module):
    def forward(self, x):
        return ...  # F.dropout of x, in training mode only


check(eval_mode.OBEY_THE_MODE, Net())

# %%
hint(eval_mode.OBEY_THE_MODE, 1)

# %%
solution(eval_mode.OBEY_THE_MODE)

# %% [markdown]
# After `freeze(model)` dropout is active and all weights are trainable, while passes no longer move the
# running statistics of BatchNorm1d. Many people fine-tune like this.


# %%
def freeze(model): ...  # as for training, but BatchNorm1d keeps its running statistics


check(eval_mode.FREEZE_STATISTICS, freeze)

# %%
hint(eval_mode.FREEZE_STATISTICS, 1)

# %%
solution(eval_mode.FREEZE_STATISTICS)

# %% [markdown]
# `remove(model)` takes every Dropout out of an `nn.Sequential`; weights still load into it.


# %%
def remove(model): ...  # the Sequential without Dropout, with the same state_dict keys


check(eval_mode.WITHOUT_DROPOUT, remove)

# %%
hint(eval_mode.WITHOUT_DROPOUT, 1)

# %%
solution(eval_mode.WITHOUT_DROPOUT)

# %% [markdown]
# The last one is a script to repair. It trains, and after each batch it scores rows that were held
# out. The scores jump, and the trained model depends on rows that it was not trained on:
#
# ```python
# def fit(model, batches, held_out):
#     optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
#     scores = []
#     for x, y in batches:
#         loss = F.mse_loss(model(x), y)
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#         with torch.no_grad():
#             scores.append(F.mse_loss(model(held_out[0]), held_out[1]).item())
#     return scores
# ```


# %%
def fit(model, batches, held_out): ...  # the scores; the model is trained in place


check(eval_mode.REPAIR_THE_TRAINING, fit)

# %%
hint(eval_mode.REPAIR_THE_TRAINING, 1)

# %%
solution(eval_mode.REPAIR_THE_TRAINING)

# %% [markdown]
# ## A case
#
# Five suspects, and three trials. You cannot read the model, only try it.

# %%
investigate(eval_mode.BATCH_SIZE)

# %% [markdown]
# ## What we saw
#
# - Evaluation mode turned dropout off and made BatchNorm use its running statistics. `no_grad` and
#   `inference_mode` did neither.
# - Dropout drew, and shifted every later draw; BatchNorm drew nothing, but tied rows together and
#   changed its own state; one pooling layer drew in both modes.
# - We found what programs forgot: keys that moved, a batch of one, a script that never switched, and
#   a layer that no switch could reach.
#
# `python -m workbook claims --chapter 04` measures all claims about inference.
#
# Next: [05 cuDNN](05_cudnn.ipynb).
#
# **Read on:** N. Srivastava and others, *Dropout*, JMLR 15 (2014). S. Ioffe and C. Szegedy, *Batch
# Normalization*, ICML 2015. J. L. Ba and others, *Layer Normalization*, 2016. PyTorch: notes on
# autograd mechanics, the section on evaluation mode.
