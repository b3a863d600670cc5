# %% [markdown]
# # A run goes on as another run, and nothing reports it
#
# The job was stopped and resumed, or compiled, or spread over two GPUs. Seed and program are the same,
# and the numbers are not. Here you find out which part of a run was left behind, and which differences
# no checkpoint and no seed can take away.
#
# About {minutes} minutes, and {optional} more for the section that is marked as optional. You will be able to
#
# - write a checkpoint after which a run goes on in every bit, and test that it does;
# - say what workers, a compiler and several ranks change, and which of it is rounding;
# - find the fault in a mean over ranks that nothing checks.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import copy

import numpy as np
import torch
from torch import nn

from workbook.causes import another_run
from workbook.explorer import explore
from workbook.lesson import check, hint, investigate, predict, solution

# %% [markdown]
# ## Stopped, and continued
#
# A small network learns in four epochs of three batches each. It is stopped after the fourth batch. All
# that it holds is saved, the program is started again, and what was saved is loaded. Then it is done
# again and again, each time with one part left out.

# %%
predict(another_run.LEAVES_NO_TRACE)

# %%
explore(another_run.RESUMED, after=another_run.LEAVES_NO_TRACE)

# %% [markdown] tags=["answer"]
# Look at the first row: with everything restored the run goes on in every bit. So an exact resume can
# be had, and tested: *train six, stop, train six* against *train twelve*.
#
# Now move *stop after* to 6, the end of an epoch. Three parts leave no trace there. A checkpoint that
# lacks them passes a test at the end of an epoch, and fails on the night when the job is stopped in the
# middle of one. Choose *SGD*, and even the optimizer can be left out: without momentum it remembers
# nothing but its learning rate.
#
# The scaler leaves no trace as long as nothing overflows. Choose gradients *rounded to float16*, stopped
# after 4: now it has to find its size by failing. Started anew it fails again, and skips steps that the
# run without a stop has taken.

# %%
predict(another_run.SEEDED_AGAIN)

# %% [markdown]
# **Cure:** save the model, the optimizer, the schedule, the scaler, every generator's state, and the
# place in the data. `torch.get_rng_state()` is one generator; NumPy, `random` and each GPU have their
# own. Its price is a few kilobytes.
#
# One trap is left. What does `state_dict()` give?

# %%
layer = nn.Linear(2, 1)
kept = layer.state_dict()
print("a copy:", kept["weight"].data_ptr() != layer.weight.data_ptr())

# %% [markdown]
# Write the checkpoint. Replace `...` and run the cell.

# %%


def checkpoint(model, optimizer, generator): ...  # keys: model, optimizer, generator, torch


check(another_run.EXACT_RESUME, checkpoint)

# %%
hint(another_run.EXACT_RESUME, 1)

# %%
solution(another_run.EXACT_RESUME)

# %% [markdown]
# ## Other hands that load the data
#
# `num_workers` looks like a matter of speed. Each worker is a process that gets some of the items, and
# its generator begins with a seed of its own.

# %%
predict(another_run.TWICE_THE_WORKERS)

# %%
explore(another_run.WORKERS, after=another_run.TWICE_THE_WORKERS)

# %% [markdown] tags=["answer"]
# The order of the second epoch changes too, and not because of the workers: without them the noise is
# drawn from the stream that the order is drawn from. A `generator=` for the order cuts that tie. But
# switch *persistent workers* on: then the loader draws one number less between two epochs, and the
# second order is another one again.
#
# An iterable dataset does not know that it is copied into each worker; it has to divide its items by
# `torch.utils.data.get_worker_info()`.

# %% [markdown]
# **Cure:** noise that a generator of (seed, epoch, k) adds is the same for any number of workers. Write it
# yourself:

# %%


def noise(seed, epoch, k): ...  # a tensor without dimensions, the same whoever loads item k


check(another_run.NOISE_OF_AN_ITEM, noise)

# %%
hint(another_run.NOISE_OF_AN_ITEM, 1)

# %%
solution(another_run.NOISE_OF_AN_ITEM)

# %% [markdown]
# ## Compiled
#
# `torch.compile` reads the program (*Dynamo*), splits it into small operations (*AOTAutograd*), and
# writes new kernels for them (*inductor*). Each step can be had without the next: the *back ends* `eager`
# (Dynamo alone), `aot_eager` (the first two) and `inductor` (all three).

# %%
predict(another_run.COMPILED_MASK)

# %%
explore(
    another_run.COMPILED,
    after=another_run.COMPILED_MASK,
    recording=True,
    device="cuda",
    inductor=True,
)

# %% [markdown] tags=["answer"]
# You see a recording of a GPU. The first two steps change no bit, and on your CPU they change none
# either: choose *cpu*. (There, *new kernels* need a C++ compiler and up to a minute.)
#
# A new kernel does several operations at one go: it keeps more digits between them, adds in another
# order, or computes a function in another way. That is rounding. `bfloat16` shows it, because the program
# as written rounds after each operation and the kernel does not; its result is nearer to what `float64`
# gives. The mask is not rounding. It is another draw, and the generator is left somewhere else
# as well, so everything drawn later differs too.
#
# **Cure:** compare compiled with uncompiled by a bound, never by bits; for the draws there is
# `torch._inductor.config.fallback_random = True`. Its price is that the draw is a kernel of its own.
#
# Kernels are kept on disk for the next process. On a machine of ours, kernels written under
# `ATEN_CPU_CAPABILITY=avx2` were taken from there under `avx512` as well, and a result was wrong, far
# beyond rounding and without an error. **Cure:** where unlike processors, or settings of that variable,
# share a disk, give each kind a folder of its own by `TORCHINDUCTOR_CACHE_DIR`.

# %% [markdown]
# ## Several ranks
#
# With data parallelism each process, a **rank**, has some of the rows. An **all-reduce** adds up the
# ranks' gradients, and each divides by their number. Here the ranks are threads of this process, and
# the all-reduce is the real one for CPUs, *gloo*.

# %%
predict(another_run.TWO_MEANS)

# %%
explore(
    another_run.SHARDS,
    after=another_run.TWO_MEANS,
    shards="40 rows, and the others share 8",
)

# %% [markdown] tags=["answer"]
# How do you tell rounding from a fault? Compute it again in `float64`. With these shards the difference
# stays where it is, in any format. Choose *equal*: now it shrinks by as many digits as the format gains.
#
# Now the faults that people meet, one at a time:
#
# - *sum, not divided*: the gradient is as many times too large as there are ranks. (The same happens
#   in one process when micro-batches are accumulated and not divided by their number.)
# - *mean, where each loss is a sum*: now it is as many times too small.
# - *batch normalization*: each rank takes the statistics of its own rows. That is another model, also
#   with equal shards. `SyncBatchNorm` takes those of all ranks, and costs one more exchange a layer.

# %% [markdown]
# What would be right for unequal shards, too? Write it:


# %%
def combine(gradients, rows): ...  # of each rank's mean loss, and its number of rows


check(another_run.WHOLE_GRADIENT, combine)

# %%
hint(another_run.WHOLE_GRADIENT, 1)

# %%
solution(another_run.WHOLE_GRADIENT)

# %% [markdown]
# Ranks draw as well:

# %%
predict(another_run.ONE_SEED_FOR_ALL)

# %% [markdown]
# ## The order of an all-reduce

# %%
predict(another_run.EVERY_SLOT)

# %% tags=["answer"]
from workbook.causes.another_run.ranks import summed

print("The same numbers in every slot:")
for ranks in (2, 3, 4):
    numbers = [1.0] + [2.0**-24] * (ranks - 1)
    (sums,) = summed([[torch.full((1000,), number) for number in numbers]])
    print(ranks, "ranks, one sum in all slots:", len(sums[0].unique()) == 1)

# %% [markdown] tags=["answer"]
# The numbers are 1 and halves of its last bit. Two halves, added first, are a whole bit; added to 1 one
# after the other, each is rounded away.
#
# All ranks hold the same sums, and a repeat gives them again: an all-reduce is not a matter of chance
# here. But its order belongs to the number of ranks and to the place in the tensor. So a run on four GPUs
# cannot be compared with one on eight by bits, whatever the seed.

# %% [markdown]
# ## The wrapper
#
# *Optional: about {section}, for those who train with `DistributedDataParallel`. The case at the end does not need it.*
#
# `DistributedDataParallel` does all this for you: it starts the ranks equal, packs gradients into
# *buckets* of some megabytes, and adds each bucket up while the rest is still computed. These are its
# options:
#
# - `bucket_cap_mb`: how large a bucket is;
# - `gradient_as_bucket_view`: gradients lie in the buckets, and are not copied out of them.
#
# In *other order of layers* every other rank computes its layers from the last to the first, so that its
# gradients are ready in another order.

# %%
predict(another_run.BUCKET_SIZE)

# %% tags=["answer"]
from workbook.experiment import recall, run

print("Against the usual options:")
for ranks in (2, 3):
    for option, share in run(another_run.BUCKETS, ranks=ranks).finding.values["share"].items():
        print(f"{ranks} ranks, {option}:", "other bits" if share else "the same bits")

# %% [markdown]
# What does the wrapper keep equal, and what does it leave to each rank?

# %%
predict(another_run.ADDED_LATER)

# %% tags=["answer"]
print("On two ranks:")
print(f"{'':38} not wrapped  wrapped")
for part, equal in run(another_run.WRAPPER).finding.values["equal"].items():
    words = {way: "equal" if same else "differ" for way, same in equal.items()}
    print(f"{part:38} {words['not wrapped']:11}  {words['wrapped']}")

# %% [markdown] tags=["answer"]
# Statistics of batch normalization are another trap: each step ends with those of each rank's rows, and
# the next one begins with rank 0's. A model that is saved or scored in between is another one on each
# rank.

# %% [markdown]
# On two GPUs, NCCL does what gloo does here. Without two of them, you see the recording.

# %% tags=["answer"]
print("With NCCL on two GPUs:")
on_gpus = recall(another_run.WRAPPER, device="cuda")
print(on_gpus.verdict)

# %% [markdown]
# In the explorer above, *cuda* is the same for the number of ranks: one, or two.
#
# **Cure:** wrap last, when the model is complete; save and score on rank 0, or with `SyncBatchNorm`.

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. Before each trial, say for every suspect: if this were the cause, would
# the difference stay?

# %%
investigate(another_run.BEST_WEIGHTS)

# %% [markdown]
# ## What we saw
#
# - A checkpoint with every part went on in every bit. Which missing part leaves a trace depends on
#   where the run was stopped, and so does the test that should notice it.
# - Workers changed what was drawn for an item, and keys instead of streams cured it.
# - Compiled kernels rounded otherwise, and drew otherwise.
# - Ranks with equal shards gave the whole batch's gradient but for rounding; unequal shards, a missing
#   division and statistics of each rank's own did not.
#
# Next: [11 Your own program](11_your_own_program.ipynb).
#
# **Read on:** PyTorch's notes on reproducibility, on data loading and on distributed data parallel.
# S. Li and others, *PyTorch Distributed: Experiences on Accelerating Data Parallel Training*, 2020.
# P. Goyal and others, *Accurate, Large Minibatch SGD*, 2017 (unequal shards, and other pitfalls).
# J. Ansel and others, *PyTorch 2*, 2024. R. Thakur and others, *Optimization of Collective
# Communication Operations in MPICH*, 2005.
