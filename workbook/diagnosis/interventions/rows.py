"""All interventions, the specific ones first, and what each does to a run and to its program.

Owns the table, and the order in which patches go on. They stay: the process ends with the run. To
add an intervention, write its row and its patch in a module of its kind.
"""

import ast
import contextlib
from pathlib import Path
from typing import Any

from workbook.diagnosis.interventions import (
    arguments,
    batches,
    checkpoints,
    completion,
    devices,
    memory,
    modules,
    numerics,
    operations,
    parallel,
    put_back,
    ranks,
    seeds,
    source,
    streams,
    surroundings,
    training,
)
from workbook.diagnosis.interventions.intervention import Intervention, Setting, Stage
from workbook.diagnosis.probes.facts import FACTS

# ranks come first: what others wrap around its backward sees losses as the program has them
_KINDS = (
    ranks, modules, numerics, parallel, completion, training, checkpoints, batches, arguments,
    surroundings, memory, operations, devices, streams, seeds, source, put_back,
)  # fmt: skip
_AS_WRITTEN: tuple[Intervention, ...] = tuple(row for kind in _KINDS for row in kind.ROWS)
ROWS = tuple(sorted(_AS_WRITTEN, key=lambda row: row.rank))
HOLDS = tuple(row for row in ROWS if row.how == "hold")


def install(stage: Stage, run: Setting) -> None:
    """Put on every patch of a stage, each once, and the modes of the active rows after them."""
    patches = [row.install for row in _AS_WRITTEN if row.stage is stage and row.install]
    for patch in dict.fromkeys(patches):
        patch(run)
    for row in _AS_WRITTEN if stage is Stage.MODES else ():
        if row.mode is not None and run.has(row):
            run.stack.enter_context(row.mode(run))


def put_on(plan: dict[str, Any], stack: contextlib.ExitStack, **more: Any) -> Setting:
    """Put on what a plan names; where it holds nothing, the surroundings stay as they are."""
    run = Setting(
        on=frozenset(plan["on"]),
        given=dict(plan["set"]),
        factors=plan.get("factors", []),
        split=frozenset(plan.get("split", ())),
        stack=stack,
        **more,
    )
    stack.enter_context(run.path)
    for stage in (Stage.FUNCTIONS, *((Stage.SURROUNDINGS,) if run.given else ())):
        install(stage, run)
    FACTS.start()
    for stage in (Stage.SEEDS, Stage.MODES):
        install(stage, run)
    return run


def rewritten(path: str, run: Setting) -> tuple[ast.Module, dict[str, Any]] | None:
    """Give a program as the active rows change it, and names for it; None where none changes it."""
    tree: ast.Module | None = None
    names: dict[str, Any] = {}
    for row in _AS_WRITTEN:
        if row.rewrite is not None and run.has(row):
            tree = row.rewrite(ast.parse(Path(path).read_bytes()) if tree is None else tree)
            names |= dict(row.names)
    return None if tree is None else (ast.fix_missing_locations(tree), names)
