# %% [markdown]
# # A NaN is born in one operation and seen in another
#
# The loss says `nan`, and every weight is lost. Somewhere before, one number left the range of its
# format, and arithmetic carried it on. Here you find the place, and the reason, and a cure that does
# not only hide it.
#
# About {minutes} minutes, and {optional} more for the section that is marked as optional. You will be able to
#
# - say which operations give infinity or NaN, in which format, and how to write them so that they do
#   not;
# - tell what hands a NaN on, what hides it, and what makes it stay;
# - find the first one in a model that is not yours.
#
# Run the cells one by one with *Shift+Enter*: what answers a question stays covered until you answer.

# %%
import torch
import torch.nn.functional as F
from torch import nn

from workbook.causes import why_nan
from workbook.explorer import explore
from workbook.lesson import check, claim, hint, investigate, predict, solution

# %% [markdown]
# ## A loss that stops being a number
#
# A small network tells on which side of two lines a point lies. Its loss is written as in books: a
# **softmax**, which turns scores (*logits*) into shares, and the logarithm of the right label's share.


# %%
def loss_by_hand(logits, labels):
    shares = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -shares[torch.arange(len(labels)), labels].log().mean()


# %%
torch.manual_seed(4)
points = 50 * (2 * torch.rand(64, 2) - 1)
labels = (points[:, 0] * points[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(30):
    loss = loss_by_hand(model(points), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss:", loss.item(), "· last weights lost:", model[2].weight.isnan().all().item())

# %% [markdown]
# Nothing raised an error. Was the learning rate too large, or the data too wild? Hold both still, and
# change the formula of the loss alone:

# %%
explore(why_nan.NAN_TRAINING)

# %% [markdown]
# Both lines start from the same weights and see the same points. On paper the two formulas are one. (At
# the largest learning rate both end: then the steps are too large, whatever the formula.)
# Make the inputs smaller, or choose `float64`: the formula by hand lasts longer, and then you have not
# mended it. So what happened in it? It takes exponentials.

# %%
predict(why_nan.LAST_EXPONENTIAL)

# %% tags=["answer"]
print("Finite, and what follows:")
for logit in (88.0, 89.0):
    print(logit, torch.tensor(logit).exp().isfinite().item())
inf = torch.tensor(torch.inf)
print((inf / inf).item(), (inf - inf).item(), (0 * inf).item(), torch.tensor(0.0).log().item())

# %% [markdown] tags=["answer"]
# `float32` ends at 3.4e38, and exp(89) lies beyond. That is **overflow**: the result is infinity. The
# softmax then divides infinity by infinity, and that is **NaN**, *not a number*: what IEEE 754 gives
# where no number would be right. The other end is **underflow**: a share too small for the format
# becomes 0, and the log of 0 is minus infinity.

# %% [markdown]
# **Cure:** subtract the largest logit first. It changes nothing on paper, and the largest exponential
# is then exp(0). Better still, never form the share: log softmax is the logit minus `logsumexp`. The
# price is one more pass over the logits, to find the largest.

# %%
logits = torch.tensor([1e4, 0.0])
print(logits.softmax(0).log().tolist(), F.log_softmax(logits, dim=0).tolist())

# %% [markdown]
# Repair the training. Replace `...` and run the cell.


# %%
def loss(logits, labels): ...  # the mean of −log softmax at the labels, for logits up to 1000


check(why_nan.REPAIR_THE_LOSS, loss)

# %%
hint(why_nan.REPAIR_THE_LOSS, 1)

# %%
solution(why_nan.REPAIR_THE_LOSS)

# %% [markdown]
# ## The range of a format
#
# How far a format reaches is decided by its exponent bits, not by its digits.

# %%
explore(why_nan.RANGES)

# %% [markdown]
# Look at `bfloat16` and `float16`: both have 16 bits. The first spends eight of them on the exponent,
# as `float32` does, and keeps 2 to 3 digits; the second has 3 to 4 digits, and ends at 65504. Below
# the normal range lie the **subnormal** numbers, with fewer digits the smaller they are.
#
# Now choose *x / x*, which is 1 on paper: a number that was rounded to 0 gives 0/0, one that
# overflowed gives infinity by infinity. *x − x* finds infinity only.
#
# The last row depends on your torch: `float8_e4m3fn` has no infinity. Older versions turn what is too
# large into NaN, newer ones into 448, its largest value. The second, **saturation**, hides an overflow.
#
# Squares need twice the range of what they square. So a mean of squares may be infinite although the
# numbers, and their norm, are not:

# %%
x = torch.tensor([300.0, -300.0]).half()
print((x * x).mean().item(), x.norm().isfinite().item())

# %% [markdown]
# `norm` adds up in `float32` and rounds once. **Cure:** call one function for the whole formula
# (`norm`, `layer_norm`, `cross_entropy`), or compute it in `float32` and round the result; the price is
# the memory of a copy.

# %% [markdown]
# ## A mask, and nothing left

# %%
predict(why_nan.FULLY_MASKED)

# %% tags=["answer"]
print("Every score masked, with -inf and with the smallest number:")
scores = torch.tensor([0.5, 1.0, 1.5])
for mask in (-torch.inf, torch.finfo(scores.dtype).min):
    print([round(weight, 2) for weight in torch.full_like(scores, mask).softmax(0).tolist()])

# %% [markdown] tags=["answer"]
# With the smallest number of the format as the mask, the weights are equal: a number, though it means
# nothing, as that row should be ignored. Minus infinity is the honest mask while one place is left.
# **Cure:** leave out rows without a place, or let them attend to one, and ignore what they give. The
# price is a case of its own in your code; the large number costs nothing, and nobody notices the row.

# %% [markdown]
# ## The branch that is not taken

# %%
predict(why_nan.WHERE_GRADIENT)

# %%
explore(why_nan.GUARDED, after=why_nan.WHERE_GRADIENT)

# %% [markdown] tags=["answer"]
# Each row wants to give 0 wherever x is not above 0. Two of them show the right values and break the
# training one step later. Read *f(x).nan_to_num()*: the result is clean, the slope of sqrt at 0 is
# infinite all the same. `x / x.norm()` and `(x * x).sum().sqrt()` hide the same slope at a vector of
# zeros; `x.norm()` itself gives a gradient of 0 there.
#
# **Cure:** keep f from seeing what it cannot take. Either take only the entries that it can, or put a
# harmless number in the place of the others first, and choose afterwards: *where* twice. It costs one
# more `where`.

# %% [markdown]
# ## How it travels

# %%
predict(why_nan.STOP_WHEN_LARGE)

# %%
predict(why_nan.ONE_OF_A_THOUSAND)

# %%
explore(why_nan.TRAVEL, after=why_nan.ONE_OF_A_THOUSAND)

# %% [markdown] tags=["answer"]
# Arithmetic hands it on: that is what NaN is for. Whatever asks a question answers it with an ordinary
# value, and a NaN that was hidden is not mended. `argmax` gives its place, as if it were the largest.
# `x * 0` is no way to switch a bad entry off, and neither is dropout.
#
# Choose *layers and a training step*. What looks at one row keeps it in its row. BatchNorm and
# attention mix the rows of a batch or a text: one bad entry reaches all. BatchNorm also remembers it
# in its running statistics, and so evaluation on clean data fails long after the batch is gone.
#
# The loss of that training step leaves the bad row out, and is an ordinary number. Its gradient is not:
# 0 for that row, times NaN. Adam then keeps it in its averages; no clean batch washes it out.
#
# **Cure:** clean the *input*, before the first layer. Stop at the first loss that is not finite
# (`if not loss.isfinite()`), before `step()`: the weights are then still whole. The price, on a GPU, is
# that each step waits for its loss.

# %% [markdown]
# ## Sixteen bits

# %%
predict(why_nan.ADAM_IN_HALF)

# %% tags=["answer"]
print("The same number in two formats:")
for dtype in (torch.float16, torch.bfloat16):
    print(dtype, "holds 1e-8:", torch.tensor(1e-8, dtype=dtype).item() > 0)
print(torch.tensor(0.0).half().add(1e-8).log().item())

# %% [markdown] tags=["answer"]
# A small number added for safety is safe only if the format has it. **Cure:** keep normalizations,
# losses and optimizers in `float32`, as autocast does; the price is memory. Or choose *eps* for the
# format, 1e-4 in `float16`: it costs no memory, and changes small steps.

# %% [markdown]
# `bfloat16` holds 1e-8, and has no trouble with range. What it lacks is digits. Add 0.001 to 1, a
# thousand times:

# %%
for dtype in (torch.float32, torch.bfloat16):
    weight = torch.ones((), dtype=dtype)
    for _ in range(1000):
        weight += 1e-3
    print(dtype, round(weight.item(), 2))

# %% [markdown]
# Between 1 and 2 `bfloat16` has steps of 0.0078. An update below half a step is rounded away, each time:
# no NaN, no warning, a training that stands still. **Cure:** a *master copy* of the weights in
# `float32`, which collects the small updates. Its price is four bytes for each weight.

# %% [markdown]
# ## A scale for the loss
#
# *Optional: about {section}, for those who train in `float16`. The exercises and the case do not need it.*
#
# Gradients are small: each token's share is divided by the number of tokens. In `float16` some become
# 0. First a claim of the workbook's ledger, a list of what people say of PyTorch's results, each measured.
# Bet on what the measurement will show; the verdict on the claim follows from it.

# %%
claim("sixteen-bits-need-a-scale")

# %% [markdown]
# **Loss scaling** multiplies the loss, so that all gradients move up by the same factor, and divides
# them before the step.

# %%
explore(why_nan.LOSS_SCALE)

# %% [markdown]
# Change *tokens*: both ends move with it, by the same factor. `float16` needs a scale that lies between them.
#
# Nobody knows the best scale beforehand, and it changes. `GradScaler` finds it by failing: it doubles
# the scale from time to time, and where a gradient is infinite it leaves the step out and halves the
# scale. Its price is the steps that are left out, and a look at every gradient.

# %%
weight = nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([weight], lr=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
for factor in (1.0, 1.0, torch.inf, 1.0):
    before = weight.item()
    scaler.scale(weight * factor).backward()
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    print("stepped:", weight.item() != before, "· scale:", scaler.get_scale())

# %%
predict(why_nan.UNDER_A_SCALER)

# %% [markdown]
# ## Finding the first one
#
# Three tools, and each sees something else. **Anomaly mode** checks every gradient:

# %%
import warnings

x = torch.zeros(2, requires_grad=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of its own price
    try:
        with torch.autograd.detect_anomaly():
            torch.where(x > 0, x.sqrt(), 0.0).sum().backward()
    except RuntimeError as error:
        print(error)

# %% [markdown]
# It found the double *where* from before. But it says nothing of a NaN that is there in the forward
# pass already, and nothing of an infinite gradient; and it makes training slower. A **forward hook**
# sees what each module gives. A **dispatch mode** sees each operation, in modules and between them:

# %%
from torch.utils._python_dispatch import TorchDispatchMode


class FirstNotFinite(TorchDispatchMode):
    found = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if self.found is None and isinstance(out, torch.Tensor) and out.is_floating_point():
            self.found = None if out.isfinite().all() else func.__name__
        return out


# %%
with FirstNotFinite() as mode:
    loss_by_hand(torch.tensor([[100.0, 0.0]]), torch.tensor([0]))
print("born in", mode.found)

# %% [markdown]
# The infinity came first, in exp; the NaN is its child. So look for what is not *finite*, never for NaN
# alone.

# %% [markdown]
# ## Your turn
#
# 1. `first(model, x)` runs the model once, names the innermost module whose input was finite and whose
#    output is not, and leaves no hook behind.
# 2. `root(x)` is the square root where x > 0, and elsewhere 0 with a gradient of 0.


# %%
def first(model, x): ...  # its name, as in named_modules; None if there is none


check(why_nan.FIRST_NOT_FINITE, first)

# %%
hint(why_nan.FIRST_NOT_FINITE, 1)

# %%
solution(why_nan.FIRST_NOT_FINITE)


# %%
def root(x): ...  # small x count: at 1e-12 the root is 1e-6


check(why_nan.SAFE_ROOT, root)

# %%
hint(why_nan.SAFE_ROOT, 1)

# %%
solution(why_nan.SAFE_ROOT)

# %% [markdown]
# ## A case
#
# Six suspects, and two trials. Before each trial, say for every suspect: if this were the cause, would
# the NaN stay?

# %%
investigate(why_nan.LOST_WEIGHTS)

# %% [markdown]
# ## What we saw
#
# - Overflow, underflow, inf − inf, 0 · inf, 0/0, a mask over everything and an eps that the format
#   does not have: each was mended by another formula or a safe argument, not by cleaning its result.
# - Arithmetic handed a NaN on; comparisons, `argmax`, `where` and `nan_to_num` hid it; BatchNorm's
#   statistics and Adam's averages kept it.
# - We found the first one by a gradient check, a hook and a dispatch mode.
#
# Next: [09 Temperature 0](09_temperature_zero.ipynb).
#
# **Read on:** IEEE 754-2019, sections 6 and 7 (infinities, NaN, exceptions). N. J. Higham, *Accuracy
# and Stability of Numerical Algorithms*, SIAM 2002, chapters 2 and 27. P. Micikevicius and others,
# *Mixed Precision Training*, ICLR 2018. P. Zamirai and others, *Revisiting BFloat16 Training*, 2020.
# OCP, *8-bit Floating Point Specification*, 2023. PyTorch: notes on automatic mixed precision,
# `torch.autograd.detect_anomaly`.
