# %% [markdown]
# # Some GPU operations add in the order of arrival; most repeat in every bit
#
# "GPUs are not deterministic" is too simple. Most operations give the same bits in every run, some
# do not, and each switch reaches only some of those. Here you see which, measured one by one.
#
# About 45 minutes. You will be able to
#
# - tell *varies from run to run* from *changes with the algorithm, the batch or the device*;
# - say which switch reaches which operation, and which operations raise instead;
# - repeat and compare an operation of your own, and say how far apart its results are.
#
# You need no GPU. Where this machine has none, explorers that need one show what was **recorded**
# on one, and so do predictions: the line below a figure says which GPU, and when. Where there is
# one, they run live.

# %%
import torch

from workbook.causes import cudnn
from workbook.explorer import explore
from workbook.lesson import check, hint, predict, solution

# %% [markdown]
# ## A program that flips flags
#
# A program wants to show how non-deterministic PyTorch is by default. Before you run it, look for
# what it compares.

# %%
predict(cudnn.WHAT_IT_PRINTS)

# %%
model = torch.nn.Sequential(torch.nn.Linear(10, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
x, outputs = torch.rand(1, 10), []
for deterministic in (False, True):
    with torch.backends.cudnn.flags(deterministic=deterministic, benchmark=False):
        outputs.append(model(x))
print("difference:", (outputs[0] - outputs[1]).abs().max().item())

# %% [markdown]
# Two things are missing: an operation that cuDNN computes, and a GPU. A second program does use the
# GPU: it runs one seeded Linear layer on the GPU, on the CPU, and on the GPU again, prints the
# outputs and calls them different. Below, weights and inputs of both programs are drawn once and
# copied, and under them stands a convolution, which cuDNN does compute. Equal letters are equal
# bits.

# %%
explore(cudnn.FLAGGED, device="cuda", repeats=30)

# %% [markdown]
# The Linear layers give one result under every pair of flags. The CPU may round other last bits:
# another device, another order of additions. And the flags do reach the gradient of a convolution.
# (`deterministic` restricts cuDNN to algorithms that repeat; `benchmark` lets it time several and
# take the fastest.)

# %% [markdown]
# ## The mechanism: who adds first
#
# Why would the same kernel on the same inputs give other bits? Threads that add to one place use an
# **atomic** addition: none is lost, and whoever arrives first is added first.

# %%
predict(cudnn.IN_ORDER_OF_ARRIVAL)

# %%
explore(cudnn.ARRIVAL)

# %% [markdown]
# This runs on your CPU. The orders come from a script, so that they repeat; choose *threads that
# race* and real threads decide. **Cure:** add in an order that does not depend on arrival, as the
# line does. It costs a sort, or a second pass.
#
# A sum over a whole tensor needs no atomics. It follows a fixed tree: each thread adds its own
# numbers (a *lane*), neighbors form *blocks*, and partial sums are combined in pairs.

# %%
explore(cudnn.TREE)

# %% [markdown]
# The bars count how many additions each number goes through: every one of them rounds. Choose
# *pairwise*, and no number takes part in more than a few. Raise *lanes* and *block* to build the
# tree of a real kernel; then choose `bfloat16` as the accumulator, to see why kernels accumulate in
# `float32`. A tree is an order: it repeats, and another tree gives other bits.
#
# Who chooses the tree? The library, from the number of threads, the layout in memory, and the size
# of the batch:

# %%
explore(cudnn.DIVISION)

# %% [markdown]
# Go through *threads*, *layout* and *batch*. Whether bits change depends on the machine, and so does
# how many. None of it is random: the same division gives the same bits again.

# %% [markdown]
# ## Repeat and compare
#
# The test is short: call an operation many times on the same inputs and count distinct results.

# %%
numbers = torch.rand(10_000)
found = cudnn.repeat(lambda: numbers.cumsum(0), 50)
print("distinct results:", found.distinct)

# %% [markdown]
# `repeat` compares on the device and waits for it once, at the end. Waiting after every call would
# slow a GPU down, and might even hide a race. Two numbers say how far results are apart: **V_c**,
# the share of elements that differ, and **V_ermv**, the mean of |A − B| / |A|.

# %%
predict(cudnn.WHICH_VARIES)

# %%
explore(cudnn.CATALOGUE, device="cuda", repeats=64)

# %% [markdown]
# Go through the families. The columns answer four different questions:
#
# - **run to run**: do repeats on the same inputs differ? This alone is non-determinism.
# - **algorithm**: do other bits come from another algorithm (another switch or back end)?
# - **batch**: does a row get other bits alone than in a batch?
# - **device**: are the bits other than the CPU's?
#
# What varies has atomics in common: writing by index, and gradients of what reads one number more
# than once. Rows with *duplicates* are worse than rounding: several values are written to one
# place, and the last one wins. No switch should be needed there; the program is ambiguous.
# Products, norms and softmax repeat in every run, yet their last bits may be other than the CPU's.

# %% [markdown]
# ## What the switches do

# %%
predict(cudnn.CUDNN_REPAIRS)

# %%
explore(cudnn.SWITCHES, device="cuda", repeats=64)

# %% [markdown]
# Choose *convolution*: there `cudnn.deterministic` repairs what varies, and there only, because
# these are cuDNN's own operations. `use_deterministic_algorithms(True)` reaches all of torch. It
# repairs an operation, at a price that you can read off, or it raises. `cudnn.benchmark` repairs
# nothing: it may choose another algorithm, and its choice depends on measured times.
#
# Torch's documentation lists the operations that raise. Is that the list of those that vary?

# %%
predict(cudnn.TWO_LISTS_OR_ONE)

# %%
explore(cudnn.DOCUMENTED, family="every operation", device="cuda", repeats=64)

# %% [markdown]
# The figure shows rows where the list in your torch's own docstring (or in that of the recording)
# and a call disagree, and rows that raise although they never varied. So read an error as "may
# vary", and measure. On your CPU the same switch raises too:

# %%
torch.use_deterministic_algorithms(True)
try:
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
except RuntimeError as error:
    print("does not have a deterministic implementation" in str(error))
torch.use_deterministic_algorithms(False)

# %% [markdown]
# Older versions of torch also raised for matrix products, unless the environment variable
# `CUBLAS_WORKSPACE_CONFIG` was set. Set it before CUDA starts; a running process reads it no more.

# %% [markdown]
# ## Six trainings from one seed

# %%
predict(cudnn.SIX_TRAININGS)

# %%
explore(cudnn.TRAINING, device="cuda", steps=200, batch_size=64)

# %% [markdown]
# The first step parts the runs by rounding; training enlarges the gap. One switch suffices here,
# because the gradient that varies is cuDNN's. With *all deterministic* the network raises: its
# `adaptive_avg_pool2d` is on the list, although it never varied. Choose *avg_pool2d*, which
# computes the same average here, and it trains. The time of the settings hardly differs here.
#
# A seed is no cure: it fixes what is drawn, not who adds first.

# %% [markdown]
# ## Fewer digits on purpose
#
# TF32 is a format for the inputs of products: the range of `float32`, with 11 bits of its 24. It
# varies nothing from run to run. It changes the result, and it has two switches.

# %%
predict(cudnn.WHO_USES_TF32)

# %%
explore(cudnn.TF32, device="cuda", size=1024)

# %% [markdown]
# `torch.set_float32_matmul_precision` is for matrix products, `torch.backends.cudnn.allow_tf32` for
# convolutions. *Rounded by hand* rounds the inputs on the CPU and multiplies in `float32`: what TF32
# costs is the rounding of the inputs. Choose the device *cpu*: there it is the only one that stands
# out, unless your CPU has such a mode, too.

# %% [markdown]
# ## Memory and streams
#
# Fragmented memory and work on several streams are often blamed.

# %%
predict(cudnn.FRAGMENTED)

# %%
explore(cudnn.CIRCUMSTANCES, device="cuda")

# %% [markdown]
# An address is no operand, and kernels on one stream run in the order in which they were started.
# Only a view that starts in the middle of a tensor can matter: kernels that load four numbers at a
# time must treat the first ones apart, which is another order.

# %% [markdown]
# ## Your turn
#
# Replace each `...`, run the cell, then the check below it.


# %%
def v_c(a, b): ...  # the share of elements that differ


check(cudnn.SHARE_THAT_DIFFERS, v_c)


# %%
def add(index, values): ...  # eight totals, whatever the order of the pairs


check(cudnn.ANY_ORDER_OF_ARRIVAL, add)

# %% [markdown]
# A model on a GPU adds with `index_add`, and two runs from one seed differ. Which line mends it?
#
# - `torch.manual_seed(0)`
# - `torch.backends.cudnn.deterministic = True`
# - `torch.backends.cudnn.benchmark = False`
# - `torch.use_deterministic_algorithms(True)`

# %%
line = ...  # the line that makes index_add on a GPU repeat, as text
check(cudnn.WHICH_SWITCH, line)

# %%
hint(cudnn.ANY_ORDER_OF_ARRIVAL, 1)

# %%
solution(cudnn.ANY_ORDER_OF_ARRIVAL)

# %% [markdown]
# ## What we saw
#
# - We asked four questions apart: variation from run to run, and changes with the algorithm, the
#   batch and the device. Only the first is non-determinism, and most operations are free of it.
# - We saw what each switch reaches: cuDNN's flags cuDNN's operations, deterministic algorithms all
#   of torch; they repair or raise, and the list of what raises is not the list of what varies.
# - We repeated and compared, and measured how far results were apart: rounding, except where
#   duplicates made the program itself ambiguous, and where training enlarged it.
#
# Next: [06 Linear layers and seeds](06_linear_init.ipynb).
