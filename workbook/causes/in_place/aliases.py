"""Other names for the same memory: who sees a write to x?

Owns one experiment. The factor is the form of the write; x and the way to y stay.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from workbook.chart import Cell, Cells, Chart
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, Dtype
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

SHAPE = (4, 3)


def _of_state_dict(x: Tensor) -> Tensor:
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight = torch.nn.Parameter(x, requires_grad=False)
    weight: Tensor = layer.state_dict()["weight"]
    return weight


def _through_numpy(x: Tensor) -> Tensor:
    # NumPy has no bfloat16, so that the bits travel as whole numbers of the same width.
    whole = {2: torch.int16, 4: torch.int32, 8: torch.int64}[x.element_size()]
    return torch.from_numpy(x.view(whole).numpy()).view(x.dtype)


WAYS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "x": lambda x: x,
    "x[0]": lambda x: x[0],
    "x[[0]]": lambda x: x[[0]],
    "x.t()": lambda x: x.t(),
    "x[:1].expand(4, 3)": lambda x: x[:1].expand(SHAPE),
    "x.reshape(12)": lambda x: x.reshape(12),
    "x.contiguous()": lambda x: x.contiguous(),
    "x.float()": lambda x: x.float(),
    "x.double()": lambda x: x.double(),
    "x.detach()": lambda x: x.detach(),
    "through x.numpy()": _through_numpy,
    "layer.state_dict()": _of_state_dict,
    "tensor(x.tolist())": lambda x: torch.tensor(x.tolist()),
    "x.clone()": lambda x: x.clone(),
}
COLUMNS = ("x.add_(1)", "x = x + 1")


def see_writes(where: Conditions) -> Finding:
    """Make y from x, write to x in both forms, and see whether y is still what it was."""
    seen = {way: _seen(make, where) for way, make in WAYS.items()}
    half = len(WAYS) // 2
    panels = _cells(list(seen.items())[:half]), _cells(list(seen.items())[half:])
    x = _source(where)
    sums = compare(x + 1, x.clone().add_(1), first="x + 1", second="x.add_(1)")
    in_place, out_of_place = ([way for way, pair in seen.items() if pair[i]] for i in (0, 1))
    new = _new_bytes(x, x.add_(1)), _new_bytes(x, x + 1)
    values = {
        "in_place": in_place,
        "out_of_place": out_of_place,
        "new_bytes_in_place": new[0],
        "new_bytes_out_of_place": new[1],
    }
    reading = (
        f"{len(in_place)} of {len(seen)} share the memory of x; new bytes: {new[0]} in place, "
        f"{new[1]} out of place"
    )
    verdict = _verdict(bool(in_place), bool(out_of_place))
    return Finding(verdict, reading, Chart(panels), values, (sums,))


def _cells(seen: list[tuple[str, tuple[bool, bool]]]) -> Cells:
    stays, changes = Cell("stays", "agrees"), Cell("changes", "differs")
    table = {
        way: dict(zip(COLUMNS, [changes if each else stays for each in pair], strict=True))
        for way, pair in seen
    }
    return Cells.of(table, {"agrees": "y stays", "differs": "y changes too"}, "y made by")


def _source(where: Conditions) -> Tensor:
    x = torch.arange(12).to(where.torch_dtype)
    return x.reshape(3, 4).t() if where.layout == "transposed" else x.reshape(SHAPE)


def _seen(make: Callable[[Tensor], Tensor], where: Conditions) -> tuple[bool, bool]:
    """Say whether y changes when x is written to in place, and when x is given a new tensor."""
    changed = []
    for in_place in (True, False):
        x = _source(where)
        y = make(x)
        before = y.clone()
        if in_place:
            x.add_(1)
        else:
            x = x + 1
        changed.append(not bits_equal(y, before))
    return changed[0], changed[1]


def _new_bytes(x: Tensor, result: Tensor) -> int:
    old, new = x.untyped_storage(), result.untyped_storage()
    return 0 if new.data_ptr() == old.data_ptr() else int(new.nbytes())


def _verdict(in_place: bool, out_of_place: bool) -> str:
    if out_of_place:
        return "Even x = x + 1 changes some other names: that should not happen."
    if not in_place:
        return "No other name sees a write to x."
    return "x.add_(1) changes every name that shares the memory of x; x = x + 1 changes none."


ALIASES = Experiment(
    name="aliases",
    question="Which other tensors change when x is written to?",
    factor="the form of the write",
    controls=(Dtype(), Choice("layout", "contiguous", ("contiguous", "transposed"))),
    measure=see_writes,
)
