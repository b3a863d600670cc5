# %% [markdown]
# # Recording gradients leaves the numbers alone, but it can choose the kernel
#
# `no_grad()` is often recommended for reproducibility. We look at what it changes, what it does
# not, and where gradients really lose bits: in the order in which they are added.
#
# About 35 minutes. You will be able to
#
# - say when `no_grad()` changes an output, by how much, and why;
# - find the change that made a gradient wrong, also where nothing raised;
# - cut a batch into micro-batches without changing the gradient by more than rounding.
#
# Run all cells first (*Run → Run All Cells*). Every figure with controls is then live.

# %%
import torch

from workbook.causes import autograd
from workbook.explorer import explore
from workbook.lesson import check, hint, predict, solution

# %% [markdown]
# ## Does recording change the forward pass?
#
# Autograd **records**: it notes each operation on a tensor that requires gradients, so that
# `backward()` can go back through them. `no_grad()` and `inference_mode()` switch that off.

# %%
predict(autograd.LINEAR_NO_GRAD)

# %%
layer, x = torch.nn.Linear(8, 8), torch.rand(5, 8)
with torch.no_grad():
    unrecorded = layer(x)
print(torch.equal(layer(x), unrecorded), unrecorded.requires_grad)

# %% [markdown]
# One layer proves little. Here are twenty modules, each with the same weights, input and draws in
# all three grad modes:

# %%
explore(autograd.FORWARD_MODES)

# %% [markdown]
# Choose *eval*. The Transformer layer now joins the list (and on some machines the LSTM was there
# before).

# %%
predict(autograd.TRANSFORMER_NO_GRAD)

# %%
explore(autograd.KERNEL_CHOICE)

# %% [markdown]
# Forbid the *fused kernel* and every bit is equal again: the kernel was the cause, not the grad
# mode. Neither result is the better one; compare both with the exact result. **Cure:** use one
# grad mode everywhere, or `torch.backends.mha.set_fastpath_enabled(False)`.
#
# `no_grad()` is not `eval()`. It does not switch dropout off and does not stop the running
# statistics of BatchNorm; that is [chapter 04](04_eval_mode.ipynb).

# %% [markdown]
# ## An error that says what is missing
#
# A program computes under `no_grad()` and then asks for gradients.

# %%
predict(autograd.AFTER_NO_GRAD)

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
with torch.no_grad():
    y = x * 2
try:
    y.sum().backward()
except RuntimeError as error:
    print(error, "and x.grad is", x.grad)

# %% [markdown]
# The message is exact: the sum has no `grad_fn`, no note of how it came about. **Cure:** compute
# what needs a gradient outside of `no_grad()`.
#
# Autograd also counts the **versions** of each tensor, to notice when a value that the backward
# pass needs was overwritten.

# %%
predict(autograd.ROUND_THE_COUNTER)

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * x
x.data.mul_(2)
y.sum().backward()
print("y was", y.tolist(), "so x.grad should be [2, 4, 6]; it is", x.grad.tolist())

# %%
explore(autograd.CUT_GRAPH)

# %% [markdown]
# What raises is the good case. A write through `.data` or NumPy is seen by nobody. **Cure:** change
# parameters under `no_grad()` with in-place operations, which do raise the counter.

# %% [markdown]
# ## Gradients add up

# %%
predict(autograd.NEVER_CLEARED)

# %%
w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (3 * w).backward()
    print(w.grad.item())

# %%
explore(autograd.ACCUMULATION)

# %% [markdown]
# This is no rounding and no chance; it repeats in every bit. **Cure:** `optimizer.zero_grad()`
# before `backward()`.
#
# Wanted accumulation is another matter: a batch that does not fit into memory is cut into
# **micro-batches**, and their gradients are added.

# %%
explore(autograd.MICRO_BATCHES)

# %% [markdown]
# Divided by the number of *all* rows, the difference is rounding: the same products were added in
# another order. Now choose the *mean of the batches' means*. As long as all parts are equally long,
# nothing happens. Move *micro-batches* to a number that does not divide the rows, and the bound is
# broken: that is a fault, not rounding.

# %% [markdown]
# ## In which order?

# %%
predict(autograd.WHICH_ORDER)

# %%
explore(autograd.GRADIENT_ORDER)

# %% [markdown]
# Choose *nothing* as what changes: the same program repeated gives the same bits. The backward pass
# is deterministic here. Its order comes from the program's text, so moving two lines that do not
# depend on each other can change the last bits of a training run.
#
# Does clipping make it worse?

# %%
predict(autograd.CLIPPING_BET)

# %%
explore(autograd.CLIPPING)

# %% [markdown]
# And weight normalization, which writes a weight as a length times a direction?

# %%
explore(autograd.WEIGHT_NORM)

# %% [markdown]
# ## A copy that outlives its original
#
# `autocast` converts `float32` weights to a short format for each operation, and keeps the
# converted copies, to convert each one only once.

# %%
predict(autograd.CACHED_WEIGHT)

# %%
explore(autograd.AUTOCAST_CACHE)

# %% [markdown]
# ## Your turn
#
# Replace each `...`, run the cell, and read what the check says.
#
# **First:** the gradient of the mean squared error of `x @ weights - y` over all rows, added up
# from micro-batches of 5 rows. The last one may be shorter.


# %%
def micro(x, y, weights):
    ...


check(autograd.MICRO_GRADIENT, micro)

# %%
hint(autograd.MICRO_GRADIENT, 1)

# %%
solution(autograd.MICRO_GRADIENT)

# %% [markdown]
# **Second:** twice a tensor, kept out of the gradient, without touching the tensor itself.


# %%
def doubled(x):
    ...


check(autograd.OUT_OF_THE_GRADIENT, doubled)

# %%
hint(autograd.OUT_OF_THE_GRADIENT, 1)

# %%
solution(autograd.OUT_OF_THE_GRADIENT)

# %% [markdown]
# ## What we saw
#
# - `no_grad()` changed no bit, except where it let torch choose a second kernel; and then the
#   results were equally good.
# - We found gradients that were wrong without an error, each time by a write that autograd could
#   not see or by gradients that nobody cleared.
# - We cut batches and reordered branches, and the gradients stayed within the derived bound.
#
# Next: [04 Evaluation mode](04_eval_mode.ipynb).
