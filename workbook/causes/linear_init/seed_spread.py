"""Seeds as a source of variance: one recipe, many seeds, one trained result each.

Owns one experiment. The factor is the seed: data, recipe and number of steps stay as they are. A
second recipe, trained from the same seeds, shows how large a difference the seed can hide.
"""

import torch
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Integer, Seed
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.wording import percent

WEIGHTS, BATCHES, BOTH = VARIES = "the initial weights", "the order of the data", "both"
HIDDEN, STEPS, BATCH, POINTS, RATE = 16, 200, 16, 64, 0.15
DATA_SEED = 1_000_003  # the data are no part of what varies


def many_seeds(where: Conditions, *, seeds: int, varies: str, rate: float) -> Finding:
    """Train both recipes from each seed, twice, and see how their test errors spread."""
    numbers = list(range(where.seed or 0, (where.seed or 0) + seeds))
    errors, again = (trained(numbers, (RATE, rate), varies) for _ in range(2))
    repeated = compare(errors, again, first="the results", second="the same seeds again")
    recipe, rival = errors
    better, worse = (recipe, rival) if recipe.mean() <= rival.mean() else (rival, recipe)
    misled = float((better[:, None] >= worse[None, :]).double().mean())
    paired = float((better >= worse).double().mean())
    values = {
        "repeats": repeated.identical,
        "largest_over_smallest": float(recipe.max() / recipe.min()),
        "misled": misled,
        "misled_from_one_seed": paired,
    }
    reading = f"errors at rate {RATE}: {recipe.min():.3f} to {recipe.max():.3f}; "
    reading += "pairs that mislead: "
    reading += f"{percent(misled)}, with one seed for both {percent(paired)}"
    # One column of points a recipe: seeds of unlike recipes are not drawn as pairs.
    width = 0.6 / seeds
    columns = ((f"rate {RATE}", recipe), (f"rate {rate}", rival))
    series = tuple(
        Series(name, [place + width * (k - seeds / 2) for k in range(seeds)], errors, "points")
        for place, (name, errors) in enumerate(columns)
    )
    x = Axis.of(
        "learning rate; each point is a training from another seed",
        [name for name, _ in columns],
        room=0.5,
    )
    chart = Chart((Panel(x, Axis("test error"), series),))
    return Finding(_verdict(repeated.identical, misled), reading, chart, values, (repeated,))


def trained(seeds: list[int], rates: tuple[float, ...], varies: str) -> Tensor:
    """Train all networks side by side: root mean squared test errors of shape (rates, seeds).

    The network is Linear(1, 16), tanh, Linear(16, 1); stochastic gradient descent on the mean
    squared error, its gradient written out.
    """
    generator = torch.Generator().manual_seed(DATA_SEED)
    inputs = 2 * torch.rand(POINTS, 1, generator=generator) - 1
    targets = torch.sin(3 * inputs) + 0.6 * (torch.rand(POINTS, 1, generator=generator) - 0.5)
    w1, b1, w2, b2, order = _drawn(seeds, varies, len(rates))
    step = torch.tensor(rates).repeat_interleave(len(seeds)).reshape(-1, 1, 1)
    batches = zip(inputs[order.transpose(0, 1)], targets[order.transpose(0, 1)], strict=True)
    for x, y in batches:  # as many as there are steps
        hidden = torch.tanh(torch.baddbmm(b1, x, w1))
        slip = (torch.baddbmm(b2, hidden, w2) - y) * (2 / BATCH)
        back = slip @ w2.mT * (1 - hidden * hidden)
        w2, b2 = w2 - step * (hidden.mT @ slip), b2 - step * slip.sum(1, keepdim=True)
        w1, b1 = w1 - step * (x.mT @ back), b1 - step * back.sum(1, keepdim=True)
    test = torch.linspace(-1, 1, 101).reshape(1, -1, 1).expand(len(w1), -1, 1)
    output = torch.baddbmm(b2, torch.tanh(torch.baddbmm(b1, test, w1)), w2)
    error = (output - torch.sin(3 * test)).square().mean(dim=(1, 2)).sqrt()
    return error.reshape(len(rates), len(seeds))


def _drawn(seeds: list[int], varies: str, copies: int) -> tuple[Tensor, ...]:
    """Draw for every seed the parameters of nn.Linear's own start, and the rows of each batch."""
    rows = []
    seed_cpu = torch.default_generator.manual_seed  # nothing is drawn on another device
    for seed in seeds:
        seed_cpu(seeds[0] if varies == BATCHES else seed)
        layers = nn.Linear(1, HIDDEN), nn.Linear(HIDDEN, 1)
        seed_cpu(seeds[0] if varies == WEIGHTS else seed)
        order = torch.randint(POINTS, (STEPS, BATCH))
        found = (t.detach() for one in layers for t in (one.weight.T, one.bias.reshape(1, -1)))
        rows.append((*found, order))
    return tuple(torch.stack(column).repeat(copies, 1, 1) for column in zip(*rows, strict=True))


def _verdict(repeats: bool, misled: float) -> str:
    if not repeats:
        return "The same seeds gave other results: something else than the seed changes."
    if misled:
        return "Only the seed changed, and it can make either recipe look better."
    return "Only the seed changed; results spread, but one recipe is better with every seed."


SEED_SPREAD = Experiment(
    name="seed_spread",
    question="How much of a trained result is its seed?",
    factor="seed",
    controls=(
        Integer("seeds", 20, 5, 40, step=5, help="how many seeds, from the first one on"),
        Choice("varies", BOTH, VARIES, label="the seed sets"),
        Choice("rate", 0.12, (0.05, 0.1, 0.12, 0.18, 0.2), label="other rate", ordered=True),
        Seed(),
    ),
    measure=many_seeds,
)
