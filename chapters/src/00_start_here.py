# %% [markdown]
# # A result depends on its conditions, and one of them changed
#
# Your PyTorch numbers moved, and you cannot see why. Then two runs differed in a condition that
# nobody wrote down. This workbook finds it: it changes one condition at a time and looks at the bits.
#
# About {minutes} minutes. You will be able to
#
# - read a measured difference, and tell *identical*, *rounding* and *wrong* apart;
# - use an explorer to change one condition and hold all others still;
# - find the chapter that deals with the change you saw.
#
# Run the cells one by one: *Shift+Enter* runs a cell and goes on to the next. What answers a question
# stays covered until you have answered it; where nobody has run the notebook, *…* opens it. (The other
# files in this folder make and test the chapters. You need none of them.)

# %%
from workbook.causes import start_here
from workbook.explorer import explore
from workbook.lesson import check, hint, machine_card, predict, progress, solution

# %% [markdown]
# ## Six trainings from one seed
#
# In each chapter you commit yourself before you look. Choose an answer and say how sure you are.

# %%
predict(start_here.SAME_WEIGHTS)

# %%
predict(start_here.LOSS_SHOWS)

# %% [markdown]
# An **explorer** is one experiment: its controls set the conditions, its title is the
# verdict, and what it shows was measured a moment ago.

# %%
explore(start_here.SIX_FROM_ONE_SEED, after=start_here.LOSS_SHOWS)

# %% [markdown] tags=["answer"]
# Each row is one training with one thing changed; at the right, how far its weights come from the
# first run's, step by step. There are three kinds of row, and the whole workbook is about telling
# them apart:
#
# - **identical**: every bit is equal. Nothing that matters was changed.
# - **rounding**: the same mathematics, rounded in other places. Computed in `float64`, such a
#   difference nearly vanishes, and the gray line of digits says that it does. It harms nobody,
#   unless something enlarges it.
# - **wrong**, if the two were meant to be the same: more than rounding can do. Here one is a fault, and
#   the other a draw that shifted all later draws.
#
# Does it matter? For the losses hardly, and that is the trouble: a loss that looks right cannot tell a
# fault from luck. (From some other *seeds* the run that forgot a row has the highest loss of all.)

# %% [markdown]
# ## The machine you are on
#
# The same program can give other bits on another machine. So each measurement here says where it
# was made: LIVE (this machine, now), RECORDED (a named machine, with date and versions) or
# SIMULATED (an imitation of an accelerator, which adds in another order than your CPU).

# %% tags=["nbval-ignore-output", "reason:names-this-machine"]
machine_card()

# %% [markdown]
# ## Where rounding begins

# %%
predict(start_here.THREE_TENTHS)

# %% tags=["answer"]
import torch

print("Is 0.1 + 0.2 equal to 0.3?")
for dtype in (torch.float32, torch.float64):
    tenth, fifth, three_tenths = (torch.tensor(x, dtype=dtype) for x in (0.1, 0.2, 0.3))
    print(f"in {dtype}: {bool(tenth + fifth == three_tenths)}")

# %% [markdown] tags=["answer"]
# Each of the three numbers is rounded when it is stored, and the sum is rounded once more. In
# `float32` these roundings happen to meet, in `float64` they do not. Nothing here is random: it is so
# on every computer that follows IEEE 754, the standard for such numbers.

# %% [markdown]
# How far may roundings go? For a sum there is a derived limit, a **bound**. Three comparisons, each of two ways to add the same three numbers; the third way forgets one.

# %%
from workbook.bounds import sum_bound
from workbook.comparison import compare

a, b, c = x = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)
bound = sum_bound(x, "float64", depth=2) + sum_bound(x, "float64", depth=2)
print("(a + b) + c against (b + a) + c:", compare((a + b) + c, (b + a) + c, bound=bound).verdict)
print("(a + b) + c against a + (b + c):", compare((a + b) + c, a + (b + c), bound=bound).verdict)
print("(a + b) + c against b + c:", compare((a + b) + c, b + c, bound=bound).verdict)

# %% [markdown]
# The first pair differs in nothing that rounds: a + b and b + a are one number. The second pair rounds
# other partial sums, and stays within the bound. The third does not: no rounding explains it.
# ([Chapter 01](01_precision.ipynb) derives the bound, and has two more words: *doubtful* and *left the
# range*.)
#
# ## How to use an explorer
#
# This one adds fractions, a/n and b/n, for every a and b from 1 to 9.
#
# - Move a control with the mouse, or focus it with *Tab* and use the arrow keys.
# - The title is the verdict. A gray line of digits goes with it: under the title where the figure is
#   live, at the foot of a committed one.
# - Where a difference is called rounding, a line says how small a mistake would look the same: *a fault
#   below ... could hide here*. It is large where numbers could be missing from a sum unnoticed.
# - *The figure's data as a table* opens the numbers. *Reset* returns to the opening settings.

# %%
explore(start_here.PARTS_OF_ONE)

# %% [markdown]
# Each square compares `a/n + b/n`, where two rounded numbers are added, with `(a + b)/n`, where only
# the result is rounded. On paper they are the same. A number in a square counts **ULPs**, *units in the
# last place*: how many steps of the format lie between the two results. Now switch *dtype*, the number
# format, and change nothing else: other squares are marked.
#
# ## Your turn
#
# Replace `...` and run the cell.

# %%
n = ...  # from 9 to 16: into how many parts must one be cut so that every pair agrees?
check(start_here.WHICH_PARTS, n)

# %%
hint(start_here.WHICH_PARTS, 1)

# %%
solution(start_here.WHICH_PARTS)

# %% [markdown]
# ## The map
#
# | You see | What changed, as a rule | Where |
# |---|---|---|
# | the last digits differ: another formula, another order, another dtype | how the result is rounded | [01 Precision](01_precision.ipynb) |
# | values change that your line does not name; now and then a wrong one | who writes to the memory, and when | [02 In-place operations](02_in_place.ipynb) |
# | an error in `backward()`, a gradient that is missing or differs | what is recorded, in which order it adds up | [03 Autograd](03_autograd.ipynb) |
# | one input gives another output in each call, or in each batch | training or evaluation mode, the other rows | [04 Evaluation mode](04_eval_mode.ipynb) |
# | two runs with one seed part | who adds first, the algorithm that a library picks | [05 cuDNN and determinism](05_cudnn.ipynb) |
# | all digits differ since a layer or a line was added | the draws: seed, order, number | [06 Initialization](06_linear_init.ipynb) |
# | the CPU and another device disagree | the device, or the inputs that each side was given | [07 DirectML, and any other device](07_directml.ipynb) |
# | NaN, infinity, a loss that stands still | the range of the format, a mask, a guard | [08 Why NaN?](08_why_nan.ipynb) |
# | another text at temperature 0 | a condition of the call that nobody wrote down | [09 Temperature 0](09_temperature_zero.ipynb) |
# | another training: resumed, compiled, or on two processes | what a checkpoint lacks, workers, a compiler, ranks | [10 Another run](10_another_run.ipynb) |
# | none of these, or several | you do not know yet: find out by controlled reruns | [11 Your own program](11_your_own_program.ipynb) |
#
# ## In 90 minutes
#
# A short way through all chapters. In each, run the first code cell, then go to these sections.
#
# {path}
#
# ## What you have done
#
# Your first answers are kept on this machine alone, in a hidden file beside these notebooks. To start
# over, delete it: in a terminal, `rm notebooks/.answers.sqlite3`.

# %% tags=["nbval-ignore-output", "reason:shows-your-answers"]
progress()

# %% [markdown]
# ## What we saw
#
# - We read differences: identical, rounding, and wrong; and a loss that did not tell them apart.
# - We changed one condition at a time and held the others still.
# - We have the map: each chapter changes one kind of condition.
#
# The workbook also keeps a ledger of claims that people make about PyTorch's results.
# `python -m workbook claims` measures them on your machine.
#
# Next: [01 Precision](01_precision.ipynb).
