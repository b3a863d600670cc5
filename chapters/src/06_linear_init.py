# %% [markdown]
# # A seed is set, and still the numbers change
#
# `nn.Linear` draws its weights in its constructor and is a fixed function from then on. Here you find
# out who else draws, from which generator, and what that does to everybody.
#
# About {minutes} minutes. You will be able to
#
# - say which part of a program drew which numbers, before and after an edit;
# - name the generators that `torch.manual_seed` reaches, and those that it does not;
# - tell whether a result is better, or only its seed.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch

from workbook.causes import linear_init
from workbook.explorer import explore
from workbook.lesson import check, claim, hint, investigate, predict, solution

# %% [markdown]
# ## One layer, one input
#
# "`nn.Linear` gives different outputs for the same input." Does it?

# %%
layer, x = torch.nn.Linear(10, 5), torch.rand(1, 10)
outputs = {tuple(layer(x)[0].tolist()) for _ in range(1000)}
print("different outputs:", len(outputs))

# %% [markdown]
# Nothing is drawn in a call. So whoever sees different outputs has different layers, or different
# inputs, or computes elsewhere.
#
# ## Three layers and a seed
#
# That complaint is often made with three layers, and the cure that is offered is a seed.

# %%
predict(linear_init.THREE_LAYERS)

# %% tags=["answer"]
print("Two layers after one seed:")
torch.manual_seed(42)
one, two = torch.nn.Linear(10, 5), torch.nn.Linear(10, 5)
print("equal weights:", torch.equal(one.weight, two.weight))

# %% [markdown]
# Below, the program runs twice, with one seed at the top. Equal names (W for weights, x for the input,
# y for an output) are equal in every bit. Compare the rows, then the columns.

# %%
explore(linear_init.RUNS, after=linear_init.THREE_LAYERS, seeding="one seed at the top")

# %% [markdown] tags=["answer"]
# Rows: with the seed, the second run repeats the first. Choose *no seed*: each run starts from an
# arbitrary state, and nothing repeats. Columns: three layers are three different stretches of one
# **stream** of draws, with or without a seed. Only *the seed before each layer* makes them equal.
# So ask what is compared: layers with each other, or one run with the next?

# %% [markdown]
# A second program sets the seed before each layer, and then worries about its input, which it calls
# unseeded:

# %%
torch.manual_seed(42)
torch.nn.Linear(10, 5)
first = torch.rand(1, 10)  # drawn after the layer
torch.manual_seed(42)
torch.nn.Linear(10, 5)
print("same input:", torch.equal(first, torch.rand(1, 10)))

# %% [markdown]
# The input follows in the stream that the seed began. **Cure** for runs that differ: one seed, set
# before the first draw. A seed for each draw is not needed, as long as the same draws come before.
#
# ## The ledger of draws
#
# And if they do not?

# %%
predict(linear_init.UNUSED_LAYER)

# %% tags=["answer"]
print("The layer after one more layer:")
torch.manual_seed(0)
before = torch.nn.Linear(3, 2)
torch.manual_seed(0)
torch.nn.Linear(2, 1)  # built and never used
after = torch.nn.Linear(3, 2)
print("same weights:", torch.equal(before.weight, after.weight))

# %% [markdown]
# The **draw ledger** looks up in the stream who took which numbers. A small program builds the
# layers `hidden` and `output` and draws an input; then it is edited in one place. A letter names a
# stream, its place is where in the stream a number was.

# %%
explore(linear_init.LEDGER, after=linear_init.UNUSED_LAYER)

# %% [markdown] tags=["answer"]
# An edit shifts what comes later by as many draws as it takes. A dropout draws when it is called in
# training mode and nothing in eval mode; reading a `DataLoader` draws, too. Swap two layers and
# both change.
#
# Now change *seed set*. With *the same before each*, nobody is shifted, but several layers start with
# the very same draws: in a network, neighbors that are copies of each other. **Cure:** *its own
# before each*: a seed for each part.

# %% [markdown]
# For data, a generator of its own does what a seed for each part does:

# %%
own = torch.Generator().manual_seed(7)
a = torch.rand(6, generator=own)
own.manual_seed(7)
b = torch.rand(3, generator=own)
torch.rand(100)  # somebody else draws: another stream
c = torch.rand(3, generator=own)
print("undisturbed:", torch.equal(a, torch.cat([b, c])))

# %% [markdown]
# ## How many numbers you ask for
#
# A table grows by one row, so the program asks for one number more.

# %%
predict(linear_init.FIFTEEN)

# %% tags=["answer"]
print("15 and 16 numbers from one seed:")
torch.manual_seed(0)
short = torch.randn(15)
torch.manual_seed(0)
print("same start:", torch.equal(short, torch.randn(16)[:15]))

# %%
explore(linear_init.PREFIX, after=linear_init.FIFTEEN)

# %% [markdown] tags=["answer"]
# Short draws of `randn` are made one by one, longer ones in blocks. So one row more can change numbers
# that you already had. `rand` has no such edge here. A CUDA generator deals its numbers out to the
# GPU's threads, so that what a seed draws depends on how many multiprocessors the GPU has.
# **Cure:** draw the largest size once, on the CPU, and cut from it.

# %% [markdown]
# ## What a new layer holds
#
# Where do the weights lie that a constructor draws?

# %%
layer = torch.nn.Linear(100, 50)
limit = 0.1 * (1 + 1e-6)  # 1/sqrt(100), and its rounding
print("all within:", bool((layer.weight.abs() <= limit).all()))

# %% [markdown]
# Weights *and* biases are uniform between plus and minus one over the square root of the number of
# inputs: many small terms then add up to an output of moderate size.
#
# ## The same seed in float64

# %%
predict(linear_init.IN_FLOAT64)

# %% tags=["answer"]
print("One seed, two formats:")
torch.manual_seed(0)
single = torch.nn.Linear(16, 16)
torch.manual_seed(0)
double = torch.nn.Linear(16, 16, dtype=torch.float64)
print("equal but for rounding:", torch.allclose(single.weight.double(), double.weight))

# %%
explore(linear_init.DTYPE, after=linear_init.IN_FLOAT64)

# %% [markdown] tags=["answer"]
# Each format cuts its numbers out of the stream in its own way. Try `bfloat16` and `float16` as well:
# whether they follow `float32` depends on the version of torch. **Cure:** build in one dtype and
# convert; then the dtype is the only thing that changes.

# %% [markdown]
# ## The same seed on a device
#
# The third program seeds and computes on a GPU, then on the CPU, then on the GPU again. It concludes
# that hardware makes the output of one seed unstable.

# %%
predict(linear_init.BEFORE_THE_PRODUCT)

# %% [markdown] tags=["answer"]
# Input and weights are the same bits; the output differs by rounding at most, within a bound that is
# derived from the number of inputs ([chapter 07](07_directml.ipynb) looks at such outputs). Were the
# seed reset before the layer only, the input would be another one, outputs would differ in all
# digits, and no device would be to blame.
#
# A layer that is built *on* a GPU is another matter: then the GPU's own generator draws, and one seed
# gives other weights than on the CPU. **Cure:** build on the CPU, then move.

# %% [markdown]
# ## Whom a seed reaches
#
# Numbers may be drawn from torch, from NumPy and from Python's `random`. Each library has a generator
# of its own.

# %%
import numpy as np

torch.manual_seed(0)
number = np.random.rand()
torch.manual_seed(0)
print("NumPy repeats:", number == np.random.rand())

# %% [markdown]
# `torch.manual_seed` seeds torch's default generators on *all* devices, so
# `torch.cuda.manual_seed_all` after it adds nothing. `default_rng()` without a number starts anew
# from the operating system's randomness each time. **Cure:** seed every generator that you use, in
# one place, and give each `default_rng` a number.
#
# A seed settles which numbers are drawn. It does not settle in which order threads or GPU kernels
# add them up: that is the subject of [02](02_in_place.ipynb) and [05](05_cudnn.ipynb). And
# `torch.compile` may draw numbers of its own from the same seed: [10](10_another_run.ipynb) compares
# two masks of dropout.
#
# ## The workers of a DataLoader
#
# Each worker is a process with generators of its own. The loader draws one **base seed** from
# torch's stream and seeds torch, NumPy and `random` in worker k from base seed and k.

# %%
predict(linear_init.GENERATOR_IN_A_DATASET)

# %%
explore(linear_init.WORKERS, after=linear_init.GENERATOR_IN_A_DATASET)

# %% [markdown] tags=["answer"]
# Equal names are equal numbers again. The three default generators take care of themselves. The one
# in the first column belongs to the dataset, which each worker gets as a copy: same state, same
# "random" crops, in every worker and every epoch. **Cure:**
# a `worker_init_fn` that makes a new one from `torch.initial_seed()`; choose it above. With 0
# *workers* the parent's own NumPy and `random` draw, and nobody seeded those. The number of workers
# is a condition, too: it decides which worker, and so which stream, makes an item.
# `persistent_workers=True` keeps the workers, and their streams go on where the last epoch ended.

# %% [markdown]
# ## How much of a result is its seed
#
# So far we asked whether numbers repeat. They do, and then one seed gives one trained network. What
# would another seed have given?

# %%
predict(linear_init.FROM_TWENTY_SEEDS)

# %%
explore(linear_init.SEED_SPREAD, after=linear_init.FROM_TWENTY_SEEDS)

# %% [markdown] tags=["answer"]
# A point is a training: same data, same recipe, other seed. A second learning rate stands beside
# yours. The columns overlap, so that one seed of each can put either recipe first. The seed is a
# source of variance as real as any other, far above rounding. Choose what *the seed sets*: the start, the order of the
# data, or both. **Cure:** several seeds, the spread beside the mean; and the same seeds on both
# sides, so that each pair shares its luck.

# %% [markdown]
# ## Settle a claim
#
# A claim of the workbook's ledger. Bet on what the experiment will show; the verdict follows.

# %%
claim("operations-that-draw-inside")

# %% [markdown]
# ## Your turn
#
# Replace each `...` and run the cell. An untouched cell counts as not attempted.
#
# First, count: how many draws does building `nn.Linear(7, 3)` take from the stream?

# %%
draws = ...  # that building nn.Linear(7, 3) takes
check(linear_init.DRAWS_OF_A_LAYER, draws)

# %%
hint(linear_init.DRAWS_OF_A_LAYER, 1)

# %%
solution(linear_init.DRAWS_OF_A_LAYER)

# %% [markdown]
# Then write a function. If `extra` is true, it builds `nn.Linear(5, 5)` first; then it builds and
# returns `nn.Linear(4, 3)`. The weights of that one depend on `seed`, and not on `extra`.


# %%
def hidden(seed, extra): ...


check(linear_init.NOT_SHIFTED, hidden)

# %%
hint(linear_init.NOT_SHIFTED, 1)

# %%
solution(linear_init.NOT_SHIFTED)

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. Each suspect has a line in the program, and which of them acts is set in a
# file.

# %%
investigate(linear_init.PASSES_ALONE)

# %% [markdown]
# ## What we saw
#
# - We said who drew which numbers, and saw an unused layer, a dropout and a loader shift the rest.
# - We named the generators that `torch.manual_seed` reaches: torch's own on every device, and
#   through the base seed the workers' default ones; not NumPy or `random` in the program itself, and
#   not what is copied.
# - We told a better recipe from a lucky seed by training from many seeds.
#
# Settled here: whether an operation can draw without being asked. `python -m workbook claims --chapter 06`
# measures all claims about initialization.
#
# Next: [07 DirectML, and any other device](07_directml.ipynb).
#
# **Read on:** X. Glorot and Y. Bengio, *Understanding the difficulty of training deep feedforward
# neural networks*, AISTATS 2010. J. Salmon and others, *Parallel random numbers: as easy as 1, 2, 3*,
# SC 2011 (the generator of CUDA). X. Bouthillier and others, *Accounting for variance in machine
# learning benchmarks*, MLSys 2021. PyTorch: notes on reproducibility, and on randomness in
# multi-process data loading.
