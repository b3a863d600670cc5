# %% [markdown]
# # Greedy decoding repeats as long as all of its conditions do
#
# Temperature 0 draws nothing, and still people report two answers to one prompt. Here you build the
# smallest program that does it, find the place, and learn what a fixed answer costs.
#
# About {minutes} minutes. You will be able to
#
# - say which conditions of a call reach its logits, and which do not;
# - tell from the lead of the best logit whether a rounding can change the token;
# - make a product whose bits stay, and say its price.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch
import torch.nn.functional as F

from workbook.causes import temperature_zero
from workbook.explorer import explore
from workbook.lesson import check, hint, investigate, predict, solution

# %% [markdown]
# ## One prompt, twice
#
# A language model gives each word of its vocabulary a number, the **logit**. *Greedy* decoding, which
# is what temperature 0 means, appends the word with the largest logit and begins again. (Dividing by a
# temperature of 0 would give NaN: greedy is a branch of its own.)

# %%
predict(temperature_zero.WHAT_CAN_CHANGE)

# %%
explore(
    temperature_zero.ALONE,
    after=temperature_zero.WHAT_CAN_CHANGE,
    controls=("change", "order", "accumulator", "dtype"),
)

# %% [markdown] tags=["answer"]
# The model is small and its weights are drawn: its texts mean nothing, but everything else is as in a
# large one. Each row is a prompt; a number is a token. Behind the first other token more may follow,
# because each token is chosen after all those before; texts of so small a model often meet again.
#
# Now change *order of addition* to *one fixed order*, and nothing else. Where did the difference go?

# %% [markdown]
# The library that the model uses is as small as the model:

# %% tags=["answer"]
import inspect

from workbook.causes.temperature_zero import library

print("Its orders and its product:")
for part in (library.halves, library.pairs, library.adding, library.product):
    print(inspect.getsource(part))

# %% tags=["answer"]
print("Row by row:")
torch.manual_seed(0)
product = library.product(library.ORDERS[0], library.ACCUMULATORS[0])
x, w = torch.rand(8, 64).bfloat16(), torch.rand(16, 64).bfloat16()
print("a product as torch's:", torch.allclose(product(x, w), F.linear(x, w), rtol=0.05))
print("8 against 7:", torch.equal(product(x, w)[:7], product(x[:7], w)))
print("7 against 1:", torch.equal(product(x[:7], w)[:1], product(x[:1], w)))

# %% [markdown] tags=["answer"]
# A row among 8 has other bits than among 7; among 7 it has those that it has alone. From eight rows on the
# product adds in another order, as real libraries do where that is faster. On paper both sums are equal;
# each addition rounds, and in another order other sums are rounded.
#
# Go back to the order *by the number of rows*. Choose the *dtype* `float32`; or stay in `bfloat16`, and
# choose the accumulator *float32, rounded at the end*. Both make the change far smaller than the lead of
# most tokens, and here no text changes. Real libraries mostly accumulate in `float32`, too; real services
# differ all the same (*Read on*), as large models have many layers and long texts.

# %% [markdown]
# ## torch's own product
#
# Does `F.linear` depend on the number of rows?

# %%
explore(temperature_zero.ROWS)

# %% [markdown]
# A column is a number of rows in each call. This is your machine, with these sizes; others have another
# table. Where `float32` is the format whose rows differ more often, that may surprise you. Its sums are
# rounded to `float32`, and each change shows in the last bit. A 16-bit product is, as a rule, summed in
# `float32` as well and rounded *once*, at the end, to a much coarser step: most changes are rounded away.
# What is left is one whole step of the coarse format.
#
# A data-center GPU, recorded:

# %%
explore(temperature_zero.ROWS, device="cuda", **temperature_zero.ROWS.recorded)

# %% [markdown]
# With 4096 features rows differ in all three formats. Set *features* to 1024 or fewer: `float32` differs
# as before, and the 16-bit formats no longer do, in this recording. It is no property of a format or of
# a GPU alone: libraries choose by the shape. In the recorded runs of the small model (up to 512 wide,
# *torch's own F.linear*), no text changed; a model that is 4096 wide has not been recorded. (To see
# them: `explore(temperature_zero.ALONE, device="cuda", **temperature_zero.ALONE.recorded)`.)
#
# The lines called *tiles of 8 rows* are the cure, and you will build it below.

# %% [markdown]
# ## How near must two logits be?

# %%
predict(temperature_zero.SAFE_LEAD)

# %%
explore(temperature_zero.MARGINS, after=temperature_zero.SAFE_LEAD)

# %% [markdown] tags=["answer"]
# Each point is one position of a text. To the right: how far the change of order moved a logit. Up: the
# lead of the best logit over the second. Whatever lies above the line is safe. Hollow points, at the
# lower edge, have no lead at all.

# %%
predict(temperature_zero.HOW_OFTEN_TIED)

# %% tags=["answer"]
print("Three equal logits:")
logits = torch.zeros(300)
logits[[7, 100, 250]] = 1.0
stable = logits.sort(descending=True, stable=True).indices[0]
print("argmax:", logits.argmax().item(), "· stable sort:", stable.item())

# %% tags=["answer", "nbval-ignore-output", "reason:ties-are-broken-as-each-library-likes"]
print("The same three logits:")
print("topk:", logits.topk(1).indices.item(), "· sort:", logits.argsort(descending=True)[0].item())

# %% [markdown] tags=["answer"]
# Two implementations of greedy decoding can differ without any rounding: the one takes `argmax`, the
# other the first of `topk`. **Cure:** one rule for ties, or logits in `float32`, where ties are rare and
# which take twice the memory.

# %% [markdown]
# ## One prompt, seven ways
#
# A **cache** keeps what attention needs of earlier tokens, so that each new token is computed by itself.
# **Padding** fills prompts of different lengths up to one length.

# %%
predict(temperature_zero.PADDED_LEFT)

# %%
explore(temperature_zero.WAYS_TO_COMPUTE, after=temperature_zero.PADDED_LEFT)

# %% [markdown] tags=["answer"]
# Each row is held against the whole prompt at once. The first column, `float64`, is the judge. A
# difference that is gone there was rounding; one that stays is another computation. Read the rows:
# cache, pieces, neighbors and the formula of attention round otherwise, at most. The last two compute something else, in any format. (The first explorer of this
# chapter does the same for whole texts: choose *cache or whole text*.)
#
# *Attention's plain formula* is another **back end** of `scaled_dot_product_attention`. torch chooses one
# by device, format, shape and mask; `sdpa_kernel` fixes the choice, and the plain formula pays with memory
# for every pair of tokens.
#
# **Cure:** where prompts are padded, pass mask *and* positions. A test of your own: compute in `float64`
# with and without padding, and compare.

# %% [markdown]
# ## And with a temperature?

# %%
predict(temperature_zero.SEED_IN_A_BATCH)

# %% tags=["answer"]
print("The same sample as alone?")
shares = torch.rand(8, 50)
for row in range(8):
    torch.manual_seed(3)
    among = shares.multinomial(20, replacement=True)[row]
    torch.manual_seed(3)
    print("row", row, torch.equal(among, shares[row].multinomial(20, replacement=True)))

# %% [markdown] tags=["answer"]
# A seed for the whole call is no seed for a request. **Cure:** a generator for each request, with its own
# seed; its price is a draw row by row.

# %% [markdown]
# ## Your turn
#
# 1. `safe(logits, change)` says for each row that its token is safe.
# 2. `fixed(library, x, w)` makes a product that does not depend on the number of rows, from a library
#    that does.
# 3. `sample(shares, seeds)` gives each row the token that it gets alone.


# %%
def safe(logits, change): ...  # True where the largest stays ahead of all others


check(temperature_zero.SAFE_TOKENS, safe)

# %%
hint(temperature_zero.SAFE_TOKENS, 1)

# %%
solution(temperature_zero.SAFE_TOKENS)


# %%
def fixed(library, x, w): ...  # the same bits for a row, in at most a call for each eight rows


check(temperature_zero.ROWS_IN_COMPANY, fixed)

# %%
hint(temperature_zero.ROWS_IN_COMPANY, 1)

# %%
solution(temperature_zero.ROWS_IN_COMPANY)


# %%
def sample(shares, seeds): ...  # a token for each row, drawn with its own seed


check(temperature_zero.SAMPLES_IN_COMPANY, sample)

# %%
hint(temperature_zero.SAMPLES_IN_COMPANY, 1)

# %%
solution(temperature_zero.SAMPLES_IN_COMPANY)

# %% [markdown]
# The second exercise is what *batch-invariant* kernels do, in miniature: one shape, so one order. Its
# price stands in the gray line of digits of the figure on rows, for a single row on this machine; larger calls pay for
# many small products in place of a large one. And it fixes the order on *one* machine: another library
# may add otherwise, and attention, normalization and sampling need the same care.

# %% [markdown]
# ## A case
#
# Five suspects, and two trials. Before each trial, say for every suspect: if this were the cause, would
# the difference stay?

# %%
investigate(temperature_zero.COMPANY)

# %% [markdown]
# ## What we saw
#
# - The number of rows in a call changed the order of addition, and with it texts; cache, pieces and back
#   ends rounded otherwise; padding without positions was another computation.
# - A token could change only where the lead was at most twice the largest change of a logit; ties needed
#   a rule.
# - Tiles of one shape gave each row the same bits in any company, for the price of the zeros.
#
# Next: [10 Another run](10_another_run.ipynb).
#
# **Read on:** H. He and others, *Defeating Nondeterminism in LLM Inference*, Thinking Machines Lab, 2025.
# vLLM's documentation on batch invariance. PyTorch's notes on numerical accuracy (batched computations)
# and reproducibility. N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, SIAM 2002,
# chapter 4 (orders of a sum). IEEE 754-2019.
