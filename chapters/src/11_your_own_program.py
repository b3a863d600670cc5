# %% [markdown]
# # A few good trials find the cause, and the tool does them for you
#
# Your own numbers moved, and several things could be the reason. Here you learn to tell them apart
# with few trials, and then to let the workbook do it on your own code.
#
# About {minutes} minutes. You will be able to
#
# - choose the trial that separates the suspects that are left;
# - read a diagnosis: the cause, the evidence, and what to do;
# - ask for one about your own function, your own pair of functions, or your own model.
#
# Run the cells one by one with *Shift+Enter*.

# %%
import tempfile
from pathlib import Path

import torch

from workbook.causes import your_own_program
from workbook.diagnosis import diagnose
from workbook.lesson import check, hint, investigate, predict, remedies, report, solution

# %% [markdown]
# ## What does a trial show?
#
# A **trial** changes one condition and looks whether the difference goes.

# %%
predict(your_own_program.EVAL_SHOWS)

# %% [markdown]
# This is **differential diagnosis**, as physicians do it:
#
# 1. List every suspect, also the unlikely ones.
# 2. For each trial, say beforehand: with which suspects would the difference go, and with which
#    would it stay?
# 3. Choose the trial that splits the suspects who are left into two groups of about equal size.
# 4. Run it, and clear the group that would have shown something else.
#
# It takes one thing for granted: that there is a single cause. Where two act at once, mend the one
# that you found and begin again.
#
# ## Three cases
#
# The program stands above the trials. Reading it does not decide: each suspect looks guilty for a
# reason, and what is set stands in a file. The trials are few. The tool speaks when you have named the
# cause.

# %%
investigate(your_own_program.UNSTEADY_SCORES)

# %%
investigate(your_own_program.LOGGED_TRAINING)

# %%
investigate(your_own_program.RESTLESS_REVIEWS)

# %% [markdown]
# ## Your turn
#
# The trial that you will need most: is it the draws? `function` takes no arguments and returns a tensor.
# Call it twice, each time with torch's generator in the same state, and return True if all numbers of the
# two results are equal, else False.


# %%
def agrees(function): ...  # True or False


check(your_own_program.SAME_DRAWS_TWICE, agrees)

# %%
hint(your_own_program.SAME_DRAWS_TWICE, 1)

# %%
hint(your_own_program.SAME_DRAWS_TWICE, 2)

# %%
solution(your_own_program.SAME_DRAWS_TWICE)

# %% [markdown]
# ## Your own code
#
# The tool does what you did, with many more trials. It runs your code in processes of its own, so
# nothing of yours is changed. All it needs is a file with a function that takes no arguments and
# returns the numbers.
#
# Here is such a file. Two functions, and somebody expects them to agree:

# %%
folder = tempfile.TemporaryDirectory()
program = Path(folder.name, "my_model.py")
_ = program.write_text("""
import torch
from torch import nn

def rows_and_model():
    torch.manual_seed(0)
    parts = nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2)
    return torch.rand(8, 6), nn.Sequential(*parts)
""")

# %%
with program.open("a") as file:
    file.write("""
def this_morning():
    rows, model = rows_and_model()
    return model.eval()(rows)

def this_afternoon():
    rows, model = rows_and_model()
    return model(rows)
""")

# %% [markdown]
# Before you run the next cell: how many causes do you expect? (Give it half a minute.)

# %%
answer = diagnose(f"{program}:this_morning", f"{program}:this_afternoon")
report(answer)

# %% [markdown]
# The picture shows both runs, operation by operation, and about how many ULPs apart they are. Up to the
# marked **origin** every bit agrees: the weights and the rows are the same. The cause sits there,
# and not at the end, where it was seen.
#
# It found both causes. Neither is enough by itself: with dropout off the two functions still differ,
# and so they do with the running statistics. Only with both changes do they agree.
#
# `answer.tried` lists what was tried, so that *nothing found* means something. Where the tool
# cannot tell, it says *don't know*.
#
# Now put your own file in place of this one. There are three ways to ask:
#
# | You have | In Python | In a terminal |
# |---|---|---|
# | a function that gives other results when it is called again | `diagnose("my.py:run")` | `python -m workbook diagnose my.py:run` |
# | two functions that should agree | `diagnose("my.py:old", "my.py:new")` | `python -m workbook diagnose my.py:old my.py:new` |
# | a function that returns a module and a tuple of its inputs | `diagnose("my.py:build", model=True)` | `python -m workbook diagnose --model my.py:build` |
#
# Use a small input: the function is called many times. `--timeout` limits the seconds, `--json`
# gives the answer to other programs.

# %% [markdown]
# ## What to do about each cause
#
# A *fault* is to be mended. *Random* asks for a seed. *Rounding* is no fault: compare within the
# bound. Where a difference is larger than the bound, the same cause is a fault. Open a list to look up
# what a diagnosis has named.

# %%
remedies()

# %% [markdown]
# ## What we saw
#
# - We chose trials by what they would show for each suspect, and a few were enough.
# - We read diagnoses: a cause, the trial that took its difference away, and the cure.
# - We asked about our own file, and found two causes at once, with the place where the runs part.
#
# The causes have their own chapters: [the map is on the start page](00_start_here.ipynb).
#
# **Read on:** A. Zeller, *Why Programs Fail*, 2nd edition, Morgan Kaufmann 2009. A. Zeller and
# R. Hildebrandt, *Simplifying and isolating failure-inducing input*, IEEE Transactions on Software
# Engineering 28 (2002).
