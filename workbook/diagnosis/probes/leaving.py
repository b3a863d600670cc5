"""Numbers that leave torch: what a program reads from its tensors, in full precision, by line.

Owns the patches of what reads a tensor's numbers (`item`, `tolist`, `float`, printing, ...), and
the first place where two runs read something else. Torch's own readings are left out.
"""

import contextlib
import itertools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch._C import _len_torch_dispatch_stack
from torch.utils._python_dispatch import _disable_current_modes

from workbook.diagnosis.patching import caller, wrap
from workbook.trace import tensor_hash
from workbook.trace.places import line_of

_READERS = (
    "item", "tolist", "numpy", "__array__", "__float__", "__int__", "__bool__", "__index__",
    "__format__", "__repr__",
)  # fmt: skip
_WORDS = {"__float__": "float", "__int__": "int", "__bool__": "bool", "__index__": "index",
          "__format__": "format", "__repr__": "print", "__array__": "numpy"}  # fmt: skip
_SHOWN = 16  # numbers of a tensor that are kept as they are; of a larger one the hash as well
_REPORTS = os.sep + os.path.join("_pytest", "_io") + os.sep  # what shows a failure
# what torch and the workbook read is left out
_OTHERS = (torch.__path__[0] + os.sep, str(Path(__file__).parents[2]) + os.sep)
Reading = dict[str, Any]


def watch(note: Callable[..., None], *, sides: bool = False) -> None:
    """Write down every number that a program, or a library that it uses, reads from a tensor.

    With `sides`, where it reads whether a number is above or below another, that number.
    """

    def read(real: Any, tensor: Any, *args: Any, **kwargs: Any) -> Any:
        frame = caller()
        name = frame.f_code.co_filename
        if not name.startswith(_OTHERS) and _REPORTS not in name:
            seen = getattr(tensor, _SIDE, tensor) if real.__name__ == "__bool__" else tensor
            row = _row(seen, _WORDS.get(real.__name__, real.__name__))
            if row is not None:
                note("left", line=line_of(frame), **row)
        return real(tensor, *args, **kwargs)

    def compare(real: Any, tensor: Any, other: Any) -> Any:
        made = real(tensor, other)
        if isinstance(made, torch.Tensor) and made.numel() == tensor.numel() == 1:
            setattr(made, _SIDE, tensor)
        return made

    wrap(read, torch.Tensor, *_READERS)
    if sides:
        wrap(compare, torch.Tensor, "__lt__", "__le__", "__gt__", "__ge__")


_SIDE = "_workbook_side"  # of a comparison, kept with its result


def _row(tensor: Any, name: str) -> Reading | None:
    """Say what is read, as plain data; None for what holds no numbers here."""
    kind = str(tensor.dtype).removeprefix("torch.")
    if type(tensor).__torch_dispatch__ is not torch._C._disabled_torch_dispatch_impl:
        return None
    if tensor.device.type == "meta" or tensor.layout is not torch.strided or tensor.is_complex():
        return None
    quiet = _disable_current_modes() if _len_torch_dispatch_stack() else contextlib.nullcontext()
    with quiet:  # a trace must not see our own reading
        plain = tensor.detach()
        count = plain.numel()
        shown = [float(number) for number in _tolist(plain.reshape(-1)[:_SHOWN])]
        code = "" if count <= _SHOWN else f"{tensor_hash(plain):016x}"
    return {"how": name, "dtype": kind, "count": count, "values": shown, "hash": code}


_tolist = torch.Tensor.tolist


def by_line(left: list[Reading]) -> dict[str, Any]:
    """Say what the program read from torch, by line, as tensors of the formats that they had."""
    lines: dict[str, list[Reading]] = {}
    for row in left:
        lines.setdefault(f"{row['line']} ({row['how']})", []).append(row)
    made: dict[str, Any] = {}
    for name, readings in lines.items():
        values = [value for row in readings for value in row["values"]]
        kind = getattr(torch, readings[0]["dtype"])
        made[name] = torch.tensor(values, dtype=torch.float64).to(kind)
        if codes := [row["hash"] for row in readings if row["hash"]]:
            made[f"{name}, all of them"] = " ".join(codes[:1000])
    return made


def numbers(left: list[Reading]) -> list[float]:
    """Give all numbers that were read, sorted."""
    return sorted(value for row in left for value in row["values"] if math.isfinite(value))


def parted(
    ours: list[Reading], theirs: list[Reading]
) -> tuple[int, Reading | None, Reading | None] | None:
    """Give the first of the readings of two runs that differ, its number from 1, or None."""
    for number, (first, second) in enumerate(itertools.zip_longest(ours, theirs), start=1):
        if first is None or second is None or _code(first) != _code(second):
            return number, first, second
    return None


def reordered(ours: list[Reading], theirs: list[Reading]) -> str:
    """Give the first line that reads the same numbers in another order; "" where there is none."""
    for place in dict.fromkeys(row["line"] for row in ours):
        first, second = ([_code(row) for row in rows if row["line"] == place]
                      for rows in (ours, theirs))  # fmt: skip
        if first != second and sorted(first) == sorted(second):
            return str(place)
    return ""


def parted_later(
    ours: list[Reading], theirs: list[Reading], saved: int
) -> tuple[int, Reading, Reading] | None:
    """Give the step after which a run that went on from step `saved` first reads something else.

    Only what both read at one line after one step is laid side by side.
    """
    at: dict[tuple[Any, ...], list[Reading]] = {}
    for row in ours:
        at.setdefault((row["step"], row["line"], row["how"]), []).append(row)
    for row in theirs:
        number = saved + row["step"]
        there = at.get((number, row["line"], row["how"])) if row["step"] else None
        if there and _code(other := there.pop(0)) != _code(row):
            return number, other, row
    return None


def _code(row: Reading) -> str:
    return repr([row["line"], row["how"], row["count"], row["values"], row["hash"]])


def sentence(number: int, first: Reading | None, second: Reading | None) -> str:
    """Say what two runs read where they part, in words."""
    if first is None or second is None:
        kept = first or second or {}
        which = "first" if second is None else "second"
        return f"Only the {which} run goes on to read a tensor at {kept['line']}."
    if first["line"] != second["line"]:
        return (
            f"Reading {number} from torch is made at {first['line']} in the first run and at "
            f"{second['line']} in the second."
        )
    a, b = _apart(first, second)
    return f"The first number read from torch that differs, at {first['line']}: {a} and {b}."


def _apart(first: Reading, second: Reading) -> tuple[str, str]:
    """Give the first two values that differ, with the digits that their formats need."""
    for a, b in zip(first["values"], second["values"], strict=False):
        if repr(a) != repr(b):
            return _digits(a, first["dtype"]), _digits(b, second["dtype"])
    return f"{first['count']} numbers", f"{second['count']} that are not the same"


def _digits(value: float, dtype: str) -> str:
    return f"{value:.9g}" if dtype == "float32" else f"{value:.17g}"
