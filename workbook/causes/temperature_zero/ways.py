"""One prompt, computed in ways that are one on paper: cache, pieces, neighbors, padding.

Owns one experiment. The factor is the way; the prompt and the weights are the same. A whole model
has no bound: what rounding does shrinks with the format, so a difference that is nearly gone in
float64 is rounding, and one that stays is another computation.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from workbook.causes.temperature_zero.model import Cache, Model, build, forward
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

LENGTH, PADDING, NEIGHBORS = 12, 4, 15
VOCABULARY, HEADS, LAYERS = 256, 4, 2
FORMATS = ("float64", "float32", "bfloat16", "float16")
CACHE, PIECES, BATCH, MATH = (
    "token by token, with a cache", "in pieces of 4, with a cache", "in a batch of 16",
    "attention's plain formula",
)  # fmt: skip
PADDED, ONLY_MASK, ONLY_PLACES = (
    "padded left: mask and positions", "padded left: mask only", "padded left: positions only",
)  # fmt: skip
GONE = 1e-9  # of the largest logit, in float64: rounding is smaller, another computation is not
KINDS = SAME, ROUNDING, OTHER = "same bits", "rounding", "another computation"
CODE: dict[str, Kind] = {SAME: "agrees", ROUNDING: "within the bound", OTHER: "wrong"}
LEGEND: dict[Kind, str] = {
    "agrees": SAME,
    "within the bound": "rounding: gone in float64",
    "wrong": OTHER,
}


def _in_pieces(model: Model, tokens: Tensor, size: int) -> Tensor:
    cache: Cache = []
    for piece in torch.split(tokens, size, dim=1):
        logits = forward(model, piece, cache)
    return logits[:, -1]


def _among_others(model: Model, tokens: Tensor) -> Tensor:
    others = torch.arange(NEIGHBORS * LENGTH, device=tokens.device).view(NEIGHBORS, -1)
    return forward(model, torch.cat([tokens, others % VOCABULARY]))[:1, -1]


def _plain(model: Model, tokens: Tensor) -> Tensor:
    with sdpa_kernel(SDPBackend.MATH):
        return forward(model, tokens)[:, -1]


def _padded(model: Model, tokens: Tensor, mask: bool, positions: bool) -> Tensor:
    """Put some padding on the left; positions count it unless they are told."""
    padding = tokens.new_zeros(1, PADDING)
    longer = torch.cat([padding, tokens], 1)
    places = torch.arange(longer.shape[1], device=tokens.device)[None]
    if positions:
        places = (places - PADDING).clamp(min=0)
    real = (torch.arange(longer.shape[1], device=tokens.device) >= PADDING)[None]
    return forward(model, longer, places=places, real=real if mask else None)[:, -1]


WAYS: dict[str, Callable[[Model, Tensor], Tensor]] = {
    CACHE: lambda model, tokens: _in_pieces(model, tokens, 1),
    PIECES: lambda model, tokens: _in_pieces(model, tokens, 4),
    BATCH: _among_others,
    MATH: _plain,
    PADDED: lambda model, tokens: _padded(model, tokens, mask=True, positions=True),
    ONLY_MASK: lambda model, tokens: _padded(model, tokens, mask=True, positions=False),
    ONLY_PLACES: lambda model, tokens: _padded(model, tokens, mask=False, positions=True),
}


def compute(where: Conditions, *, width: int) -> Finding:
    """Compute one prompt's last logits in each way and format."""
    drawn = build(width, layers=LAYERS, vocabulary=VOCABULARY, places=LENGTH + PADDING, heads=HEADS)
    tokens = torch.randint(VOCABULARY, (1, LENGTH)).to(where.torch_device)
    changes: dict[str, dict[str, float]] = {name: {} for name in WAYS}
    words: dict[str, dict[str, str]] = {name: {} for name in WAYS}
    for fmt in FORMATS:
        model = drawn.to(where.torch_device, getattr(torch, fmt))
        with torch.no_grad():
            whole = forward(model, tokens)[:, -1]
            for name, way in WAYS.items():
                logits = way(model, tokens)
                change = float((logits.double() - whole.double()).abs().max())
                changes[name][fmt] = change
                gone = changes[name][FORMATS[0]] <= GONE * float(whole.double().abs().max())
                same = bits_equal(logits.cpu(), whole.cpu())
                words[name][fmt] = SAME if same else (ROUNDING if gone else OTHER)
    table = {
        name: {fmt: Cell(f"{change:.1g}" if change else "0", CODE[words[name][fmt]])
               for fmt, change in line.items()}
        for name, line in changes.items()
    }  # fmt: skip
    other = {name for name, line in words.items() if OTHER in line.values()}
    largest = max((line["float32"] for n, line in changes.items() if n not in other), default=0)
    reading = f"float32: rounding changes a logit by {largest:.1g} at most"
    title = "largest change of a logit from the whole prompt at once"
    values = {name: max(line.values(), key=KINDS.index) for name, line in words.items()}
    return Finding(_verdict(other), reading, Chart((Cells.of(table, LEGEND, title),)), values)


def _verdict(other: set[str]) -> str:
    if other == {ONLY_MASK, ONLY_PLACES}:
        return (
            "Cache, pieces, neighbors and formula change roundings at most; padding is another "
            "computation unless both mask and positions leave it out."
        )
    return f"Another computation: {', '.join(name for name in WAYS if name in other) or 'none'}."


WAYS_TO_COMPUTE = Experiment(
    "ways_to_compute",
    "Which ways to compute one prompt are one computation?",
    "how the prompt is computed",
    (Choice("width", 64, (64, 256, 1024), ordered=True), Seed(), DeviceChoice()),
    compute,
    recorded={"width": 1024},
)
