# %% [markdown]
# # A gradient depends on what was recorded, and on how its parts were added
#
# `no_grad()` is often recommended for reproducibility. We look at what it changes and what it does
# not, and at what changes a gradient. A **kernel** is the routine that does the arithmetic of an
# operation.
#
# About {minutes} minutes. You will be able to
#
# - say what `no_grad()` changes in a forward pass, what it does not, and why;
# - find the change that made a gradient wrong, also where nothing raised;
# - cut a batch into micro-batches without changing the gradient by more than rounding.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch

from workbook.causes import autograd
from workbook.explorer import explore
from workbook.lesson import attempt, check, hint, investigate, predict, solution

# %% [markdown]
# ## Does recording change the forward pass?
#
# Autograd **records**: it notes each operation on a tensor that requires gradients, so that
# `backward()` can go back through them. `no_grad()` and `inference_mode()` switch that off; together
# with recording they are the three **grad modes**.

# %%
layer, x = torch.nn.Linear(8, 8), torch.rand(5, 8)
with torch.no_grad():
    unrecorded = layer(x)
print(torch.equal(layer(x), unrecorded), unrecorded.requires_grad)

# %% [markdown]
# The forward pass computes the same numbers. Recording keeps a note of each operation for the
# backward pass; the note is not an operand. Now a larger module. For some modules torch has a **fast path**:
# one kernel for all of their steps, taken where it is allowed and where it can be.

# %%
predict(autograd.TRANSFORMER_NO_GRAD)

# %%
explore(autograd.WITHOUT_GRADIENTS, after=autograd.TRANSFORMER_NO_GRAD)

# %% [markdown] tags=["answer"]
# This module looks at the grad mode before it chooses how to compute. Without gradients, a **fused**
# kernel may compute the whole layer at once, and so in another order. Untick *fast path allowed*, and
# every bit is equal again: the kernel was the cause, and the grad mode chose it. (The LSTM
# and the mask have no fast path, so that the box changes nothing there.) Neither result is the
# better one: both are as near to `float64`'s. **Cure:** evaluate in one grad mode everywhere, or call
# `torch.backends.mha.set_fastpath_enabled(False)`.
#
# And `no_grad()` is not `eval()`. It does not switch dropout off and does not stop the running
# statistics of BatchNorm; that is [chapter 04](04_eval_mode.ipynb).

# %% [markdown]
# ## Gradients through what was not recorded
#
# What if gradients are asked for that `no_grad()` did not record?

# %%
predict(autograd.AFTER_NO_GRAD)

# %% tags=["answer"]
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
with torch.no_grad():
    y = x * 2
print("backward(), and x.grad then:")
print(attempt(lambda: y.sum().backward()))
print(x.grad)

# %% [markdown] tags=["answer"]
# The message is exact: the sum has no `grad_fn`, no note of how it came about. **Cure:** compute
# what needs a gradient outside of `no_grad()`.

# %% [markdown]
# ## A write after the forward pass
#
# The backward pass needs some values again. To notice when one was overwritten, autograd counts the
# **versions** of each tensor. [Chapter 02](02_in_place.ipynb) goes around that counter; so does a write
# through `.data`.

# %%
predict(autograd.WRITTEN_THROUGH_DATA)

# %% tags=["answer"]
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * x
x.data.mul_(2)
y.sum().backward()
print("Doubled through .data:")
print("y was", y.tolist(), "so x.grad should be [2, 4, 6]; it is", x.grad.tolist())

# %%
explore(autograd.NOT_RECORDED, after=autograd.WRITTEN_THROUGH_DATA)

# %% [markdown] tags=["answer"]
# What raises is the good case. (In `x + x.detach()` the detached x counts as a constant, so 1 is the right
# slope.) A write through `.data` or NumPy moves no counter, so nothing raises
# and the gradient is wrong. **Cure:** change parameters under `no_grad()` with in-place operations,
# which do move the counter.

# %% [markdown]
# ## A line that is easily forgotten
#
# A training step calls `zero_grad()`, `backward()` and `step()`. Here is what happens without the
# first of them:

# %%
w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (3 * w).backward()
    print(w.grad.item())

# %% [markdown]
# `backward()` *adds* to what `.grad` holds. At first that is nothing; from then on each step would use
# the sum of all gradients so far. This is no rounding and no chance; it repeats in every
# bit. **Cure:** `optimizer.zero_grad()` before `backward()`.
#
# Sometimes adding is what you want: a batch that does not fit into memory is cut into
# **micro-batches**, and their gradients are added.

# %%
explore(autograd.MICRO_BATCHES)

# %% [markdown]
# Divided by the number of *all* rows, the difference is rounding: the same products were added in
# another order. Now choose the *mean of the batches' means*. As long as all parts are equally long,
# it stays rounding. Move *micro-batches* to a number that does not divide the rows, and in `float32` the
# bound is broken (in `bfloat16` it is too wide to notice): that is a fault, because each row of a short part counts for more. The commonest form of this
# fault is *each batch's mean, undivided*: then the gradient is as many times too large as there are
# parts. **Cure:** add up sums, and divide once, by the number of all rows.

# %% [markdown]
# ## In which order?
#
# Where several branches of a network use the same weights, their gradients are added, too.

# %%
predict(autograd.WHICH_ORDER)

# %%
explore(autograd.GRADIENT_ORDER, after=autograd.WHICH_ORDER)

# %% [markdown] tags=["answer"]
# Points at one height are one gradient, equal in every bit. Set *changed* to *nothing*, and all points
# lie at one height: this program, repeated, gave the same bits. The order of the backward pass comes
# from the program, so moving two lines that do not depend on each other can change the last bits of
# a training run. **Cure:** keep the order in which branches are made, or compare
# gradients by a bound.
#
# Two suspects that the ledger acquits: **clipping**, which scales a gradient down to a given norm, and
# weight normalization, which writes a weight as a length times a direction. Each adds a few roundings
# and keeps relative differences as they are (`python -m workbook claims --chapter 03` measures both).

# %% [markdown]
# ## One weight in two formats
#
# Inside an `autocast` block torch computes matrix products in a short format. For that it converts
# `float32` operands, the weights too.

# %%
predict(autograd.WHICH_WEIGHT)

# %%
explore(autograd.AUTOCAST_WEIGHT, after=autograd.WHICH_WEIGHT)

# %% [markdown] tags=["answer"]
# Operands are converted each time, except one kind, whose converted copies autocast keeps: `float32`
# leaf tensors that require gradients, that is, weights. The kept copies outlive a change of the
# original. Choose *between two autocast blocks*: the copies end with their block. **Cure:**
# update weights outside of the block, or pass `cache_enabled=False`.

# %% [markdown]
# ## Your turn
#
# Replace each `...`, run the cell, and read what the check says.
#
# **First:** the gradient of the mean squared error of `x @ weights - y` over all rows, added up
# from micro-batches of 5 rows. The last one may be shorter.


# %%
def micro(x, y, weights): ...


check(autograd.MICRO_GRADIENT, micro)

# %%
hint(autograd.MICRO_GRADIENT, 1)

# %%
solution(autograd.MICRO_GRADIENT)

# %% [markdown]
# **Second:** this training takes its gradient from micro-batches, and ends with other weights than that
# of the whole batch. It has two faults. Repair it; leave the steps and their size as they are.


# %%
def fit(x, y, weights):
    w = weights.clone().requires_grad_()
    for _ in range(30):
        for xs, ys in zip(x.split(5), y.split(5), strict=True):
            (xs @ w - ys).square().mean().backward()
        with torch.no_grad():
            w -= 0.05 * w.grad
    return w.detach()


check(autograd.REPAIR_TRAINING, fit)

# %%
hint(autograd.REPAIR_TRAINING, 1)

# %%
solution(autograd.REPAIR_TRAINING)

# %% [markdown]
# **Third:** twice a tensor, kept out of the gradient, without touching the tensor itself.


# %%
def doubled(x): ...


check(autograd.OUT_OF_THE_GRADIENT, doubled)

# %%
hint(autograd.OUT_OF_THE_GRADIENT, 1)

# %%
solution(autograd.OUT_OF_THE_GRADIENT)

# %% [markdown]
# ## A case
#
# Six suspects, and three trials. Before each, say what you would see if a suspect were guilty.

# %%
investigate(autograd.MICRO_TEXTS)

# %% [markdown]
# ## What we saw
#
# - `no_grad()` changed no bit, except where it let torch choose a second kernel; and then the
#   results were equally good.
# - We found gradients that were wrong without an error: by a write that autograd could not see, by
#   gradients that nobody cleared, by means of unequal parts.
# - We cut batches and reordered branches, and the gradients stayed within the derived bound.
#
# Settled here: `no_grad()` makes nothing more reproducible, and adding gradients is as stable as any
# sum. `python -m workbook claims --chapter 03` measures all claims about autograd.
#
# Next: [04 Evaluation mode](04_eval_mode.ipynb).
#
# **Read on:** A. Griewank and A. Walther, *Evaluating Derivatives*, 2nd edition, SIAM 2008. P.
# Micikevicius and others, *Mixed Precision Training*, ICLR 2018. PyTorch: the notes on autograd
# mechanics and on automatic mixed precision.
