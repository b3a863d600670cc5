# %% [markdown]
# # DirectML, and any other device: one more condition
#
# Somebody moves a program to another device, the numbers change, and the device is blamed. Whether
# that is fair can only be seen when everything but the device is held still.
#
# About {minutes} minutes. You will be able to
#
# - say what `float64` means on a device that has no `float64` arithmetic, by measuring it;
# - find the confounder in a comparison of two devices, and remove it;
# - write down an environment, and say which bits changed with it.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import numpy as np
import torch

from workbook.causes import directml
from workbook.conditions import Conditions
from workbook.devices import device
from workbook.explorer import explore
from workbook.lesson import check, hint, investigate, predict, solution

# %% [markdown]
# ## Two sides, one layer
#
# One layer and one input, on the CPU and on a second device:

# %%
layer, x = torch.nn.Linear(512, 4), torch.rand(1, 512)
on_cpu = layer(x)
with Conditions(device="simulated"):
    on_second = layer(x)
print("nearly equal:", torch.allclose(on_cpu, on_second, atol=1e-4))

# %% [markdown]
# The second device is a **simulated accelerator**: your CPU, made to add in another order, one exact
# IEEE operation at a time. Nobody needs hardware for it, and it is no measurement of any. So in
# this chapter look at the word that each figure carries:
#
# - **LIVE** and **RECORDED** were measured on the device that is named: the CPU here, an NVIDIA H100
#   (CUDA) in a recording.
# - **SIMULATED** shows a mechanism. Some of what it does was built into it and is no finding: it
#   computes `float64` in `float32`, it draws with the CPU's generator, and the CPU runs what it
#   does not know.
# - What the text says of DirectML comes from its documents and from its users' reports, which are
#   linked. This workbook has no recording of DirectML, MPS or XPU. If you have one of them,
#   `python -m workbook record --device directml` (or `mps`, `xpu`) makes one.
#
# | Device | What it needs | `float64` | Its random numbers |
# |---|---|---|---|
# | `cpu` | nothing | yes | torch's generator on the CPU |
# | `cuda` | an NVIDIA or AMD GPU, torch built for it | yes | a generator of its own |
# | `mps` | a Mac with Apple silicon | refused | a generator of its own |
# | `xpu` | an Intel GPU, torch built for it | depends on the GPU | a generator of its own |
# | `directml` | Windows, a DirectX 12 GPU, torch 2.4.1, Python 3.12 or older | see below | the CPU's |
#
# torch-directml's last release is of 2024, and its maker says that it is no longer in active
# development ([issue 712](https://github.com/microsoft/DirectML/issues/712)). An import of it can
# raise other errors than `ImportError`, and a query of it can end the process; the workbook asks
# in a child process, and says what it found:

# %% tags=["nbval-ignore-output", "reason:names-this-machine"]
without_float64 = directml.nearest()
print("DirectML:", device("directml").absent() or "It works here.")
print("Where this chapter needs a device without float64, it uses:", without_float64)

# %% [markdown]
# ## Whose default is float64?

# %%
predict(directml.WHOSE_FLOAT64)

# %% tags=["answer"]
print("The dtypes:")
array = np.array([0.1])
print("torch:", torch.tensor([0.1]).dtype)
print("numpy:", array.dtype)
print("torch from numpy:", torch.tensor(array).dtype)

# %% [markdown] tags=["answer"]
# A tensor keeps its dtype when it moves, or the move is refused. `torch.set_default_dtype` changes
# the label of new tensors, on every device, and no arithmetic.

# %% [markdown]
# ## What float64 means on the device
#
# An accelerator without `float64` arithmetic has two ways out: to refuse `float64` with an error, or
# to compute in `float32` and write the label `float64` on the result. The second way is silent. The
# simulated accelerator is built to show either.
#
# Do not ask the dtype, measure: let the product add a small number to 1. The smallest power of two
# that still counts is the operation's **machine epsilon**. Does this one count?

# %%
row = torch.tensor([[1.0, 2.0**-40]], dtype=torch.float64)
column = torch.ones(2, 1, dtype=torch.float64)
print("CPU:", bool(row @ column > 1))

# %%
with Conditions(device="simulated"):
    product = row @ column
print("simulated:", product.dtype, bool(product > 1))

# %%
explore(directml.EPSILON, device=without_float64)

# %% [markdown]
# DirectML's operator tables have `float64` for copies and casts, not for arithmetic, and its maker
# says so ([issue 309](https://github.com/microsoft/DirectML/issues/309)). On a GPU that can store
# `float64`, somebody found the error of a `float64` product as large as that of a `float32` one
# ([issue 398](https://github.com/microsoft/DirectML/issues/398)). On others, `.double()` raises,
# and so does printing a tensor, because the printing converts it
# ([issue 430](https://github.com/microsoft/DirectML/issues/430)). Choose *refuses* above to see it.
# What `a + b` and `a * b` do there is not known to us; the simulated accelerator leaves them alone, unless
# it refuses.
#
# **Cure:** no switch turns it on. Where you need `float64`, compute on the CPU. To look at a
# device's result, bring it home first: `y.cpu().double()`.
#
# ## The device is blamed
#
# This program is meant to show that the devices differ. Before you run it, look for the confounder:
# what else is not the same in the two calls?


# %%
def product_on(side):
    a = torch.tensor(np.random.rand(256, 256))
    b = torch.tensor(np.random.rand(256, 256))
    with Conditions(device=side):
        return a @ b


gap = product_on("cpu") - product_on("simulated")
print("apart by more than 1:", bool(gap.abs().max() > 1))

# %%
predict(directml.WHAT_IT_MEASURES)

# %% [markdown]
# Put the CPU on both sides. This takes one word, and it settles the question without any device. (The
# figure below it has a device: DirectML where you have it, else a GPU, here or recorded.)

# %% tags=["answer"]
print("The product twice on one device:")
gap = product_on("cpu") - product_on("cpu")
print("apart by more than 1:", bool(gap.abs().max() > 1))

# %%
second = directml.nearest(otherwise="cuda")
explore(directml.PROGRAMS, after=directml.WHAT_IT_MEASURES, device=second)

# %% [markdown] tags=["answer"]
# Now choose *drawn once for both*: the CPU's second run falls to the bottom of the figure, where
# the difference is 0 (a hollow mark), and what the device adds lies below what rounding can explain. That
# is a limit for the format in which the device adds: under the label `float64` it is as wide as for
# `float32` where a device adds in `float32`.
#
# Both dtypes are in the figure: *as printed*, the points are as high in one as in the other, so to
# pass `float32` to both calls repairs nothing. A dtype is worth controlling, and so is a matrix.

# %% [markdown]
# ## No difference is seen
#
# Another program computes `c = a + b` and `d = a * b` of three numbers each, and `c.sum() + d.sum()` on both
# sides. Its inputs *are* the same, and it prints `same = True`.

# %%
a = torch.tensor([1.0, 2.0, 3.0])
b = torch.tensor([0.1, 0.2, 0.3])
c, d = a + b, a * b
turned = c.flip(0).sum() + d.flip(0).sum()
print("same =", bool(c.sum() + d.sum() == turned))

# %% [markdown]
# For these numbers every grouping of the additions happens to round to one result; for 3, 4, 5 it
# does not. A test needs numbers that can fail.
#
# ## The same inputs on both sides
#
# Draw once, compute twice, bring both results to the CPU, compare the bits:

# %%
explore(directml.SAME_INPUTS, device=second)

# %% [markdown]
# Choose *gradient of a product*: the backward pass is products and sums too, so it differs as the
# forward pass does. Choose the device *cpu* for the control: same bits.
#
# ## How a processor adds

# %%
predict(directml.WHO_IS_RIGHT)

# %% [markdown]
# Thousands of small processors do not add one number after the other. They add **tiles** of a dot
# product, keep running sums in **lanes**, and join them in some **order**. A *fused* multiply-add
# rounds once where two operations round twice.

# %%
explore(directml.ACCELERATOR, after=directml.WHO_IS_RIGHT)

# %% [markdown] tags=["answer"]
# Each choice is a different, correct rounding. As it opens, the accelerator is nearer on the whole: it
# adds tiles by themselves, so that a number passes through fewer additions, and each addition rounds.
# Set *tile* to 1 for the plainest loop: its errors grow to the CPU's size or above. Then set *order* to
# *pairwise*, and they shrink again. *Lanes* matter for *sum of each row* only; *fused* for products, and
# in tiles of two or more: alone in its tile, a product is added to nothing. A driver may change any of
# these in an update, and no program would say so.
#
# **Cure:** none is needed while differences are within the bound. Where bits must agree, compute
# that part on one device, and write its version down.

# %% [markdown]
# ## Random numbers, and what the device does not compute
#
# torch-directml draws with the CPU's generator and copies the numbers over, as its source says: one
# stream serves both sides, and a draw on the device moves the CPU's next draw on as well. On CUDA it
# is the opposite: its generator is its own, and one seed gives other numbers than on the CPU.
#
# Where torch-directml has no kernel for an operation it warns that this one *will fall back to run on
# the CPU*. Its result is then the CPU's, slower and equal in every bit.
#
# ## The environment is a condition
#
# A library's version, a driver, an environment variable: the program does not show them. Your CPU
# can stand for all of them. Two processes, one variable apart, on this machine (each other variable
# starts two more, which takes some seconds):

# %%
explore(directml.ENVIRONMENT)

# %% [markdown]
# Which checks change depends on your processor; that is why the gray line of digits names them.
# So write the environment down while your numbers are right: a **fingerprint** holds the facts of
# the machine and a digest of the bits of each check, on each of its devices.

# %%
from workbook.fingerprint import change, take

before = take()
print(change(before, take()).sentence())

# %% [markdown]
# In a terminal:
#
# ```
# python -m workbook fingerprint --save good.json
# python -m workbook fingerprint --compare good.json
# ```
#
# The second line, run after an update or on another machine, says which facts differ and which of
# a fixed set of checks changed their bits.
#
# ## Your turn
#
# Repair the program: `difference(ours, theirs)` calls two ways to multiply, each with two `float32`
# matrices of 64 by 64, and gives the largest difference between their products. Only the way may
# differ.


# %%
def difference(ours, theirs): ...  # the largest


check(directml.FAIR_COMPARISON, difference)

# %%
hint(directml.FAIR_COMPARISON, 1)

# %%
solution(directml.FAIR_COMPARISON)

# %% [markdown]
# Trust no label: `epsilon(multiply)` gives the smallest power of two, `2.0**-k`, that still counts
# when `multiply` adds it to 1, given `float64` matrices.


# %%
def epsilon(multiply): ...  # 2.0**-k


check(directml.TRUE_EPSILON, epsilon)

# %%
hint(directml.TRUE_EPSILON, 1)

# %%
solution(directml.TRUE_EPSILON)

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. What each trial shows was recorded on a GPU. Before each trial, say for
# every suspect: if this were the cause, would the difference stay?

# %%
investigate(directml.BLAMED)

# %% [markdown]
# ## What we saw
#
# - We measured epsilons in place of trusting labels: on a simulated device without `float64`, the
#   label stood on `float32` numbers, or there was an error. The default `float64` was NumPy's.
# - We found the confounder in two programs by putting the CPU on both sides, and in a third the
#   numbers that could not fail. With the same inputs, what was left was rounding.
# - We wrote an environment down, and saw bits follow one variable of it.
#
# Next: [08 Why NaN?](08_why_nan.ipynb).
#
# **Read on:** N. Whitehead and A. Fit-Florea, *Precision and performance: floating point and IEEE 754
# compliance for NVIDIA GPUs*, 2011. J. Demmel and H. D. Nguyen, *Fast reproducible floating-point
# summation*, ARITH 2013. PyTorch: note on numerical accuracy. Microsoft: DirectML's operator reference.
