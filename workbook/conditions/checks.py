"""Checks: what each field of the conditions may hold, as one table and one sentence each.

Owns ranges and words. It may not know this machine: a record made elsewhere must be readable here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbook.devices import DTYPES, device

WORDS: Mapping[str, tuple[str, ...]] = {
    "dtype": DTYPES,
    "mode": ("train", "eval"),
    "grad": ("grad", "no_grad", "inference"),
    "deterministic": ("off", "warn", "on"),
    "matmul_precision": ("highest", "high", "medium"),
    "default_dtype": DTYPES,
    "layout": ("contiguous", "transposed", "channels_last"),
}
RANGES: Mapping[str, tuple[int, int]] = {
    "seed": (0, 2**32 - 1),  # the range of NumPy's legacy seed; torch takes more
    "threads": (1, 256),
    "batch_size": (1, 2**20),
}
SWITCHES = (
    "cudnn_benchmark",
    "cudnn_deterministic",
    "cudnn_tf32",
    "fill_uninitialized",
    "flush_denormal",
)


def check(field: str, value: Any) -> None:
    """Raise ValueError, in one sentence, if the field may not hold the value.

    None is right in every field but `device`.
    """
    if field == "device":
        device(value)
        return
    if value is None:
        return
    if field in WORDS and value not in WORDS[field]:
        raise ValueError(f"{field} must be one of {', '.join(WORDS[field])}, got {value!r}")
    if field in RANGES:
        low, high = RANGES[field]
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not low <= value <= high:
            raise ValueError(f"{field} must be a whole number from {low} to {high}, got {value!r}")
    if field in SWITCHES and not isinstance(value, bool):
        raise ValueError(f"{field} must be True or False, got {value!r}")


def check_names(names: Iterable[object], known: Sequence[str]) -> None:
    """Raise ValueError, in one sentence, if a name is not a field of the conditions."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"conditions must be among {', '.join(known)}, got {unknown[0]!r}")
