# %% [markdown]
# # Equal results show how rare a difference is, not that there is none
#
# The same line, the same inputs, the same process, and sometimes other last bits. Here you see where,
# count how often, and learn what a switch does about it and what it does not.
#
# About {minutes} minutes. You will be able to
#
# - say what a number of equal repeats proves, and how many you need;
# - tell *varies from run to run* from *changes with the algorithm, the batch or the device*;
# - say which switch reaches which operation, and what no switch reaches.
#
# You need no GPU. Where this machine has none, explorers that need one show what was **recorded**
# on one, and so do predictions: the figure says on which GPU and when. Where there is one, they run
# live.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import warnings

import torch

from workbook.causes import cudnn
from workbook.explorer import explore
from workbook.lesson import check, hint, investigate, predict, solution

# %% [markdown]
# ## One step of training, twice
#
# On the [start page](00_start_here.ipynb) six trainings from one seed ended apart where one thing was
# changed. And where nothing is changed? Look in the smallest place, one line on one CPU.

# %%
predict(cudnn.CPU_REPEATS)

# %%
explore(cudnn.ON_ONE_CPU, after=cudnn.CPU_REPEATS)

# %% [markdown] tags=["answer"]
# The last three rows are gradients that a network computes in each step of training: of entries
# that it looked up in a table. Many numbers are added to few places. Several threads share the work,
# and whoever arrives first is added first; each addition rounds, so another order gives other bits.
# With one thread there is one order. Under `torch.use_deterministic_algorithms(True)` torch takes a
# kernel that keeps an order.
#
# Look at the pairs: `index_add_` computes what the adding `index_put_` computes, and
# `index_select` reads what `x[i]` reads. They divide the work by places, not by numbers. **Cure:**
# use them. Compare the times, too.
#
# The first column takes four threads, whatever your machine has. Choose few *elements*: below a
# certain size torch uses one thread, and nothing varies. A test with small tensors cannot see this.

# %% [markdown]
# ## How many repeats prove what
#
# The test is short: run an operation again and again on the same inputs, and count.

# %%
numbers = torch.rand(10_000)
found = cudnn.repeat(lambda: numbers.cumsum(0), 21)
print("other bits:", found.count)

# %% [markdown]
# No repeat differed. What does that prove?

# %%
predict(cudnn.HOW_RARE)

# %%
explore(cudnn.COIN, after=cudnn.HOW_RARE)

# %% [markdown] tags=["answer"]
# This coin is simulated, so that its rate is known. Each point is a rate, and its height is the
# share of people who repeated so often and saw no difference. Below the line it is less than one in
# twenty: there you may say, with 95 % confidence, that the rate is smaller.
#
# The **rule of three**: *n* equal repeats show that another result comes in fewer than about 3/*n*
# of all runs. One different result proves that something varies; equal ones never prove that
# nothing does. So this chapter writes *not in* so many repeats, and not *never*.
#
# Repeats count only if what might vary can vary between them. Within one process the threads, the
# addresses and the chosen algorithm may stay as they are: then start new processes, too.

# %% [markdown]
# ## On a GPU
#
# A GPU has thousands of threads in place of a few. Now we ask many operations the same question.

# %%
predict(cudnn.WHICH_VARIES)

# %%
explore(cudnn.CATALOGUE, after=cudnn.WHICH_VARIES, device="cuda", repeats=299)

# %% [markdown] tags=["answer"]
# Go through the families. On a *cpu* this figure takes one thread, where the first figure of the chapter
# compared eight with one: that, and nothing else, is why adding by index varied there and does not here.
# The columns answer four different questions:
#
# - **other bits**: in how many repeats did the result differ from the first? Only this is variation
#   from run to run. **V_c** is the share of elements that differ, **V_ermv** the mean of
#   |A − B| / |A|. (A recording counts the repeats of an earlier session, too. *results* and the measures
#   beside it are those of one session, its first run included.)
# - **algorithm**: are there other bits with another algorithm (another switch or back end)?
# - **batch**: does a row get other bits alone than in a batch?
# - **device**: are the bits other than the CPU's?
#
# Most of what adds or writes by index varied, and so did most gradients of what reads one number
# more than once: gathering, resampling, padding, overlapping pools. But no rule gets all of it: in
# the recording the sums along one row (`cumsum`), a transposed convolution, a sparse product, one
# loss and the gradients of two kinds of attention varied as well, and some gradients of reading by
# index did not. So measure, and more than once: in one session on this kind of GPU the loss did not
# vary in as many repeats, in two others it did. A count holds for the process in which it was made.
#
# Rows with *duplicates* are worse than rounding: several values are written to one place, and the
# last one wins. There the program itself is ambiguous. And what did not vary, products and norms
# above all, still has other last bits on a GPU than on a CPU.

# %% [markdown]
# ## What the switches do
#
# PyTorch is said to be nondeterministic by default, and this is meant to show it. Look for what is
# compared.

# %%
predict(cudnn.WHAT_IT_PRINTS)

# %% tags=["answer"]
print("The switch off and on, on a CPU:")
model = torch.nn.Sequential(torch.nn.Linear(10, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
x, outputs = torch.rand(1, 10), []
for deterministic in (False, True):
    with torch.backends.cudnn.flags(deterministic=deterministic, benchmark=False):
        outputs.append(model(x))
print("difference:", (outputs[0] - outputs[1]).abs().max().item())

# %% [markdown] tags=["answer"]
# Two things are missing: an operation that cuDNN computes, and a GPU.

# %%
predict(cudnn.WHICH_SETTING)

# %%
explore(cudnn.SWITCHES, after=cudnn.WHICH_SETTING, device="cuda", repeats=299)

# %% [markdown] tags=["answer"]
# Choose *convolution*: `cudnn.deterministic` settles what varied there, and there only, because
# these are cuDNN's own operations. `use_deterministic_algorithms(True)` reaches all of torch: it
# takes another kernel, at a price that you can read off, or it raises. With `warn_only=True` it
# warns in place of raising, and what has no other kernel goes on varying: look for *warn only* in
# *resampling* and *attention*. `cudnn.benchmark` settles nothing: it lets cuDNN time several
# algorithms and take the fastest, and times differ from run to run.

# %% [markdown]
# Torch's documentation lists the operations that raise. Is that the list of those that vary?

# %%
predict(cudnn.TWO_LISTS_OR_ONE)

# %%
explore(
    cudnn.DOCUMENTED,
    after=cudnn.TWO_LISTS_OR_ONE,
    family="every operation",
    device="cuda",
    repeats=299,
)

# %% [markdown] tags=["answer"]
# The figure shows the operations for which the list in torch's docstring and a run disagree, and
# those that raise although no repeat differed. So read the error as "may vary", and measure.

# %% [markdown]
# The same switch works on your CPU. It also fills fresh memory with NaN, so that a program that
# reads what it never wrote is found out:

# %%
torch.use_deterministic_algorithms(True)
try:
    print("fresh memory is NaN:", bool(torch.empty(1000).isnan().all()))
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
except RuntimeError as error:
    print("put_ raises:", "does not have a deterministic implementation" in str(error))
finally:
    torch.use_deterministic_algorithms(False)

# %% [markdown]
# **What it does not reach:** kernels that are not torch's (extensions of your own, Triton, other
# libraries), and collectives between processes, whose order of additions depends on their
# algorithm. Nor does it choose a seed.
#
# `CUBLAS_WORKSPACE_CONFIG`: older versions of torch raise for matrix products under this switch
# until the variable is set, and their error names it. cuBLAS itself needs it only where several
# streams share one workspace. Set it before the process starts to use CUDA; later changes are not
# read.

# %% [markdown]
# ## Six trainings, and which switch they need

# %%
predict(cudnn.MENDED_TRAINING)

# %%
explore(cudnn.TRAINING, after=cudnn.MENDED_TRAINING, device="cuda", steps=200, batch_size=64)

# %% [markdown] tags=["answer"]
# The first step parts the runs by rounding; training enlarges the gap. The gradient that varies is
# cuDNN's, so that its flag suffices. *All deterministic* asks for more: the gradient of
# `adaptive_avg_pool2d` is on the list, although no repeat of it differed, and torch stops there.
# Choose *avg_pool2d*, which computes the same average here, and it trains. The legend gives the
# seconds of each setting. (On a *cpu* it takes a few steps of small batches, or minutes: choose few *steps*
# first.)
#
# A seed is no cure: it fixes what is drawn, not who adds first.

# %% [markdown]
# ## Fewer digits on purpose
#
# TF32 is a format for the inputs of products: the range of `float32`, with 11 bits of its 24. It
# makes nothing vary from run to run. It changes the result, and it has two switches.

# %%
predict(cudnn.WHO_USES_TF32)

# %%
explore(cudnn.TF32, after=cudnn.WHO_USES_TF32, device="cuda", size=1024)

# %% [markdown] tags=["answer"]
# *As it comes* sets no switch. *ieee* and *tf32* are set by `fp32_precision` (of
# `torch.backends.cuda.matmul` for products, of `torch.backends.cudnn.conv` for convolutions, since
# torch 2.9), in an older torch by `set_float32_matmul_precision` and
# `torch.backends.cudnn.allow_tf32`. Use one kind of name: where both are mixed, reading the old one
# raises an error. *medium* lets products round their inputs to `bfloat16`. *By hand* rounds the inputs on the CPU and multiplies in `float32`: what TF32
# costs is the rounding of the inputs. Beside each error stands the bound of the coarsest format that its
# switch may allow. For *as it comes* that is TF32, since nobody chose: so read the error beside it. Where it
# is as small as that of *ieee*, TF32 was not used.

# %% [markdown]
# ## Memory and streams
#
# Fragmented memory and work on several streams are often blamed.

# %%
predict(cudnn.FRAGMENTED)

# %%
explore(cudnn.CIRCUMSTANCES, after=cudnn.FRAGMENTED, device="cuda")

# %% [markdown] tags=["answer"]
# Kernels on one stream run in the order in which they were started. Only a view that starts in the
# middle of a tensor can matter here: kernels that load four numbers at a time must treat the first
# ones apart, which is another order. But this holds where everybody waits.

# %% [markdown]
# ## Copies in the background
#
# A GPU computes while your program goes on, and torch waits where it must. `non_blocking=True` allows a
# copy to go on in the background, too.

# %%
predict(cudnn.READ_AT_ONCE)

# %%
explore(cudnn.ASYNCHRONOUS, after=cudnn.READ_AT_ONCE, device="cuda")

# %% [markdown] tags=["answer"]
# These are the culprits of many flaky tests, and no switch of this chapter finds them. The values
# are not rounded otherwise, they are wrong; and where a race is won, they are right until the
# machine is busy. **Cure:** `torch.cuda.synchronize()` or an event before the host reads;
# `wait_stream` before another stream reads, `record_stream` before its memory is given back. To
# find out whether a wait is missing, run with `CUDA_LAUNCH_BLOCKING=1`: if the difference goes,
# look for one.

# %% [markdown]
# ## Your turn
#
# Replace each `...`, run the cell, then the check below it.


# %%
def v_c(a, b): ...  # the share of elements that differ


check(cudnn.SHARE_THAT_DIFFERS, v_c)

# %%
hint(cudnn.SHARE_THAT_DIFFERS, 1)

# %%
solution(cudnn.SHARE_THAT_DIFFERS)

# %% [markdown]
# A test repeated every bit. What is the smallest number of equal repeats after the first that shows, at
# 95 %, that another result comes in at most 2 of 100 runs?

# %%
n = ...
check(cudnn.HOW_MANY_REPEATS, n)

# %%
hint(cudnn.HOW_MANY_REPEATS, 1)

# %%
solution(cudnn.HOW_MANY_REPEATS)

# %% [markdown]
# `index` and `values` are pairs: the number `values[k]` belongs to the total `index[k]`, one of eight.
# `add` gives the eight totals, in a tensor. Whoever shuffles the pairs, both tensors in the same way,
# must get totals with the same bits.


# %%
def add(index, values): ...  # eight totals, the same bits whatever the order of the pairs


check(cudnn.ANY_ORDER_OF_ARRIVAL, add)

# %%
hint(cudnn.ANY_ORDER_OF_ARRIVAL, 1)

# %%
solution(cudnn.ANY_ORDER_OF_ARRIVAL)

# %% [markdown]
# Where the strict switch raises, ask torch to warn instead, and read whom it names. Python collects
# warnings so:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("the loader is slow", stacklevel=1)
print([str(each.message) for each in caught])

# %% [markdown]
# `named(step)` calls `step()` once and gives the name with which torch's first warning of the kind
# begins, or an empty text. (A CPU has few operations without another kernel; the check uses them.)


# %%
def named(step): ...  # the name in torch's first warning


check(cudnn.NAMED_IN_A_WARNING, named)

# %%
hint(cudnn.NAMED_IN_A_WARNING, 1)

# %%
solution(cudnn.NAMED_IN_A_WARNING)

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. What torch does by default does not decide it: the machines of the case
# have settings of their own. What each trial shows was recorded on a GPU.

# %%
investigate(cudnn.ON_THE_GPU)

# %% [markdown]
# ## What we saw
#
# - We counted repeats, and said what they prove: one difference settles it, *n* equal ones leave
#   up to 3/*n* possible.
# - We asked four questions apart: variation from run to run, and changes with the algorithm, the
#   batch and the device. Only the first is nondeterminism, and a CPU shows it, too.
# - We saw what each switch reaches: cuDNN's flag cuDNN's operations, deterministic algorithms all
#   of torch, by another kernel or an error; and neither of them a missing wait.
#
# Next: [06 Linear layers and seeds](06_linear_init.ipynb).
#
# **Read on:** S. Shanmugavelu and others, *Impacts of floating-point non-associativity on
# reproducibility for HPC and deep learning applications*, arXiv 2408.05148 (V_c and V_ermv).
# J. A. Hanley and A. Lippman-Hand, *If nothing goes wrong, is everything all right?*, JAMA 249
# (1983) (the rule of three). PyTorch: notes on reproducibility, and on CUDA semantics (TF32,
# asynchronous execution, streams).
