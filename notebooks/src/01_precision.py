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
from workbook.lesson import check, hint, predict, solution

# %% [markdown]
# ## What a format keeps
#
# A floating-point number is a sign, an exponent and a fraction. Before you look, commit yourself.

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
# range of `float32` and fewer digits than `float16`. Half of a ULP, relative to the value, is the
# **unit roundoff**: the largest relative error that one rounding makes.

# %% [markdown]
# ## Between two values
#
# The values of a format lie on the number line with gaps. An addition takes the true sum and
# rounds it to the nearest value.

# %%
predict(precision.ADD_A_LITTLE)

# %%
spacing = torch.finfo(torch.float32).eps  # the spacing just above 1
print(torch.tensor(1.0) + spacing * 6 / 16 == 1)
print(torch.tensor(1.0) + spacing * 10 / 16 == 1)

# %%
explore(precision.NUMBER_LINE)

# %% [markdown]
# Move the *sixteenths* past 8: the sum jumps to the next value. At exactly 8 the true sum is a
# tie, and ties go to the value whose last bit is 0. Choose a larger start and the gap grows with
# it: formats keep relative, not absolute, precision.

# %% [markdown]
# ## The order of a sum
#
# Every addition rounds. In another order, other partial sums are rounded.

# %%
predict(precision.SIX_IN_ANY_ORDER)

# %%
print((1e8 + 1.0) - 1e8 == (1e8 - 1e8) + 1.0)
big, one = torch.tensor(1e8), torch.tensor(1.0)
print((big + one) - big == (big - big) + one)

# %% [markdown]
# The first line is Python's `float64`, the second is `float32`. Six everyday numbers will do, too:

# %%
explore(precision.SIX_NUMBERS)

# %% [markdown]
# Three words judge a difference in this workbook. **Identical**: every bit is equal. **Rounding**:
# the difference lies within a bound that is derived for this operation from the unit roundoff and
# the number of additions. **Wrong**: it lies outside. Nobody chose a tolerance.
#
# The library's own `sum` adds in blocks and lanes, and hands big sums to several threads. Its
# order is fixed on one machine, yet it is an order:

# %%
explore(precision.MANY_NUMBERS)

# %% [markdown]
# The seed chooses the numbers *and* the orders; at any seed the spread stays within the bound.
# Try `float64`: the differences shrink, but they need not vanish. **Cure:** fix the order (sort,
# or one thread), or compare with a derived bound instead of `==`.

# %% [markdown]
# ## When a total stops growing

# %%
predict(precision.COUNTING)

# %%
total = torch.zeros((), dtype=torch.float16)
for _ in range(3000):
    total += 1
print(total.item())

# %%
explore(precision.STAGNATION)

# %% [markdown]
# The loop is not broken and nothing was lost by chance: where the spacing is 2, adding 1 is a tie
# and is rounded back. `sum()` gives the right count, because it accumulates in `float32` and
# rounds once, at the end. **Cure:** accumulate in a wider format (`x.sum(dtype=torch.float32)`).

# %% [markdown]
# ## When digits cancel

# %%
predict(precision.TWO_VARIANCES)

# %%
explore(precision.CANCELLATION)

# %% [markdown]
# Subtracting two nearly equal numbers is itself exact. It *reveals* the rounding that was already
# in them. **Cure:** subtract first, square afterwards, as `torch.var` does.

# %% [markdown]
# ## A program that blames rounding
#
# A program multiplies 1, 2, 3 by 0.1, 0.2, 0.3 in two formats and prints the difference, to show
# how rounding accumulates. Before you believe it, look for the step that made the difference.

# %%
predict(precision.WHERE_FROM)

# %%
a = torch.tensor([1.0, 2.0, 3.0]) * torch.tensor([0.1, 0.2, 0.3])
b = torch.tensor([1.0, 2.0, 3.0]).double() * torch.tensor([0.1, 0.2, 0.3]).double()
print("equal:", torch.equal(a.double(), b))

# %% [markdown]
# Here `float64` starts from the same stored numbers, and every bit of the products agrees. The
# explorer splits the difference into its two parts.

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
# `tf32` rounds the *inputs* to 11 bits and adds in `float32`; on some GPUs it stands in for
# `float32`. Here its inputs are rounded by the workbook and multiplied on your CPU. With entries of
# both signs the sums nearly cancel: the bound is relative to the sizes that went in, not to the
# result.
#
# A program compares a `float32` product with NumPy, to find out who is to blame.

# %%
predict(precision.WHAT_NUMPY_GAVE)

# %%
import numpy as np

square = torch.rand(64, 64)
product = np.matmul(square.numpy(), square.numpy())
print(product.dtype, np.matmul(square.double().numpy(), square.double().numpy()).dtype)

# %%
explore(precision.FOUR_PRODUCTS)

# %% [markdown]
# With NumPy in both formats the table sorts itself: results in one format are close to each
# other, whichever library made them. The format is to blame, not the library.

# %% [markdown]
# ## Two dtypes in one operation

# %%
predict(precision.ZERO_DIMENSIONS)

# %%
vector, number = torch.rand(3), torch.tensor(0.1, dtype=torch.float64)
print((vector * number).dtype, (vector * number.reshape(1)).dtype)

# %%
explore(precision.PROMOTION)

# %% [markdown]
# There is a table for every pair, it never changes, and `a` with `b` gives what `b` with `a` gives.
# Matrix products have no such table: they raise.

# %%
predict(precision.FLOAT64_DATA)

# %%
line = torch.nn.Linear(1, 1)
try:
    line(torch.rand(4, 1).double())
except RuntimeError:
    print("RuntimeError: data in float64, weights in", line.weight.dtype)

# %%
explore(precision.MIXED_DTYPES)

# %% [markdown]
# ## A training run in two formats
#
# The program of the last question, repaired so that it runs: does it measure the formats?

# %%
predict(precision.WHAT_PARTS_THE_LINES)

# %%
torch.manual_seed(0)
single = torch.nn.Linear(1, 1)
torch.manual_seed(0)
double = torch.nn.Linear(1, 1, dtype=torch.float64)
print("same start:", torch.allclose(single.weight.double(), double.weight))

# %% [markdown]
# Not even one seed gives both the same start, because each format draws its own numbers.
# `copy.deepcopy(single).double()` does. Choose *the same for both* below.

# %%
explore(precision.REGRESSION)

# %% [markdown]
# With one start, the gap is rounding, and it does not grow without end: the fit pulls both runs to
# the same line. What remains is stagnation again, of the weights: an update below half a ULP is
# rounded away.

# %% [markdown]
# ## Deep networks
#
# "The more layers, the more rounding" is half of the truth.

# %%
predict(precision.WHICH_ACTIVATION)

# %%
explore(precision.DEPTH)

# %% [markdown]
# Raise the *gain*. At some point the other activations lose their digits, too: tanh needs a gain
# well above one, while ReLU and the identity scale value and error alike.

# %%
predict(precision.RELU)

# %%
numbers = torch.rand(1000, dtype=torch.float64) - 0.5
print(torch.equal(numbers.float().relu(), numbers.relu().float()))

# %%
explore(precision.ACTIVATION_ERROR)

# %% [markdown]
# And in training? A program announces a deep ReLU network in two formats and leaves the training
# out. Here it is, with one start for both:

# %%
explore(precision.DEEP_TRAINING)

# %% [markdown]
# The jumps are steps at which a unit was on in one run and off in the other: the kink of ReLU, not
# accumulation. Choose *ReLU, on where float64's is*, or *tanh*, and they are gone.

# %% [markdown]
# ## What float64 costs

# %%
explore(precision.COST)

# %% [markdown]
# Twice the memory is certain. The time is your machine's: measure it where you need it.

# %% [markdown]
# ## When one ULP decides everything
#
# A step that enlarges differences, taken again and again, is chaos.

# %%
x, y = torch.tensor(0.2), torch.tensor(0.2, dtype=torch.float64)
for _ in range(60):
    x, y = 3.9 * x * (1 - x), 3.9 * y * (1 - y)
print("apart by more than a tenth:", bool((x.double() - y).abs() > 0.1))

# %%
explore(precision.LOGISTIC_MAP)

# %%
predict(precision.ONE_ULP)

# %%
explore(precision.RECURRENT)

# %% [markdown]
# Lower the *gain* below one and the difference dies out. Change one ULP in `float64`: it takes
# longer and ends the same. **Cure:** none by precision. Make the map less steep, or compare
# statistics instead of single numbers.

# %% [markdown]
# ## Your turn
#
# Replace each `...`, run the cell, then the check below it. A cell that you have not touched
# counts as not attempted, not as wrong. `hint(..., 1)` gives the first hint.

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
# - We said what a number becomes in seven formats, to the last bit, and why 0.1 is in none.
# - We told rounding from mistakes by derived bounds: orders, formulas and formats all stayed
#   inside, and three programs turned out to compare two things at once.
# - We saw tiny differences stay tiny (ReLU, a stable fit) and take over (steep layers, chaos).
#
# Next: [02 In-place operations](02_in_place.ipynb).
