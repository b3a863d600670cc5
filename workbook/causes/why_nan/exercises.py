"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.question import Exercise, Form, WrongAnswer

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
SIZES = (1.0, 30.0, 300.0, 1000.0)  # of logits; exp of the last leaves the range of float64


def _logits(size: float) -> tuple[Tensor, Tensor]:
    logits = size * (2 * torch.rand(32, 5, dtype=torch.float32) - 1)
    labels = torch.arange(32) % 5
    return logits.requires_grad_(), labels


def _repaired(loss: Callable[[Tensor, Tensor], Tensor]) -> bool | str:
    for size in SIZES:
        logits, labels = _logits(size)
        value = loss(logits, labels)
        if value.shape != ():
            return "The loss has to be one number, the mean over the rows."
        if not value.isfinite():
            return f"With logits up to {size:g} the loss is {value.item()}."
        exact = F.cross_entropy(logits.detach().double(), labels).item()
        if abs(value.item() - exact) > 1e-5 * max(exact, 1):
            return (
                f"With logits up to {size:g} it gives {value.item():.4g}, and the loss is "
                f"{exact:.4g}: "
                "the mean, over the rows, of −log softmax at each row's label."
            )
        gradient = torch.autograd.grad(value, logits)[0]
        if not gradient.isfinite().all():
            return f"With logits up to {size:g} the loss is a number, but its gradient is not."
    return True


def _loss(loss: Callable[[Tensor, Tensor], Tensor], size: float) -> float:
    return loss(*_logits(size)).item()


def _exact(size: float) -> float:
    logits, labels = _logits(size)
    return F.cross_entropy(logits.detach().double(), labels).item()


def _of_exact(loss: Callable[[Tensor, Tensor], Tensor], size: float) -> float:
    """Give what the loss is a multiple of: of the exact one, for logits of that size."""
    torch.manual_seed(0)
    got = _loss(loss, size)
    torch.manual_seed(0)
    return got / _exact(size)


def _by_row(loss: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Compute the loss of each row by itself, with logits up to 300."""
    logits, labels = _logits(300.0)
    rows = zip(torch.split(logits, 1), torch.split(labels, 1), strict=True)
    return torch.stack([loss(row, label) for row, label in rows])


SHARES = "shares = logits.softmax(1)[torch.arange(len(labels)), labels]\n"
REPAIR_THE_LOSS = Exercise(
    name="repair_the_loss",
    task=(
        "Write `loss(logits, labels)`: the mean of −log softmax at the labels, as a number with "
        "finite gradients for logits of any size up to 1000, and right to five digits."
    ),
    setup=IMPORTS,
    stub="def loss(logits, labels):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_repaired,
    wrong=(
        WrongAnswer(
            source=SHARES + "return -(shares + 1e-8).log().mean()",
            message="This caps the loss, as a clamp would: rows that are badly wrong count no more "
            "than rows that are a little wrong, and they get no gradient.",
            recognizes=lambda loss: (
                0 < _of_exact(loss, 300.0) < 0.5 and abs(_of_exact(loss, 1.0) - 1) < 1e-3
            ),
        ),
        WrongAnswer(
            source="return F.nll_loss(-logits.log_softmax(1), labels)",
            message="The loss is −log of a share, and no share is above 1: it is never negative. "
            "Count the minus signs.",
        ),
        WrongAnswer(
            source='return F.cross_entropy(logits, labels, reduction="sum")',
            message="That is the sum over the rows; the mean is asked for.",
        ),
        WrongAnswer(
            source=(
                "logits = logits - logits.max()\n"
                "shares = logits.exp() / logits.exp().sum(1, keepdim=True)\n"
                "return -shares[torch.arange(len(labels)), labels].log().mean()"
            ),
            message="The largest of *all* logits was subtracted. In a row that lies far below it "
            "each exponential is 0, and 0/0 is NaN: every row has a largest logit of its own.",
            recognizes=lambda loss: (
                math.isnan(_loss(loss, 300.0)) and not _by_row(loss).isnan().any()
            ),
        ),
        WrongAnswer(
            source=SHARES + "return -shares.log().mean()",
            message="The softmax itself is safe now, but a share may still be rounded to 0, and "
            "its log is minus infinity.",
        ),
        WrongAnswer(
            source=(
                "shares = logits.exp() / logits.exp().sum(1, keepdim=True)\n"
                "return -shares[torch.arange(len(labels)), labels].log().mean()"
            ),
            message="This is the formula that failed: exp of 89 is infinity in `float32`, and exp "
            "of 710 in `float64`.",
            recognizes=lambda loss: math.isnan(_loss(loss, 1000.0)),
        ),
    ),
    hints=(
        "log(exp(a) / sum) is a − log(sum): the exponential of the label's logit is not needed.",
        "`torch.logsumexp(logits, 1)` subtracts the largest logit before it takes exponentials.",
    ),
    solution=(
        "at_labels = logits[torch.arange(len(labels)), labels]\n"
        "return (logits.logsumexp(1) - at_labels).mean()"
    ),
    because="No exponential of a large number is taken. `F.cross_entropy` does the same.",
)


class _Root(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sqrt()


class _Inverse(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 1 / x


class _Cleaned(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.nan_to_num()


class _Twice(nn.Module):
    """Hold two modules that run in the order opposite to that in which they were made."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Tanh()
        self.before = nn.Sequential(nn.Identity(), _Root())

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.last(self.before(x))
        return result


def _models() -> tuple[tuple[nn.Module, Tensor, str | None], ...]:
    ones = torch.ones(3, 4)
    return (
        (nn.Sequential(nn.ReLU(), _Root(), nn.Linear(4, 4)), -ones, None),
        (nn.Sequential(nn.ReLU(), nn.Linear(4, 4)), ones * torch.nan, None),
        (nn.Sequential(_Root(), _Cleaned(), _Inverse()), -ones, "0"),
        (nn.Sequential(nn.Identity(), _Root(), nn.Linear(4, 4), nn.Tanh()), -ones, "1"),
        (nn.Sequential(nn.ReLU(), _Inverse(), nn.LayerNorm(4), nn.Tanh()), -ones, "1"),
        (_Twice(), -ones, "before.1"),
    )


def _finds(first: Callable[[nn.Module, Tensor], Any]) -> bool | str:
    for model, x, name in _models():
        runs: list[object] = []
        counting = model.register_forward_pre_hook(lambda *_: runs.append(None))  # noqa: B023
        got = first(model, x)
        counting.remove()
        if len(runs) > 1:
            return f"The model was run {len(runs)} times; once is enough."
        if got != name:
            return f"For a model of {_parts(model)} the answer is {name!r}; yours is {got!r}."
        if any(module._forward_hooks for module in model.modules()):
            return "Your hooks are still on the model: each has a handle with `remove()`."
    return True


def _parts(model: nn.Module) -> str:
    """Name the innermost modules and their kinds: `0` (ReLU), `1` (Root)."""
    inner = [(name, part) for name, part in model.named_modules() if not list(part.children())]
    return ", ".join(f"`{name}` ({type(part).__name__.lstrip('_')})" for name, part in inner)


HOOKED = """def first(model, x):
    found = []
    def look(module, inputs, output):
        {test}
            found.append(module)
    handles = [m.register_forward_hook(look) for m in {modules}]
    model(x)
    for handle in handles:
        handle.remove()
    names = {{m: name for name, m in model.named_modules()}}
    return names[found[{place}]] if found else None
"""
BORN = "if inputs[0].isfinite().all() and not output.isfinite().all():"
FIRST_NOT_FINITE = Exercise(
    name="first_not_finite",
    task=(
        "Write `first(model, x)`: run the model once and return the name (as in `named_modules`) "
        "of the innermost module whose input was finite and whose output is not; None if there is "
        "none. Leave no hook behind."
    ),
    setup=IMPORTS,
    stub="def first(model, x):\n    ...",
    form=Form("function"),
    check=_finds,
    wrong=(
        WrongAnswer(
            source=HOOKED.format(
                test="if not inputs[0].isnan().any() and output.isnan().any():",
                modules="model.modules()",
                place="0",
            ),
            message="This looks for NaN and passes an infinity by: in the model with the inverse, "
            "the infinity came first.",
        ),
        WrongAnswer(
            source=HOOKED.format(test=BORN, modules="model.modules()", place="-1"),
            message="The last module with a finite input and another output is the outermost: the "
            "model itself. Hooks of inner modules run before those of the modules around them.",
        ),
        WrongAnswer(
            source=(
                "for name, module in model.named_children():\n"
                "    x = module(x)\n"
                "    if not x.isfinite().all():\n"
                "        return name\n"
                "return None"
            ),
            message="This runs the modules in the order in which they were made. A model may call "
            "them in another order, or not at all, and modules may hold modules: only hooks see "
            "what runs.",
            recognizes=lambda first: first(*_models()[5][:2]) == "before",
        ),
        WrongAnswer(
            source=HOOKED.format(
                test="if not output.isfinite().all():", modules="model.modules()", place="-1"
            ).replace("names[found[-1]]", "names[found[-2]]"),
            message="This is where it was last seen, not where it was born.",
        ),
    ),
    hints=(
        "`module.register_forward_hook(f)` calls `f(module, inputs, output)` after each forward "
        "pass, and returns a handle. `inputs` is a tuple.",
        "Inner modules finish first, so the first hook that sees it belongs to the innermost one.",
    ),
    solution=HOOKED.format(test=BORN, modules="model.modules()", place="0").rstrip("\n"),
    because="Finite in, not finite out: born here. Everything behind it only hands it on.",
)


def _at(root: Callable[[Tensor], Tensor]) -> tuple[list[float], list[float]]:
    x = torch.tensor([0.0, -1.0, 1e-12, 4.0], requires_grad=True)
    y = root(x)
    return y.tolist(), torch.autograd.grad(y.sum(), x)[0].tolist()


def _safe(root: Callable[[Tensor], Tensor]) -> bool | str:
    values, gradients = _at(root)
    if len(values) != 4:
        return f"For four numbers it gives {len(values)}: the result has the shape of x."
    exact = [0.0, 0.0, 1e-6, 2.0]
    slopes = [0.0, 0.0, 5e5, 0.25]
    points = ("0", "−1", "1e-12", "4")
    for point, value, meant in zip(points, values, exact, strict=True):
        if not abs(value - meant) <= 1e-5 * meant:
            return f"At x = {point} it gives {value:.4g}, and {meant:g} is meant."
    for point, value, meant in zip(points, gradients, slopes, strict=True):
        if not abs(value - meant) <= 1e-5 * meant:
            return f"At x = {point} the gradient is {value:.4g}, and {meant:g} is meant."
    return True


SAFE_ROOT = Exercise(
    name="safe_root",
    task=(
        "Write `root(x)`: the square root where x > 0, and elsewhere 0 with a gradient of 0. Small "
        "x count: at 1e-12 the root is 1e-6 and its slope 500000."
    ),
    setup=IMPORTS,
    stub="def root(x):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_safe,
    wrong=(
        WrongAnswer(
            source="return torch.where(x > 0, x.sqrt(), 0.0)",
            message="The values are right and the gradient at 0 is NaN: 0 times the infinite slope "
            "of sqrt.",
        ),
        WrongAnswer(
            source="return x.clamp(min=1e-8).sqrt()",
            message="That is finite everywhere, but it is another function: at 0 it is not 0.",
            recognizes=lambda root: len(_at(root)[0]) == 4 and 0 < _at(root)[0][0] <= 1e-2,
        ),
        WrongAnswer(
            source="return x.sqrt().nan_to_num()",
            message="The values are right and the slope at 0 is infinite: sqrt has seen the 0.",
        ),
    ),
    hints=(
        "Whatever you do to the result, sqrt has already seen the 0. Change what it sees.",
        "Two `where`: one puts a harmless number in the place of x, the other chooses the result.",
    ),
    solution=(
        "inside = x > 0\nreturn torch.where(inside, torch.where(inside, x, 1.0).sqrt(), 0.0)"
    ),
    because="Values and slopes are right, at 0 as well. Of the ways that do it, two `where` keep "
    "NaN out from the start; a way that makes one and drops it would still stop anomaly mode.",
)
