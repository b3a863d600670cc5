# %% [markdown]
# # A format keeps a few digits and rounds the rest, the same way every time
#
# Rounding is no randomness: the same operation on the same bits gives the same bits. What changes
# a result is another *format*, another *order* or another *formula*, and each can be measured.
#
# About {minutes} minutes, and {optional} more for the sections that are marked as optional. You will be able to
#
# - say what a number becomes in `float64`, `float32`, `bfloat16` or `float16`, to the last bit;
# - tell rounding from a mistake by a bound that is derived, not guessed;
# - say when a tiny difference stays tiny and when it grows until nothing is left.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch

from workbook.causes import precision
from workbook.explorer import explore
from workbook.lesson import attempt, check, claim, hint, investigate, predict, solution

# %% [markdown]
# ## What a format keeps
#
# A floating-point number is a sign, an exponent and a fraction: plus or minus 1.*fraction* times 2
# to the power of the *exponent*. A format says how many bits each of them has. The smallest exponent
# is kept for 0.*fraction*, zero and the *subnormal* numbers beside it, the largest for infinity and
# NaN. Before you look, commit yourself.

# %%
predict(precision.ONE_TENTH)

# %% [markdown]
# Ask Python. `Fraction` shows the value that is really held, without rounding it for display.

# %% tags=["answer"]
from fractions import Fraction

print("Is it 1/10?")
for dtype in (torch.float16, torch.float32, torch.float64):
    print(dtype, Fraction(torch.tensor(0.1, dtype=dtype).item()) == Fraction(1, 10))

# %% [markdown]
# The **bit microscope** shows the bits that hold a number: here one third, rounded to `float32`, and
# what each of seven formats makes of *that* number. Move *ULPs away* with the arrow keys: one press is
# one ULP, a *unit in the last place*, the step from one value of the format to the next. `tf32` and
# the `float8` formats are rounded by the workbook, so you need no such hardware.

# %%
explore(precision.MICROSCOPE)

# %% [markdown]
# More exponent bits give a wider range; more fraction bits give finer steps. `bfloat16` has the
# range of `float32` and fewer digits than `float16`. The **unit roundoff** u of a format is half of
# the step just above 1: rounding moves a number by at most u times its size, as long as the result is
# a *normal* number, neither subnormal nor too large for the format.

# %% [markdown]
# ## Does the last bit matter?
#
# One ULP is one part in ten million in `float32`. A recurrent network feeds its state back: each step
# multiplies it by the same weights, times a *gain*, and takes tanh.

# %%
predict(precision.ONE_ULP)

# %%
explore(precision.RECURRENT, after=precision.ONE_ULP)

# %% [markdown] tags=["answer"]
# Such growth from the smallest difference is called **chaos**. Lower the *gain* below one, and the
# difference dies out. Compare one ULP in `float64` and raise the *steps*: it takes longer and ends
# the same. So the last bit matters where something enlarges it, and the rest of this chapter is about
# both: where last bits come from, and what enlarges them. **Cure:** none by precision. Make the step
# less steep, or compare statistics instead of single numbers.

# %% [markdown]
# ## Between two values
#
# The values of a format lie on the number line with gaps. What becomes of a sum that falls into a
# gap?

# %%
spacing = torch.finfo(torch.float32).eps  # the spacing just above 1
print(torch.tensor(1.0) + spacing * 6 / 16 == 1)
print(torch.tensor(1.0) + spacing * 10 / 16 == 1)

# %% [markdown]
# The true sum is rounded to the nearest value: 6 sixteenths of the gap are rounded back to 1, 10
# sixteenths are not. At exactly 8 it is a tie, and ties go to the value whose last bit is 0. The gap
# grows with the number: formats keep relative, not absolute, precision.

# %% [markdown]
# ## The order of a sum
#
# On paper, the order in which numbers are added does not matter.

# %%
print((1e8 + 1.0) - 1e8 == (1e8 - 1e8) + 1.0)
big, one = torch.tensor(1e8), torch.tensor(1.0)
print((big + one) - big == (big - big) + one)

# %% [markdown]
# The first line is Python's `float64`, the second is `float32`, where 1 is lost in the gap above
# one hundred million. Every addition rounds, and in another order other partial sums are rounded.
# Addition in floating point is commutative but not associative. Nothing here is random: each order
# repeats.
#
# Torch's own `sum` keeps several partial sums side by side, and hands big sums to several threads.
# On one machine, with one number of threads, its order is fixed; yet it is an order:

# %%
explore(precision.MANY_NUMBERS)

# %% [markdown]
# Each point is one order of the same numbers. Try another *seed* (other numbers, other orders): the
# spread stays within the bound, a limit that the next section derives. Try `float64`: the differences
# shrink, and are still there. (In `bfloat16` torch's `sum` adds in `float32` and rounds once, to a coarse
# step: the orders seem to agree.)
# **Cure:** fix the order (sort, and keep the number of threads), or compare with a derived bound
# instead of `==`.

# %% [markdown]
# ## A bound by hand
#
# Is a difference rounding or a mistake? The bound is derived, not chosen. One addition rounds its
# result, and moves it by at most the unit roundoff u times what it adds. Count the roundings that a
# number goes through on its way into the sum: the most of them is the **depth** h. So
#
# $$|\text{computed sum} - \text{sum}| \;\le\; h \cdot u \cdot A, \qquad A = |x_1| + \dots + |x_n|$$
#
# up to terms in u². In a loop, or in an order that nobody knows, h is n − 1. For two results, add
# their limits.
#
# Three digits suffice to try it, where u is 0.005. The numbers are 1.00, 0.004 and 0.004. From left
# to right, 1.00 + 0.004 is rounded to 1.00, and once more. The small ones first give 0.008, then
# 1.008, which is rounded to 1.01. The depth is 2 and A is 1.008, so each sum has the limit 2 · 0.005
# · 1.008 = 0.01008. The two sums are 0.01 apart, half of what two limits allow. In `float32`:

# %%
from workbook.bounds import sum_bound
from workbook.comparison import compare

x = torch.tensor([1.0, 2**-24, 2**-24])
first, second = (x[0] + x[1]) + x[2], x[0] + (x[1] + x[2])
limit = 2 * 2**-24 * x.abs().sum()
bound = sum_bound(x, "float32", depth=2)
print("by hand:", torch.isclose(limit.double(), bound.limit, rtol=1e-6, atol=0).item())
print(compare(first, second, bound=bound + bound).verdict)

# %% [markdown]
# Up to this *certain* limit a difference can be roundings that all pull one way. As a rule they pull
# both ways, and add up like the square root of the depth: if the roundings at each step are zero on
# average, whatever came before, then 6.5 · √h · u · A is exceeded in fewer than one of 10⁹
# comparisons. That is the *likely* limit, where it is the smaller one (from a depth of 43). So there
# are four words: **identical**, **rounding** up to the likely limit, **doubtful** up to the certain
# one, **wrong** beyond it. Infinity or NaN against a number **left the range** of the format: that is
# no rounding, and no bound covers it.
#
# A bound is good only if it is narrow: whatever is smaller hides behind it.

# %%
predict(precision.WHAT_HIDES)

# %%
explore(precision.HIDDEN, after=precision.WHAT_HIDES)

# %% [markdown] tags=["answer"]
# In torch's own `sum` a number goes through few additions, so its depth is small: 62 for a million
# `float32` on many a CPU, where a loop has 999 999. A mistake in one of two results can hide in their
# difference if it is smaller than that difference and the limit together. So every comparison says how
# small: *a fault below ... could hide here*, in large letters where whole numbers could be missing. A
# dropped zero hides always, and so does a fault in both results; "identical" is not "right".

# %% [markdown]
# `torch.testing.assert_close` takes a share of the *result* instead. So where numbers of both signs
# cancel, its limit shrinks with the sum, although the roundings do not: it fails for honest rounding, and
# it passes a mean that was divided by n − 1.

# %%
from torch.testing import assert_close

from workbook.testing import assert_rounding


def outcome(check, *results, **options):
    try:
        check(*results, **options)
    except AssertionError:
        return "fails"
    return "passes"


# %%
x = torch.tensor([2.0**24, 1.0, -(2.0**24)])
orders = (x[0] + x[1]) + x[2], (x[0] + x[2]) + x[1]
print("two orders, assert_close:", outcome(assert_close, *orders))
print("two orders, assert_rounding:", outcome(assert_rounding, *orders, op="sum", terms=x, depth=2))

x = torch.rand(100_000)
means = x.sum() / (len(x) - 1), x.mean()
print("n − 1 for n, assert_close:", outcome(assert_close, *means))
print("n − 1 for n, assert_rounding:", outcome(assert_rounding, *means, op="mean", terms=x))

# %% [markdown]
# **Cure:** in a test, state the operation and its terms, and let the bound follow from them.

# %% [markdown]
# ## Counting in half precision
#
# Adding 1 looks like the safest thing to do.

# %%
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    total = torch.zeros((), dtype=dtype)
    for _ in range(3000):
        total += 1
    print(dtype, total.item())

# %% [markdown]
# The loop is not broken and nothing was lost by chance. Where the spacing is 2, adding 1 is a tie
# and is rounded back: **stagnation**. In `float16` the spacing is 2 from 2048 on, in `bfloat16` from
# 256 on. `sum()` adds up in `float32` already and rounds to `float16` once, at the end. 3000 is a
# `float16`, and 3001 is not:

# %%
print("3000 ones:", torch.ones(3000, dtype=torch.float16).sum().item())
print("3001 ones:", torch.ones(3001, dtype=torch.float16).sum().item())
print("in float32:", torch.ones(3001, dtype=torch.float16).sum(dtype=torch.float32).item())

# %% [markdown]
# **Cure:** give a running total a wider format, as `sum()` does; `sum(dtype=...)` changes the last
# rounding. Beyond 65504 a `float16` result is infinity. That is no rounding: the count **left the
# range** of the format, and what is computed from it may be NaN.

# %% [markdown]
# ## Two formulas for a variance
#
# Textbooks have two. One is the mean of the squares minus the square of the mean, E[x²] − E[x]²; it
# needs one pass over the numbers. The other is the mean of the squared deviations from the mean; it
# needs two. On paper they are equal.

# %%
predict(precision.TWO_VARIANCES)

# %%
explore(precision.VARIANCES, after=precision.TWO_VARIANCES)

# %% [markdown] tags=["answer"]
# The larger the *offset* beside the spread, the more digits the two means share, and those cancel.
# Subtracting two nearly equal numbers is itself exact. It *reveals* the rounding that was already
# in them. **Cure:** subtract first, square afterwards. `torch.var` does so for a whole `float32` tensor
# on a CPU; along a dimension, in 16 bits and on a GPU it updates mean and squared deviations together
# (Welford's formula, one pass), which does not cancel either.

# %% [markdown]
# ## A demonstration of rounding
#
# Here is a program that is said to show how rounding accumulates. Before you believe it, look for the
# step that made the difference.

# %%
predict(precision.WHERE_FROM)

# %% tags=["answer"]
a = torch.tensor([1.0, 2.0, 3.0]) * torch.tensor([0.1, 0.2, 0.3])
b = torch.tensor([1.0, 2.0, 3.0]).double() * torch.tensor([0.1, 0.2, 0.3]).double()
print("From the same stored numbers, have the products the same bits?")
print(torch.equal(a.double(), b))

# %% [markdown] tags=["answer"]
# Here `float64` starts from the numbers that `float32` stored, and every bit of the products agrees.
# The program changed two things: the format of the products, and the numbers that went in. Many
# programs that are meant to show rounding do so.

# %% [markdown]
# ## A matrix product and its bound
#
# Each entry of a matrix product is a sum of n products, so it has a bound, too. Some GPUs compute a
# `float32` product in `tf32`. Does a bound find out?

# %%
predict(precision.TF32_NOTICED)

# %%
explore(precision.MATMUL_ERROR, after=precision.TF32_NOTICED)

# %% [markdown] tags=["answer"]
# - The band reaches from the likely limit, which grows like the square root of n, to the certain one,
#   which grows like n.
# - Errors are divided by the sizes of the products that are added up, not by the result: with *entries*
#   of both signs the sums nearly cancel, and a small result would make a harmless error look large.
# - `tf32` rounds the *inputs* to 11 bits. Here the workbook rounds them and your CPU adds. (A GPU's
#   tensor cores cut off digits of some sums in place of rounding them; their bound allows twice as much.)
# - The curve of `tf32` falls, because the roundings of many inputs cancel one another. It comes under the
#   band of `float32`, so a bound for long products does not notice `tf32`.
#
# **Cure:** compare two products by this bound, and read what else is below it.

# %% [markdown]
# ## Your turn
#
# Replace each `...` and run the cell. A cell that you have not touched counts as not attempted, not
# as wrong.

# %%
last = ...  # the last whole number that a float32 total reaches in steps of 1
check(precision.LAST_WHOLE_NUMBER, last)

# %%
hint(precision.LAST_WHOLE_NUMBER, 1)

# %%
solution(precision.LAST_WHOLE_NUMBER)


# %%
def limit(x): ...  # how far two sums of x can be apart for certain, in any order


check(precision.LIMIT_OF_A_SUM, limit)

# %%
hint(precision.LIMIT_OF_A_SUM, 1)

# %%
solution(precision.LIMIT_OF_A_SUM)


# %%
def limit(x): ...  # no false alarm at two loops, and each lost number noticed


check(precision.CATCH_THE_FAULT, limit)

# %%
hint(precision.CATCH_THE_FAULT, 1)

# %%
solution(precision.CATCH_THE_FAULT)


# %% [markdown]
# ## A case
#
# Five suspects, and three trials. Before each, say what you would see if a suspect were guilty.

# %%
investigate(precision.FAILING_TOTAL)

# %% [markdown]
# ## Who is to blame, torch or the format?
#
# *Optional: about {section}.*
#
# NumPy is asked to find out.

# %%
predict(precision.WHAT_NUMPY_GAVE)

# %% tags=["answer"]
import numpy as np

square = torch.rand(64, 64)
product = np.matmul(square.numpy(), square.numpy())
print("NumPy's product of float32 arrays, and of float64 arrays:")
print(product.dtype, np.matmul(square.double().numpy(), square.double().numpy()).dtype)

# %% [markdown] tags=["answer"]
# Results in one format are close to each other, whichever library made them; results in two formats
# are not. The format is to blame, not the library. **Cure:** ask the reference for its dtype before
# you trust it.

# %% [markdown]
# ## Two dtypes in one operation
#
# *Optional: about {section}.*
#
# When two formats meet, torch chooses the dtype of the result. It is called **promotion**.

# %%
predict(precision.ZERO_DIMENSIONS)

# %% tags=["answer"]
vector, number = torch.rand(3), torch.tensor(0.1, dtype=torch.float64)
print("A number without dimensions, then with one:")
print(attempt(lambda: (vector * number).dtype))
print(attempt(lambda: (vector * number.reshape(1)).dtype))

# %%
explore(precision.PROMOTION, after=precision.ZERO_DIMENSIONS)

# %% [markdown] tags=["answer"]
# Each square is the dtype of the result (u8 is `uint8`, bf16 is `bfloat16`). Choose *a
# zero-dimensional tensor*: now b decides only where it is of a higher kind, as a fraction is above
# whole numbers. No square depends on chance or on the values. **Cure:** convert both to the dtype
# that you want, and the table has nothing to decide.

# %%
predict(precision.FLOAT64_DATA)

# %% tags=["answer"]
print("What a layer makes of float64 data:")
line = torch.nn.Linear(1, 1)
print("float64 data, weights in", line.weight.dtype)
print(str(attempt(lambda: line(torch.rand(4, 1).double()).dtype)).partition(":")[0])

# %% [markdown] tags=["answer"]
# Matrix products do not promote: they raise, and that is the kinder way. **Cure:** convert the data,
# or convert a copy of the model.

# %% [markdown]
# ## A training run in two formats
#
# *Optional: about {section}.*
#
# The program of the last question, repaired so that it runs, makes a model in `float32` and one in
# `float64`, trains both and compares their weights. Does it measure the formats?

# %%
torch.manual_seed(0)
single = torch.nn.Linear(1, 1)
torch.manual_seed(0)
double = torch.nn.Linear(1, 1, dtype=torch.float64)
print("same start:", torch.allclose(single.weight.double(), double.weight))

# %% [markdown]
# Not even one seed gives both the same start, because each format draws its own numbers. Two things
# changed: the format and the starting weights. **Cure:** `copy.deepcopy(single).double()`; then only
# the format is left. A training run at the end of the next section shows both versions.

# %% [markdown]
# ## Deep networks
#
# *Optional: about {section}.*
#
# "The more layers, the more rounding." Is it the layers? One network of 64 layers is computed in
# `float32` and in `float64`, with four usual activations and a very steep tanh.

# %%
explore(precision.DEPTH)

# %% [markdown]
# Each layer adds a rounding of its own, and that alone stays small. What matters is the **gain**,
# which says how much a layer enlarges what it receives, the error too. Raise it: well above one, the plain tanh
# loses its digits as well. ReLU and the identity do not, because they scale value and error alike.
# **Cure:** keep the gain near one, as scaled initialization and normalization layers do.
#
# ReLU has a kink at 0. Does that harm?

# %%
predict(precision.RELU)

# %% tags=["answer"]
numbers = torch.rand(1000, dtype=torch.float64) - 0.5
print("ReLU and rounding, in either order: the same bits?")
print(torch.equal(numbers.float().relu(), numbers.relu().float()))

# %% [markdown] tags=["answer"]
# Rounding leaves the sign of a number as it is, so it does not matter whether ReLU or rounding comes
# first. And in training? Here is a deep ReLU network that is trained in two formats, with one
# start for both:

# %%
explore(precision.DEEP_TRAINING)

# %% [markdown]
# Where the gap jumps, a unit was on in one run and off in the other: the kink of ReLU, not
# accumulation. Points mark the steps just after that. A gap falls again where a later step pulls both
# runs to the same weights. Choose the ReLU whose units are on wherever those of `float64` are, or
# *tanh*: then there is no jump.

# %% [markdown]
# Why not use `float64` for everything? It takes twice the memory, and as a rule more time: how much
# more depends on the machine. Often it is enough to use `float64` for the one total, variance or
# reference that needs the digits.

# %% [markdown]
# ## One step, again and again
#
# *Optional: about {section}.*
#
# The *logistic map* turns x into r·x·(1 − x). Two formats start from 0.2, each with its own rounding
# of it.

# %%
x, y = torch.tensor(0.2), torch.tensor(0.2, dtype=torch.float64)
for _ in range(60):
    x, y = 3.9 * x * (1 - x), 3.9 * y * (1 - y)
print("apart by more than a tenth:", bool((x.double() - y).abs() > 0.1))

# %% [markdown]
# Whether roundings stay small depends on r: at 3.9 a step enlarges errors on average, at 3.5
# and below it shrinks them. One number suffices, then, for what the recurrent network did: it is the
# step that counts, not the size of the model.

# %% [markdown]
# ## Settle a claim
#
# *Optional: about {section}.*
#
# Two claims of the workbook's ledger. Bet on what the experiment will show; the verdict on the claim
# follows from it. A claim is *misleading* if its words can be defended and a reader would take them
# for more than was measured.

# %%
claim("float64-makes-runs-reproducible")

# %%
claim("rounding-is-unpredictable")

# %% [markdown]
# ## More exercises
#
# *Optional: about {section}.*

# %%
above = ...  # the smallest float32 above 1000
check(precision.NEXT_VALUE, above)

# %%
hint(precision.NEXT_VALUE, 1)

# %%
solution(precision.NEXT_VALUE)


# %%
def total(x): ...  # the same bits, whatever the order of x


check(precision.SAME_IN_ANY_ORDER, total)

# %%
hint(precision.SAME_IN_ANY_ORDER, 1)

# %%
solution(precision.SAME_IN_ANY_ORDER)

# %% [markdown]
# ## What we saw
#
# - We said what a number becomes in seven formats, to the last bit, and that none of them holds 0.1.
# - We derived a bound and told rounding from mistakes by it, saw what can hide behind it, and found
#   programs that compare two things at once.
# - We saw tiny differences stay tiny (ReLU, a stable fit) and take over (steep layers, chaos).
#
# Settled here: `float64` does not make a run repeat, and rounding can be predicted up to a bound.
# `python -m workbook claims --chapter 01` measures all claims about precision.
#
# Next: [02 In-place operations](02_in_place.ipynb).
#
# **Read on:** N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd edition, SIAM 2002,
# chapters 1 to 4. IEEE 754-2019. C.-P. Jeannerod and S. M. Rump, *On relative errors of floating-point
# operations*, Math. Comp. 87 (2018), and M. P. Connolly, N. J. Higham and T. Mary, *Stochastic rounding
# and its probabilistic backward error analysis*, SIAM J. Sci. Comput. 43 (2021) (the two limits).
# PyTorch: the note on numerical accuracy.
