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
def total(x):
    ...  # the same bits, whatever the order of x


check(precision.SAME_IN_ANY_ORDER, total)

# %%
hint(precision.SAME_IN_ANY_ORDER, 1)

# %%
solution(precision.SAME_IN_ANY_ORDER)
