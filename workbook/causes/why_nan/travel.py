"""One NaN among numbers: which operations and layers hand it on, and which hide it.

Owns one experiment. The factor is the operation; the numbers are the same, with one of them
replaced. The layers and the steps of a training stand in `layers`.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.causes.why_nan import layers
from workbook.chart import Cell, Cells, Chart, Kind
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice
from workbook.experiment import Experiment
from workbook.result import Finding

NAN, INF, MINUS = "NaN", "infinity", "-infinity"
PUT: dict[str, float] = {NAN: math.nan, INF: math.inf, MINUS: -math.inf}
OPERATIONS, LAYERS = "single operations", "layers and a training step"
COUNT, PLACE = 8, 2
ARITHMETIC: dict[str, Callable[[Tensor], Tensor]] = {
    "x.sum()": lambda x: x.sum(),
    "x.max()": lambda x: x.max(),
    "x.min()": lambda x: x.min(),
    "x.clamp(0, 1)": lambda x: x.clamp(0, 1),
    "x.relu()": lambda x: x.relu(),
    "x.sigmoid()": lambda x: x.sigmoid(),
    "x * 0": lambda x: x * 0,
    "zeros @ x": lambda x: torch.zeros_like(x) @ x,
    "x.median()": lambda x: x.median(),
    "F.dropout(x, 1.0)": lambda x: F.dropout(x, 1.0),
}
QUESTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "(x > 1).any()": lambda x: (x > 1).any(),
    "x.max() > 1": lambda x: x.max() > 1,
    "x.argmax()": lambda x: x.argmax(),
    "x.sign()": lambda x: x.sign(),
    "x.bool()": lambda x: x.bool(),
    "where(x > 0, x, 0)": lambda x: torch.where(x > 0, x, 0.0),
    "x.fmax(0)": lambda x: x.fmax(torch.zeros_like(x)),
    "x.nansum()": lambda x: x.nansum(),
    "x.nan_to_num()": lambda x: x.nan_to_num(),
}
ON, HIDDEN = "hands it on", "shows a number"
LEGEND: dict[Kind, str] = {
    "wrong": "NaN or infinity: it is seen",
    "doubtful": "an ordinary number: it is hidden",
}
CODE: dict[str, Kind] = {ON: "wrong", HIDDEN: "doubtful"}


def send(where: Conditions, *, through: str, put_in: str) -> Finding:
    """Send the same numbers, one of them replaced, through each operation or each layer."""
    if through == LAYERS:
        return layers.send(where, PUT[put_in])
    return _through_operations(where, put_in)


def _through_operations(where: Conditions, put_in: str) -> Finding:
    x = torch.arange(1, COUNT + 1) / 16
    x[PLACE] = PUT[put_in]
    x = x.to(where.torch_device, where.torch_dtype)
    results = {name: f(x).cpu() for part in (ARITHMETIC, QUESTIONS) for name, f in part.items()}
    words = {name: HIDDEN if bool(y.isfinite().all()) else ON for name, y in results.items()}
    panels = tuple(
        Cells.of(
            {name: {"gives": Cell(_told(results[name]), CODE[words[name]])} for name in part},
            LEGEND,
            title,
        )
        for part, title in ((ARITHMETIC, "arithmetic"), (QUESTIONS, "questions and cleaners"))
    )
    hidden = [name for name, word in words.items() if word == HIDDEN]
    reading = f"{len(words) - len(hidden)} of {len(words)} show it, {len(hidden)} do not"
    return Finding(_verdict(words, put_in), reading, Chart(panels), words)


def _told(result: Tensor) -> str:
    values = result.flatten().tolist()
    if len(values) == 1:
        value = values[0]
        return f"{value:.3g}" if isinstance(value, float) else str(value)
    broken = sum(not math.isfinite(value) for value in values)
    if broken:
        return f"{broken} of {len(values)} not finite"
    put = values[PLACE]
    return f"{put:.3g} in its place" if isinstance(put, float) else f"{put} in its place"


def _verdict(words: dict[str, str], put_in: str) -> str:
    hidden = {name for name, word in words.items() if word == HIDDEN}
    if not hidden & set(ARITHMETIC):
        some = "some" if hidden != set(QUESTIONS) else "all"
        return f"Arithmetic hands {put_in} on; {some} of the questions and cleaners hide it."
    return (
        f"{put_in} is hidden by {len(hidden)} of {len(words)}, {len(hidden & set(ARITHMETIC))} "
        "of them arithmetic."
    )


TRAVEL = Experiment(
    "nan_travels",
    "Which operations hand it on, and which hide it?",
    "the operation",
    (
        Choice("through", OPERATIONS, (OPERATIONS, LAYERS)),
        Choice("put_in", NAN, tuple(PUT), label="put in"),
        DeviceChoice(),
    ),
    send,
    unmoved={"device": "What becomes of a NaN was the same on every device tried."},
)
