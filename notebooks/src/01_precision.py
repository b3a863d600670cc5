# %% [markdown]
# # A format keeps a few digits and rounds the rest, the same way every time
#
# Rounding is no randomness: the same operation on the same bits gives the same bits. What changes
# a result is another *format*, another *order* or another *formula*, and each can be measured.
#
# About 45 minutes. You will be able to
#
# - say what a number becomes in `float64`, `float32`, `bfloat16` or `float16`, to the last bit;
# - tell rounding from a mistake by a bound that is derived, not guessed;
# - say when a tiny difference stays tiny and when it grows until nothing is left.
#
# Run all cells first (*Run → Run All Cells*). Every figure with controls is then live.

# %%
import torch

from workbook.causes import precision
from workbook.explorer import explore
from workbook.lesson import check, claim, hint, predict, solution

# %% [markdown]
# ## What a format keeps
#
# A floating-point number is a sign, an exponent and a fraction: plus or minus 1.*fraction* times 2
# to the power of the *exponent*. A format says how many bits each of them has. Before you look,
# commit yourself.

# %%
predict(precision.ONE_TENTH)

# %% [markdown]
# Ask Python. `Fraction` shows the value that is really held, without rounding it for display.

# %%
from fractions import Fraction

for dtype in (torch.float16, torch.float32, torch.float64):
    print(dtype, Fraction(torch.tensor(0.1, dtype=dtype).item()) == Fraction(1, 10))

# %% [markdown]
# The **bit microscope** holds one number in seven formats. Move *ULPs away* with the arrow keys:
# one press is one ULP, a *unit in the last place*, the step from one value of the format to the
# next. `tf32` and the `float8` formats are rounded by the workbook, so you need no such hardware.

# %%
explore(precision.MICROSCOPE)

# %% [markdown]
# More exponent bits give a wider range; more fraction bits give finer steps. `bfloat16` has the
# range of `float32` and fewer digits than `float16`. Half of the step just above 1 is the format's
# **unit roundoff**: no rounding within the format's range has a larger relative error.

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
# repeats. It does not take numbers so unequal, as you will see.
#
# Is this rounding or a mistake? The bound for a sum is derived from the unit roundoff, the sizes of
# the numbers and how many they are. What lies within it is called *rounding*, what lies outside is
# called *wrong*. Nobody chose a tolerance.
#
# Torch's own `sum` keeps several partial sums side by side, and hands big sums to several threads.
# On one machine, with one number of threads, its order is fixed; yet it is an order:

# %%
explore(precision.MANY_NUMBERS)

# %% [markdown]
# Each point is one order of the same numbers. Try another *seed* (other numbers, other orders): the
# spread stays within the bound. Try `float64`: the differences shrink, but they need not vanish.
# **Cure:** fix the order (sort, and keep the number of threads), or compare with a derived bound
# instead of `==`.

# %% [markdown]
# ## Counting in half precision
#
# Adding 1 looks like the safest thing to do.

# %%
total = torch.zeros((), dtype=torch.float16)
for _ in range(3000):
    total += 1
print(total.item())

# %%
explore(precision.STAGNATION)

# %% [markdown]
# The loop is not broken and nothing was lost by chance. Where the spacing is 2, adding 1 is a tie
# and is rounded back: **stagnation**. `sum()` gives the right count, because it accumulates in
# `float32` and rounds to `float16` once, at the end. **Cure:** accumulate in a wider format
# (`x.sum(dtype=torch.float32)`).

# %% [markdown]
# ## Two formulas for a variance
#
# Textbooks have two. One is the mean of the squares minus the square of the mean, E[x²] − E[x]²; it
# needs one pass over the numbers. The other is the mean of the squared deviations from the mean; it
# needs two. On paper they are equal.

# %%
predict(precision.TWO_VARIANCES)

# %%
explore(precision.CANCELLATION)

# %% [markdown]
# The larger the *offset* beside the spread, the more digits the two means share, and those cancel.
# Subtracting two nearly equal numbers is itself exact. It *reveals* the rounding that was already
# in them. **Cure:** subtract first, square afterwards, as `torch.var` does.

# %% [markdown]
# ## A program that blames rounding
#
# Some programs that are meant to show rounding change two things at once. Here is one that is said
# to show how rounding accumulates. Before you believe it, look for the step that made the
# difference.

# %%
predict(precision.WHERE_FROM)

# %%
a = torch.tensor([1.0, 2.0, 3.0]) * torch.tensor([0.1, 0.2, 0.3])
b = torch.tensor([1.0, 2.0, 3.0]).double() * torch.tensor([0.1, 0.2, 0.3]).double()
print("equal:", torch.equal(a.double(), b))

# %% [markdown]
# Here `float64` starts from the numbers that `float32` stored, and every bit of the products agrees.
# The explorer takes the program as it was and splits its difference into the two parts.

# %%
explore(precision.LITERALS)

# %% [markdown]
# ## A matrix product and its bound
#
# Each entry of a matrix product is a sum of n products. Theory bounds its error: certainly by
# about n unit roundoffs, likely by about the square root of n.

# %%
predict(precision.INSIDE_THE_BOUND)

# %%
explore(precision.MATMUL_ERROR)

# %% [markdown]
# The band reaches from the likely bound to the certain one. Errors are divided by the sizes that
# went in, not by the result: with *entries* of both signs the sums nearly cancel, and a small result
# would make a harmless error look large. `tf32` rounds the *inputs* to 11 bits and adds in
# `float32`; on some GPUs it stands in for `float32`. Here the workbook rounds them and your CPU
# multiplies. **Cure:** compare two products by this bound, not by a tolerance that felt right.
#
# ## Who is to blame, torch or the format?
#
# A program wants to find out with the help of NumPy.

# %%
predict(precision.WHAT_NUMPY_GAVE)

# %%
import numpy as np

square = torch.rand(64, 64)
product = np.matmul(square.numpy(), square.numpy())
print(product.dtype, np.matmul(square.double().numpy(), square.double().numpy()).dtype)

# %% [markdown]
# Results in one format are close to each other, whichever library made them; results in two formats
# are not. The format is to blame, not the library. **Cure:** ask the reference for its dtype before
# you trust it.

# %% [markdown]
# ## Two dtypes in one operation
#
# When two formats meet, torch chooses the dtype of the result. It is called **promotion**.

# %%
predict(precision.ZERO_DIMENSIONS)

# %%
vector, number = torch.rand(3), torch.tensor(0.1, dtype=torch.float64)
print((vector * number).dtype, (vector * number.reshape(1)).dtype)

# %%
explore(precision.PROMOTION)

# %% [markdown]
# Each square is the dtype of the result (u8 is `uint8`, bf16 is `bfloat16`). Choose *a
# zero-dimensional tensor*: now b decides only where it is of a higher kind, as a fraction is above
# whole numbers. No square depends on chance or on the values. **Cure:** convert both to the dtype
# that you want, and the table has nothing to decide.

# %%
predict(precision.FLOAT64_DATA)

# %%
line = torch.nn.Linear(1, 1)
try:
    line(torch.rand(4, 1).double())
except RuntimeError:
    print("RuntimeError: data in float64, weights in", line.weight.dtype)

# %% [markdown]
# Matrix products do not promote: they raise, and that is the kinder way. **Cure:** convert the data,
# or convert a copy of the model.
#
# ## A training run in two formats
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

# %%
numbers = torch.rand(1000, dtype=torch.float64) - 0.5
print(torch.equal(numbers.float().relu(), numbers.relu().float()))

# %% [markdown]
# Rounding leaves the sign of a number as it is, so it does not matter whether ReLU or rounding comes
# first. And in training? A program announces a deep ReLU network in two formats and leaves the
# training out. Here it is, with one start for both:

# %%
explore(precision.DEEP_TRAINING)

# %% [markdown]
# Where the gap jumps, a unit was on in one run and off in the other: the kink of ReLU, not
# accumulation. Choose *ReLU, on where float64's is*, or *tanh*, and no jump is left.

# %% [markdown]
# Why not use `float64` for everything? It takes twice the memory, and as a rule more time: how much
# more depends on the machine. Often it is enough to use `float64` for the one total, variance or
# reference that needs the digits.

# %% [markdown]
# ## One step, again and again
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
# and below it shrinks them. A recurrent network feeds its state back, too.

# %%
predict(precision.ONE_ULP)

# %%
explore(precision.RECURRENT)

# %% [markdown]
# Such growth from the smallest difference is called **chaos**. Lower the *gain* below one, and the
# difference dies out. Compare one ULP in `float64` and raise the *steps*: it takes longer and ends
# the same. **Cure:** none by precision. Make the step less steep, or compare statistics instead of
# single numbers.

# %% [markdown]
# ## Settle a claim
#
# Two claims of the workbook's ledger. Bet on what the experiment will show; the verdict on the claim
# follows from it. A claim is *misleading* if its words can be defended and a reader would take them
# for more than was measured.

# %%
claim("float64-makes-runs-reproducible")

# %%
claim("rounding-is-unpredictable")

# %% [markdown]
# ## Your turn
#
# Replace each `...` and run the cell. A cell that you have not touched counts as not attempted, not
# as wrong. The last exercise shows its hint and a solution; for another one, write its name into
# those two cells.

# %%
last = ...  # the last whole number that a float32 total reaches in steps of 1
check(precision.LAST_WHOLE_NUMBER, last)

# %%
above = ...  # the smallest float32 above 1000
check(precision.NEXT_VALUE, above)


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
# - We told rounding from mistakes by derived bounds: orders, formulas and formats all stayed
#   inside, and three programs turned out to compare two things at once.
# - We saw tiny differences stay tiny (ReLU, a stable fit) and take over (steep layers, chaos).
#
# Settled here: `float64` does not make a run repeat, and rounding can be predicted up to a bound.
# `python -m workbook claims --chapter 01` measures all claims about precision.
#
# Next: [02 In-place operations](02_in_place.ipynb).
