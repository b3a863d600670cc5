"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from collections.abc import Callable
from itertools import combinations, pairwise
from math import isclose
from typing import Any

import torch
from torch import Tensor, nn

from workbook.question import Exercise, Form, WrongAnswer
from workbook.question.form import told

Checkpoint = Callable[[nn.Module, torch.optim.Optimizer, torch.Generator], dict[str, Any]]
Parts = tuple[nn.Module, torch.optim.Optimizer, torch.Generator]


def _parts() -> Parts:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    return model, optimizer, torch.Generator().manual_seed(0)


def _train(parts: Parts, steps: int) -> Tensor:
    model, optimizer, generator = parts
    for _ in range(steps):
        rows = torch.rand(8, 4, generator=generator)
        loss = (model(rows) - rows.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.cat([each.detach().flatten() for each in model.parameters()])


PARTS = ("model", "optimizer", "generator", "torch")


def _restore(parts: Parts, saved: dict[str, Any]) -> None:
    model, optimizer, generator = parts
    if "model" in saved:
        model.load_state_dict(saved["model"])
    if "optimizer" in saved:
        optimizer.load_state_dict(saved["optimizer"])
    if "generator" in saved:
        generator.set_state(saved["generator"])
    if "torch" in saved:
        torch.set_rng_state(saved["torch"])


def _saved(checkpoint: Checkpoint) -> tuple[dict[str, Any], Tensor, Tensor]:
    """Train, save, train on; then resume in new objects. Give what was saved and both ends."""
    parts = _parts()
    _train(parts, 3)
    saved = checkpoint(*parts)
    end = _train(parts, 3)
    again = _parts()
    _restore(again, saved)
    return saved, end, _train(again, 3)


def _continues(checkpoint: Checkpoint) -> bool | str:
    parts = _parts()
    _train(parts, 3)
    saved = checkpoint(*parts)
    if not isinstance(saved, dict):
        return f"Return a dictionary with the keys {', '.join(PARTS)}; got {told(saved)}."
    unknown = [key for key in saved if key not in PARTS]
    if unknown:
        return f"Only {', '.join(PARTS)} are restored; your dictionary has {unknown[0]!r}."
    for key, kind in (
        ("generator", Tensor),
        ("torch", Tensor),
        ("model", dict),
        ("optimizer", dict),
    ):
        if key in saved and not isinstance(saved[key], kind):
            return f"{key!r} must hold the state, not {type(saved[key]).__name__}."
    saved, end, resumed = _saved(checkpoint)
    if not torch.equal(end, _train(_parts(), 6)):
        return (
            "The run that goes on after your checkpoint is another one than without it: saving "
            "must not draw, seed or change what it saves."
        )
    if torch.equal(end, resumed):
        return True
    gap = float((end - resumed).abs().max())
    lacking = [key for key in PARTS if key not in saved]
    return f"Resumed, a weight is {gap:.1g} off" + (
        f"; not in your dictionary: {', '.join(lacking)}."
        if lacking
        else ". Nothing is missing from the keys."
    )


def _is_view(checkpoint: Checkpoint) -> bool:
    """Say whether training after the checkpoint changes what was saved."""
    parts = _parts()
    _train(parts, 3)
    saved = checkpoint(*parts)
    before = [each.clone() for each in _tensors(saved)]
    _train(parts, 3)
    return any(not torch.equal(a, b) for a, b in zip(before, _tensors(saved), strict=True))


def _tensors(saved: Any) -> list[Tensor]:
    """List the tensors of nested dictionaries."""
    if isinstance(saved, dict):
        return [tensor for each in saved.values() for tensor in _tensors(each)]
    return [saved] if isinstance(saved, Tensor) else []


def _lacks(checkpoint: Checkpoint) -> set[str]:
    return set(PARTS) - checkpoint(*_parts()).keys()


def _mixes_generators(checkpoint: Checkpoint) -> bool:
    """Say whether one generator's state is kept as the other's."""
    parts = _parts()
    saved, torchs, own = checkpoint(*parts), torch.get_rng_state(), parts[2].get_state()
    kept = [(saved["generator"], own, torchs), (saved["torch"], torchs, own)]
    return any(torch.equal(a, other) and not torch.equal(a, mine) for a, mine, other in kept)


SAVE = """\
def checkpoint(model, optimizer, generator):
    return {{
        "model": copy.deepcopy(model.state_dict()),
        "optimizer": copy.deepcopy(optimizer.state_dict()),
{}    }}"""
GENERATOR = '        "generator": generator.get_state(),\n'
TORCH = '        "torch": torch.get_rng_state(),\n'
EXACT_RESUME = Exercise(
    name="exact_resume",
    task=(
        "Write `checkpoint(model, optimizer, generator)`. It returns a dictionary with what the "
        "keys `model`, `optimizer`, `generator` and `torch` should be restored from, so that a run "
        "resumed in new objects is equal in every bit. The model has dropout; the rows are drawn "
        "from `generator`. Training goes on after the checkpoint."
    ),
    setup="import copy\nimport torch",
    stub="def checkpoint(model, optimizer, generator):\n    ...",
    form=Form("function"),
    check=_continues,
    wrong=(
        WrongAnswer(
            source=SAVE.format(GENERATOR + TORCH).replace("copy.deepcopy", ""),
            message="`state_dict()` gives the weights themselves, or the optimizer's averages: "
            "what you saved has trained on. `torch.save` writes a copy; in memory you make one.",
            recognizes=_is_view,
        ),
        WrongAnswer(
            source=SAVE.format(GENERATOR),
            message="Dropout draws from torch's own generator, and that one starts anew.",
            recognizes=lambda checkpoint: _lacks(checkpoint) == {"torch"},
        ),
        WrongAnswer(
            source=SAVE.format(TORCH),
            message="The rows are drawn from `generator`: the resumed run begins with the first "
            "rows again.",
            recognizes=lambda checkpoint: _lacks(checkpoint) == {"generator"},
        ),
        WrongAnswer(
            source=SAVE.format(GENERATOR.replace("generator.get", "torch.get_rng") + TORCH),
            message="There are two generators, and the state of one is kept as the other's: the "
            "rows come from `generator`, the dropout from torch's own.",
            recognizes=_mixes_generators,
        ),
        WrongAnswer(
            source=SAVE.format(GENERATOR + '        "torch": torch.initial_seed(),\n'),
            message="A seed says where a generator started, not where it stands.",
            recognizes=lambda c: isinstance(c(*_parts()).get("torch"), int),
        ),
    ),
    hints=(
        "A generator's state is a tensor: `generator.get_state()`. torch's own has "
        "`torch.get_rng_state()`.",
        "Does what you saved still have its numbers after three more steps? `copy.deepcopy`.",
    ),
    solution=SAVE.format(GENERATOR + TORCH),
    because="Four parts, each a copy: with the generators, even the masks of dropout go on.",
)


def _combined(combine: Callable[[list[Tensor], list[int]], Tensor], sizes: list[int]) -> float:
    """Give how far the combined gradient is from the whole batch's, of its largest entry."""
    x = torch.rand(sum(sizes), 5, dtype=torch.float64)
    y = torch.rand(sum(sizes), dtype=torch.float64)
    w = torch.rand(5, dtype=torch.float64, requires_grad=True)

    def gradient(rows: Tensor, targets: Tensor) -> Tensor:
        return torch.autograd.grad((rows @ w - targets).square().mean(), w)[0]

    parts = [
        gradient(a, b) for a, b in zip(torch.split(x, sizes), torch.split(y, sizes), strict=True)
    ]
    whole = gradient(x, y)
    return float((combine(parts, sizes) - whole).abs().max() / whole.abs().max())


ROUNDED = 2.0**-20  # more than weights of float32 round, far less than any wrong weight does
SHARES = ([24, 24], [40, 8], [1, 2, 3, 42])


def _weighs(combine: Callable[[list[Tensor], list[int]], Tensor]) -> bool | str:
    for sizes in SHARES:
        shards = f"With shards of {', '.join(map(str, sizes))} rows"
        total = float(combine([torch.ones(1, dtype=torch.float64)] * len(sizes), list(sizes)))
        if abs(total - 1) > ROUNDED:
            return f"{shards} your weights add up to {total:.3g}, and they have to add up to 1."
        if not _combined(combine, list(sizes)) < ROUNDED:
            return f"{shards} your weights add up to 1, but not each row counts for as much."
    return True


WHOLE_GRADIENT = Exercise(
    name="whole_gradient",
    task=(
        "Write `combine(gradients, rows)`: from the gradients of each rank's *mean* loss and the "
        "numbers of rows, the gradient of the mean loss over all rows."
    ),
    setup="import torch",
    stub="def combine(gradients, rows):\n    ...",
    form=Form("function", returns=Form("tensor")),
    check=_weighs,
    wrong=(
        WrongAnswer(
            source="return sum(gradients) / len(gradients)",
            message="That is what is averaged without being asked: right for equal shards only.",
        ),
        WrongAnswer(
            source="return sum(gradients)",
            message="With equal shards this is as many times too large as there are ranks.",
            recognizes=lambda c: abs(float(c([torch.ones(1)] * 3, [1, 2, 3])) - 3) < ROUNDED,
        ),
        WrongAnswer(
            source="return sum(g * n for g, n in zip(gradients, rows))",
            message="The weights have to add up to 1: divide by the number of all rows.",
            recognizes=lambda c: abs(float(c([torch.ones(1)] * 3, [8, 8, 8])) - 1) > ROUNDED,
        ),
        WrongAnswer(
            source=(
                "total = sum(1 / n for n in rows)\n"
                "return sum(g / n for g, n in zip(gradients, rows)) / total"
            ),
            message="The weights are the wrong way round: the more rows a rank has, the more its "
            "gradient counts.",
        ),
    ),
    hints=("A mean times its number of rows is a sum. Sums may be added.",),
    solution="return sum(g * n for g, n in zip(gradients, rows)) / sum(rows)",
    because="Sums are added, and divided once by the number of all rows.",
)


def _steady(noise: Callable[[int, int, int], Tensor]) -> bool | str:
    keys = [(seed, epoch, k) for seed in (0, 1) for epoch in (0, 1, 2) for k in range(4)]
    first = {key: noise(*key).item() for key in keys}
    torch.manual_seed(7)
    for key in reversed(keys):
        torch.rand(3)
        if noise(*key).item() != first[key]:
            return f"noise{key} is another number when it is asked for again."
    for key, later in combinations(keys, 2):
        if first[key] == first[later]:
            return f"noise{key} and noise{later} are the same number."
    if _counts(noise):
        return False
    if getattr(noise, "drew", False):
        return (
            "It seeds a stream that all share, or draws from it: in a worker, whatever else is "
            "drawn there comes out otherwise. Use a generator of its own."
        )
    return True


def _counts(noise: Callable[[int, int, int], Tensor]) -> bool:
    """Say whether the number rises by the same step from item to item."""
    numbers = [noise(0, 0, k).item() for k in range(8)]
    steps = [b - a for a, b in pairwise(numbers)]
    return steps[0] != 0 and all(isclose(step, steps[0], rel_tol=1e-3) for step in steps)


NOISE = "g = torch.Generator().manual_seed({})\nreturn torch.rand((), generator=g)"
NOISE_OF_AN_ITEM = Exercise(
    name="noise_of_an_item",
    task=(
        "Write `noise(seed, epoch, k)`: a random number for item k, as a tensor without dimensions "
        "(as `torch.rand(())` gives). It depends on nothing else, so that it is the same with any "
        "number of workers; other items, epochs and seeds get other numbers. The streams that all "
        "share go on as if nothing had been drawn."
    ),
    setup="import numpy as np\nimport torch",
    stub="def noise(seed, epoch, k):\n    ...",
    form=Form("function", returns=Form("tensor", shape=())),
    check=_steady,
    any_values=True,
    wrong=(
        WrongAnswer(
            source="return torch.rand(())",
            message="This comes from the stream that all share: whoever drew before decides.",
            recognizes=lambda noise: noise(0, 0, 0).item() != noise(0, 0, 0).item(),
        ),
        WrongAnswer(
            source=NOISE.format("seed + epoch + k"),
            message="Item 1 of epoch 0 gets what item 0 of epoch 1 gets: sums collide.",
            recognizes=lambda noise: (
                noise(0, 0, 1).item() == noise(0, 1, 0).item() != noise(0, 0, 0).item()
            ),
        ),
        WrongAnswer(
            source="return torch.tensor(seed * 1e6 + epoch * 1e3 + k)",
            message="This counts: the number rises by the same step from item to item. Noise does "
            "not follow from the number before it.",
            recognizes=_counts,
        ),
        WrongAnswer(
            source=NOISE.format("1000003 * seed + k"),
            message="Each epoch repeats the noise of the one before: augmentation without change.",
            recognizes=lambda noise: (
                noise(0, 0, 0).item() == noise(0, 1, 0).item() != noise(0, 0, 1).item()
            ),
        ),
    ),
    hints=(
        "`torch.Generator().manual_seed(n)` is a generator of your own. Which n differs for each "
        "triple?",
        "`np.random.SeedSequence((seed, epoch, k)).generate_state(1)[0]` mixes three numbers into "
        "one.",
    ),
    solution=(
        "mixed = np.random.SeedSequence((seed, epoch, k)).generate_state(1)[0]\n"
        + NOISE.format("int(mixed)")
    ),
    because="It knows no worker, no order and no stream: only its key.",
)
