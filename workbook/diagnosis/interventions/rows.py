"""All interventions, the specific ones first, and the putting on of their patches.

Owns the table. To add an intervention, write its row and its patch in a module of its kind.
"""

from __future__ import annotations

from workbook.diagnosis.interventions import (
    arguments,
    arrays,
    attention,
    batches,
    between_steps,
    cuda,
    devices,
    loading,
    loops,
    means,
    modules,
    numerics,
    operations,
    parallel,
    poison,
    put_back,
    ranges,
    ranks,
    seeds,
    source,
    streams,
    surroundings,
    training,
    windows,
)
from workbook.diagnosis.interventions.intervention import Intervention, Setting, Stage

_KINDS = (
    ranks,  # first: what others wrap around its backward sees losses as the program has them
    modules,
    numerics,
    cuda,
    parallel,
    windows,
    training,
    loading,
    between_steps,
    attention,
    means,
    loops,
    arrays,
    batches,
    arguments,
    surroundings,
    poison,
    operations,
    ranges,
    devices,
    streams,
    seeds,
    source,
    put_back,
)
_AS_WRITTEN: tuple[Intervention, ...] = tuple(row for kind in _KINDS for row in kind.ROWS)
ROWS = tuple(sorted(_AS_WRITTEN, key=lambda row: row.rank))
HOLDS = tuple(row for row in ROWS if row.how == "hold")


def install(stage: Stage, run: Setting) -> None:
    """Put on every patch of a stage, each once."""
    patches = [row.install for row in _AS_WRITTEN if row.stage is stage and row.install]
    for patch in dict.fromkeys(patches):
        patch(run)
