# %% [markdown]
# # Whoever writes in place writes for every other name of that memory
#
# `a.add_(b)` puts the sum where a was; `a + b` puts it into new memory. We look at what that means
# for the sum, for every *other* name of that memory, and for everybody who writes to it meanwhile.
#
# About {minutes} minutes. You will be able to
#
# - say which tensors change when one is written to, and of which dtype the result is;
# - say what becomes of writes that overlap, that race, or that come before a backward pass;
# - cure each of them, with a clone, a lock, or `torch.no_grad()`.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import re
import threading

import torch

from workbook.causes import in_place
from workbook.explorer import explore
from workbook.lesson import attempt, check, claim, hint, investigate, predict, solution

# %% [markdown]
# ## The best weights so far
#
# A training keeps the weights of its best step, to come back to them. One step later:

# %%
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
best = model.state_dict()  # kept, to come back to

model(torch.ones(1, 2)).sum().backward()
optimizer.step()
print("kept weights are the new weights:", torch.equal(best["weight"], model.weight))

# %% [markdown]
# Nobody wrote to `best`. The optimizer wrote to the model's memory, **in place**, and `best` is another
# name for it: the best weights are lost, and nothing was raised.
#
# ## Is it another number?
#
# A trailing underscore marks the operations that work in place: the result goes into the
# memory of the first operand. Without it, the result is **out of place**, in memory of its own.

# %%
predict(in_place.DIFFERING_FORMS)

# %% [markdown]
# Often shown as a warning: two short vectors, added in both ways and printed, with the remark that
# the first way *might* be inconsistent in harder cases. In our words:

# %%
a, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.1, 0.2, 0.3])
out_of_place = a + b
a.add_(b)
print(torch.equal(a, out_of_place))

# %% [markdown]
# Three numbers and one operation are little evidence. So let us ask torch for *every* operation
# that it has in both forms, find arguments that each accepts, and call both on the same numbers.
# A row of the figure is two dozen of them in alphabetical order, from the one that is named on; the
# table under the figure names them all.

# %%
explore(in_place.BOTH_FORMS, after=in_place.DIFFERING_FORMS)

# %% [markdown] tags=["answer"]
# What is measured is that the values agree. torch's reason: most in-place forms run the **kernel** of
# the other form, the routine that does the arithmetic, with another place for its result. Two colors
# stand out, and neither is rounding:
#
# - Comparisons and logical operations give `bool` out of place, and 0 or 1 of the tensor's own dtype
#   in place. The values are equal; the next round looks at the dtype.
# - Some draws: `x.bernoulli()` takes its probabilities from x, and `x.bernoulli_()` ignores x. One
#   name has two meanings, so other random numbers come.
#
# What could not be tried, the table says why. `float_power_`, for one, always computes in
# `float64`, and refuses a tensor that cannot hold the result: choose dtype `float64` to see it run.

# %% [markdown]
# ## Could it differ?
#
# What would the program above, with its three numbers, need before its two ways could differ at all?

# %%
# "float64", "another seed", "more elements" or "a second name"
missing = ...
check(in_place.WHAT_IS_MISSING, missing)

# %%
hint(in_place.WHAT_IS_MISSING, 1)

# %%
solution(in_place.WHAT_IS_MISSING)

# %% [markdown]
# ## Two dtypes meet
#
# A sum of a `float32` and a `float64` tensor has one dtype. Does the form of the addition decide which?

# %%
predict(in_place.SUM_DTYPE)

# %% tags=["answer"]
x, y = torch.ones(2), torch.ones(2, dtype=torch.float64)
print("x + y, then x.add_(y):")
print((x + y).dtype, x.add_(y).dtype)
print(attempt(lambda: torch.tensor([1, 2]).add_(0.5)))

# %% [markdown] tags=["answer"]
# The sum is computed in the wider format and rounded when it is stored. A fraction does not fit
# into whole numbers at all, so torch refuses. `x += y` is in place too; `x = x + y` is not.

# %% [markdown]
# ## Who else sees it
#
# Two tensors can share one memory. A **view** (`x[0]`, `x.t()`) has no numbers of its own, only a
# shape and **strides**: how far to go in memory to the next element of a row or column.

# %%
predict(in_place.AFTER_FLOAT)

# %% tags=["answer"]
x = torch.zeros(3)
y = x.float()
x.add_(1)
print("y is now")
print(y)

# %%
explore(in_place.ALIASES, after=in_place.AFTER_FLOAT)

# %% [markdown] tags=["answer"]
# In each half, the left column is the risk of working in place. The gain is that no new memory is
# taken. Switch dtype to `float64`, and `float()` copies while `double()` shares. Switch layout to
# `transposed`, and `reshape` has to copy, because no strides describe those elements as one row.
# `expand` repeats one row with a **stride of 0**: four rows, one memory.
#
# A state dict shares as well, as the first cell of this chapter showed. **Cure:** `clone()` what must
# not change.


# %%
def snapshot(model):
    # the state dict as it is now, whatever training does later
    return ...


check(in_place.SNAPSHOT, snapshot)

# %%
hint(in_place.SNAPSHOT, 1)

# %%
solution(in_place.SNAPSHOT)

# %% [markdown]
# ## When a write reads what it is writing

# %%
predict(in_place.OVERLAPS)

# %% tags=["answer"]
x = torch.arange(10.0)
x[::2].add_(x[:5])
print("What came out, and the sum:")
print(x[::2].tolist())
print([0.0, 3.0, 6.0, 9.0, 12.0])

# %% [markdown] tags=["answer"]
# No error, and two of five are wrong: elements 2 and 4 were overwritten before they were read. With
# one thread there is one order, so the wrong values repeat, and look trustworthy. Below, compare the
# two columns, then read the gray line of digits.

# %%
explore(in_place.OVERLAP, after=in_place.OVERLAPS)

# %% [markdown] tags=["answer"]
# Large tensors are shared among the threads. Which element is overwritten first is then a matter of
# timing: the gray line of digits says how many of the wrong values varied on this machine just now.
# Move *size*: small tensors are left to one thread. Torch looks for overlap where that is cheap, and for two views with different strides it may
# not be. **Cure:** read from a `clone()`, as the right column does.


# %%
def add_left(x):
    # add to each element, in place, the one left of it; return x
    return ...


check(in_place.ADD_LEFT, add_left)

# %%
hint(in_place.ADD_LEFT, 1)

# %%
solution(in_place.ADD_LEFT)

# %% [markdown]
# ## Two writers
#
# Advice you may have read: with threads, avoid working in place. Let two threads count together.

# %%
predict(in_place.LOSING_FORM)

# %% [markdown]
# A **barrier** lets no thread go on until both have come to it. With two of them in each round the
# threads take turns, one statement each. Here is the first of the three ways:

# %% tags=["answer"]
x, meet = torch.zeros(()), threading.Barrier(2)


def add_ten():
    global x
    for _ in range(10):
        new = x + 1
        meet.wait()
        x = new
        meet.wait()


threads = [threading.Thread(target=add_ten) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("added 20 times, reached")
print(x.item())

# %%
explore(in_place.LOST_UPDATES, after=in_place.LOSING_FORM)

# %% [markdown] tags=["answer"]
# Both read x before either writes: the worst case, made certain. The advice looks at the form, and the form is not what counts: in two steps both forms lose alike.
# What counts is the **gap** between reading and writing. `x.add_(1)` makes it as narrow as it can be,
# and does not close it: a kernel loads, adds and stores, and another thread may come in between. Set
# *schedule* to `free` for a real race on this machine: anything may be lost, or nothing.
#
# **Cure:** a lock around read *and* write. Some programs leave the lock out on purpose, because to them
# a lost step is only a step less (*Hogwild*).
# They come near their target, and have no promise of equal bits: for those, have one writer.

# %% [markdown]
# ## A write between forward and backward
#
# `backward()` needs some of the forward values again. Each tensor has a **version counter** that
# in-place operations move; autograd compares it with the version that it saved.

# %%
predict(in_place.WRITE_TO_DATA)

# %% tags=["answer"]
x = torch.tensor([0.0, 1.0], requires_grad=True)
y = x.exp()
y.data.add_(1)
y.sum().backward()
print("x.grad is")
print("exp(x):", torch.equal(x.grad, x.exp()))
print("exp(x) + 1:", torch.equal(x.grad, x.exp() + 1))

# %%
explore(in_place.VERSION_COUNTER, after=in_place.WRITE_TO_DATA)

# %% [markdown] tags=["answer"]
# A row is a way to write to y, a column the function that made y. The functions on the left keep
# their *result* for the derivative; those on the right keep their input or nothing, and then a write
# to y does no harm. Where it does harm, autograd sees the counter and raises. Only `.data` and NumPy
# go around it, and then gradients are wrong without a word.

# %% [markdown]
# When autograd raises, its message says which value was overwritten. Read one:

# %%
x = torch.tensor([0.5, 1.0], requires_grad=True)
a = x.exp()
b = a.sigmoid()
c = b.tanh()
b.mul_(2)
try:
    c.sum().backward()
except RuntimeError as error:
    print(re.search("modified by an inplace operation", str(error))[0])
    print(re.search(r"\[.*\], which is output 0 of [A-Z][a-z]+", str(error))[0])

# %%
keeper = ...  # who has kept the value that was overwritten: "exp", "sigmoid", "tanh" or "mul_"?
check(in_place.READ_THE_MESSAGE, keeper)

# %%
hint(in_place.READ_THE_MESSAGE, 1)

# %%
solution(in_place.READ_THE_MESSAGE)

# %% [markdown]
# **Cure:** `detach()` instead of `.data` (it shares the counter), `torch.no_grad()` around a write
# to a parameter, and out of place where autograd complains.

# %% [markdown]
# ## Settle a claim
#
# Two claims of the workbook's ledger. Bet on what the experiment will show; the verdict follows.

# %%
claim("in-place-is-random")

# %%
claim("in-place-order")

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. Each suspect has its line in the program, and what decides is not to be
# read there: the tables come from a file, and how they were stored is not shown.

# %%
investigate(in_place.TWO_ANSWERS)

# %% [markdown]
# ## What we saw
#
# - We found which tensors share memory and change together, and that in place keeps the dtype;
#   with one writer and no overlap, both forms gave the same bits in every operation tried.
# - We made three kinds of write go wrong without an error: an overlap that torch did not notice,
#   an update that another thread replaced, and a write around the version counter.
# - We cured them with a clone, a lock, and writes that autograd counts. To avoid working in place
#   would have cured the first and the last, and made the second worse.
#
# Settled here: whether working in place is random, and when its order matters.
# `python -m workbook claims --chapter 02` measures all claims about it.
#
# Next: [03 Autograd](03_autograd.ipynb).
#
# **Read on:** PyTorch: the note on autograd mechanics, its section on in-place operations, and the
# notes on tensor views and on broadcasting.
