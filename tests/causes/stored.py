"""What the cases keep from their readers: the files beside the chapters, and how they are made.

`python -m tests.causes.stored` writes them anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from workbook import causes


def bookings() -> torch.Tensor:
    """Draw 4001 bookings from -500 to 500 that add up to about nothing, in float64."""
    torch.manual_seed(0)
    booked = 1000 * (torch.rand(4001, dtype=torch.float64) - 0.5)
    return booked.sub_(booked.mean())


def tables() -> tuple[torch.Tensor, ...]:
    """Make rows that lie column by column, a shift in float64, and a scale and weights.

    All are small multiples of a half, so that nothing rounds.
    """
    rows = ((torch.arange(48.0) * 7) % 5 - 2).reshape(8, 6).t()
    shift = torch.arange(8, dtype=torch.float64) - 4
    scale = (torch.arange(8.0) % 3 + 1).reshape(2, 4)
    weights = ((torch.arange(24.0) * 5) % 7 - 3).reshape(8, 3)
    return rows, shift, scale, weights


def texts() -> torch.Tensor:
    """Give eight texts of two to six tokens from 1 to 7, filled up with zeros."""
    return torch.tensor(
        [[3, 5, 2, 7, 4, 1], [6, 2, 0, 0, 0, 0], [1, 7, 7, 3, 0, 0],
         [5, 4, 0, 0, 0, 0], [2, 2, 6, 1, 5, 3], [7, 1, 4, 0, 0, 0],
         [4, 3, 0, 0, 0, 0], [6, 5, 1, 2, 3, 7]]
    )  # fmt: skip


def rows() -> tuple[torch.Tensor, ...]:
    """Give four texts, one of unknown words only, their labels, and features that are all there."""
    words = torch.tensor([[5, 3, 9, 0], [2, 7, 0, 0], [1, 1, 1, 0], [8, 1, 4, 6]])
    features = torch.tensor([[4.0, 24.0], [3.0, 21.0], [1.0, 22.0], [3.0, 24.0]])
    return words, torch.tensor([0, 1, 1, 0]), features


# Kind of layer (Linear, BatchNorm1d, ReLU, Dropout), whether torch is told of it, and its sizes.
LAYERS = [(0, 1, 6, 16), (1, 0, 16), (2, 1), (3, 1, 0.3), (0, 1, 16, 1)]

SETTINGS: dict[str, dict[str, Any]] = {
    "linear_init/settings": {
        "one model": False, "light": "own", "global NumPy": False, "in place": False,
    },
    "another_run/settings": {
        "format": "float32", "copied": False, "scored in training": False, "scored rows": 16,
        "left out": "",
    },
    "your_own_program/scores": {
        "running mean": False, "dropout": 0.2, "jitter seeded": True, "rows": 16,
    },
    "your_own_program/report": {
        "drawn": True, "in place": False, "slopes": False, "training goes on": True,
    },
    "your_own_program/reviews": {"sorted": False, "new weights": False, "one order": True},
}  # fmt: skip

MADE: dict[str, Callable[[], Any]] = {
    "precision/bookings": bookings,
    "in_place/tables": tables,
    "autograd/texts": texts,
    "eval_mode/judge": lambda: LAYERS,
    "why_nan/rows": rows,
    # Masks padding, counts places from the first word, mixes rows, drops in evaluation.
    "temperature_zero/served": lambda: torch.tensor([True, False, False, False]),
    **{name: lambda settings=settings: settings for name, settings in SETTINGS.items()},
}

if __name__ == "__main__":
    for name, make in MADE.items():
        torch.save(make(), Path(causes.__file__).parent / f"{name}.pt")
