"""Every module of torch.nn in both modes: which of them draw, and which change themselves.

Owns one experiment. The factor is the mode; weights, inputs and thread stay. The modules come from
torch itself: each is built from its signature and given inputs until it works.
"""

import inspect
import re
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import product

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten

from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

REPEATS, DRAWS, CHANGES = KINDS = ("repeats", "draws", "changes its state")
LEGEND: dict[Kind, str] = {"agrees": REPEATS, "first": DRAWS, "second": CHANGES}
FAMILIES = {
    "all of torch.nn": "",
    "activations": "activation",
    "normalization": "norm",
    "pooling": "pooling",
    "dropout": "dropout",
}
SIZE = 4
SHAPES = ((6, SIZE), (6, SIZE, 8), (6, SIZE, 8, 8), (3, SIZE, 8, 8, 8))
# Options without which some modules cannot be called, or are large.
NAMED = {
    "d_model": SIZE,
    "nhead": 1,
    "dim_feedforward": SIZE,
    "num_encoder_layers": 1,
    "num_decoder_layers": 1,
    "output_size": SIZE,
    "scale_factor": 2,
}
Recipe = tuple[tuple[int, ...], dict[str, int], int, int]


def try_modules(where: Conditions, *, family: str) -> Finding:
    """Call each module twice in each mode, on the same inputs."""
    rows: dict[str, tuple[int, int]] = {}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch warns of unusual sizes and of losses that broadcast
        for name, recipe in buildable().items():
            if FAMILIES[family] in getattr(nn, name).__module__:
                rows[name] = _both_modes(name, recipe, where.seed or 0)
    alike: dict[tuple[str, tuple[int, int]], list[str]] = {}
    for name, row in rows.items():
        stem = re.sub(r"[123]d$", "", name) if any(row) else "others"
        alike.setdefault((stem, row), []).append(name)
    lines = sorted(alike.items(), key=lambda line: not any(line[0][1]))
    each = [Cell(words, kind) for kind, words in LEGEND.items()]
    cells = Cells.of(
        {
            _label(stem, names): {"train()": each[train], "eval()": each[evaluated]}
            for (stem, (train, evaluated)), names in lines
        },
        LEGEND,
    )
    values = {
        f"{kind} in {mode}": [name for name, row in rows.items() if KINDS[row[i]] == kind]
        for i, mode in enumerate(("train", "eval"))
        for kind in (DRAWS, CHANGES)
    }
    counts = [len(names) for names in values.values()]
    reading = (
        f"{len(rows)} modules tried: {counts[0]} draw in training, {counts[2]} in evaluation; "
    )
    reading += f"{counts[1]} change their state in training"
    verdict = _verdict(values[f"{DRAWS} in eval"], values[f"{CHANGES} in eval"])
    return Finding(verdict, reading, Chart((cells,)), {"tried": len(rows), **values})


@cache
def buildable() -> dict[str, Recipe]:
    """List the modules that can be built and called, each with its arguments, alphabetically.

    Left out are lazy modules, which turn into others, and what no try could call.
    """
    recipes: dict[str, Recipe] = {}
    with warnings.catch_warnings(), torch.random.fork_rng(devices=()):
        warnings.simplefilter("ignore")
        for name, kind in sorted(vars(nn).items()):
            is_module = inspect.isclass(kind) and issubclass(kind, nn.Module)
            if is_module and not name.startswith("Lazy"):
                recipe = next(_working(name), None)
                recipes |= {name: recipe} if recipe else {}
    return recipes


def _working(name: str) -> Iterator[Recipe]:
    """Find what the module can be built with and called with, trying the likely first."""
    kind = getattr(nn, name)
    takes = inspect.signature(kind).parameters
    options = {key: value for key, value in NAMED.items() if key in takes}
    needed = [p for key, p in takes.items() if p.default is p.empty and key not in options]
    count = sum(p.kind < p.VAR_POSITIONAL for p in needed)
    untold = any(p.kind is p.VAR_POSITIONAL for p in needed)  # *args: recurrent layers
    dims = int(name[-2]) if re.search(r"[123]d$", name) else 0
    order = (dims, *(i for i in range(len(SHAPES)) if i != dims))
    for arguments in ((SIZE,) * count, (2,) * count, *([(SIZE, SIZE)] if untold else [])):
        try:
            module = kind(*arguments, **options)
        except Exception:  # not with these arguments
            continue
        for shape, inputs in product(order, (1, 2, 3)):
            try:
                if _outputs(module, _inputs(shape, inputs)):
                    yield arguments, options, shape, inputs
            except Exception:  # whatever a module says of inputs that are not its own
                continue


def _inputs(shape: int, count: int) -> tuple[Tensor, ...]:
    return (torch.rand(SHAPES[shape]) - 0.5,) * count


def _outputs(module: nn.Module, inputs: tuple[Tensor, ...]) -> list[Tensor]:
    flat, _ = tree_flatten(module(*inputs))
    return [part.detach() for part in flat if isinstance(part, Tensor) and part.numel()]


def _both_modes(name: str, recipe: Recipe, seed: int) -> tuple[int, int]:
    arguments, options, shape, count = recipe
    torch.manual_seed(seed)
    module, inputs = getattr(nn, name)(*arguments, **options), _inputs(shape, count)
    return _mode(module.train(), inputs), _mode(module.eval(), inputs)


def _mode(module: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    state, kept = torch.get_rng_state(), [buffer.clone() for buffer in module.buffers()]
    first, second = _outputs(module, inputs), _outputs(module, inputs)
    if not _same([state, *first], [torch.get_rng_state(), *second]):
        return KINDS.index(DRAWS)
    return KINDS.index(REPEATS if _same(kept, list(module.buffers())) else CHANGES)


def _same(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(bits_equal(a, b) for a, b in zip(first, second, strict=True))


def _label(stem: str, names: list[str]) -> str:
    if stem == "others":
        return f"{len(names)} others"
    return names[0] if len(names) == 1 else f"{stem} ({len(names)} kinds)"


def _verdict(drawing: list[str], changing: list[str]) -> str:
    if changing:
        return "In evaluation mode some modules change their own state."
    if not drawing:
        return "In evaluation mode each of these modules repeats in every bit."
    if drawing == ["FractionalMaxPool2d", "FractionalMaxPool3d"]:
        return (
            "In evaluation mode every module tried repeats, except FractionalMaxPool: it draws in "
            "both modes."
        )
    return f"In evaluation mode these modules draw: {', '.join(drawing)}."


EVERY_MODULE = Experiment(
    "every_module",
    "Which modules of torch.nn draw random numbers, and in which mode?",
    "mode",
    (Choice("family", "all of torch.nn", tuple(FAMILIES)),),
    try_modules,
)
