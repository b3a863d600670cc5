"""Old and new names of the switches for TF32: what a reading says after the other name was set.

Owns one experiment. The factor is which switch was set last. `fp32_precision` came with torch 2.9;
an older torch has the older names alone.
"""

from collections.abc import Callable
from typing import Any

import torch

from workbook.causes.cudnn.series import quiet
from workbook.conditions import Conditions, tf32
from workbook.experiment import OPENING_CONDITIONS, Experiment
from workbook.result import Finding

OLD_MATMUL, OLD_CUDNN = "float32_matmul_precision", "cudnn.allow_tf32"
NEW_MATMUL, NEW_CUDNN = "cuda.matmul.fp32_precision", "cudnn.conv.fp32_precision"
RAISES, ABSENT = "raises", "not in this torch"
MATMUL, CUDNN = ("cuda", "matmul"), ("cuda", "conv")
READ: dict[str, Callable[[], Any]] = {
    OLD_MATMUL: lambda: torch.get_float32_matmul_precision(),
    OLD_CUDNN: lambda: torch.backends.cudnn.allow_tf32,
    NEW_MATMUL: lambda: _newer("cuda.matmul"),
    NEW_CUDNN: lambda: _newer("cudnn.conv"),
}
# How each is set, the other name of the same switch, and what that may say then.
SET: dict[str, tuple[Callable[[], Any], str, tuple[str, ...]]] = {
    f'{OLD_MATMUL} = "high"': (lambda: tf32.set_matmul("high"), NEW_MATMUL, ("tf32",)),
    f"{OLD_CUDNN} = False": (lambda: tf32.set_cudnn(False), NEW_CUDNN, ("ieee", "none")),
    f'{NEW_MATMUL} = "tf32"': (lambda: tf32.set_newer(MATMUL, "tf32"), OLD_MATMUL, ("high",)),
    f'{NEW_CUDNN} = "ieee"': (lambda: tf32.set_newer(CUDNN, "ieee"), OLD_CUDNN, ("False",)),
}


def read_the_other(where: Conditions) -> Finding:
    """Set each switch by each name, and read all four names."""
    reads: dict[str, dict[str, str]] = {}
    silent = []
    for row, (write, other, words) in SET.items():
        with quiet(), where.replace(matmul_precision="highest", cudnn_tf32=True):
            try:
                write()
            except RuntimeError:
                reads[row] = dict.fromkeys(READ, ABSENT)
            else:
                reads[row] = {name: _word(read) for name, read in READ.items()}
        silent += [row] * (reads[row][other] not in (*words, RAISES, ABSENT))
    raising = [row for row, line in reads.items() if RAISES in line.values()]
    reading = f"a reading raises after: {', '.join(raising) or 'none of them'}"
    verdict = "The other name of a switch agrees with what was set, or raises."
    if silent:
        verdict = f"The other name of a switch says something else than was set: {silent[0]}."
    return Finding(verdict, reading, values={"reads": reads})


def _newer(name: str) -> str:
    place: Any = torch.backends
    for part in name.split("."):
        place = getattr(place, part)
    return str(place.fp32_precision)


def _word(read: Callable[[], Any]) -> str:
    try:
        return str(read())
    except RuntimeError:
        return RAISES
    except AttributeError:
        return ABSENT


SWITCH_NAMES = Experiment(
    name="switch_names",
    question="What does a switch for TF32 say after it was set by its other name?",
    factor="the name that was set",
    controls=(),
    measure=read_the_other,
    fixed=OPENING_CONDITIONS,
)
