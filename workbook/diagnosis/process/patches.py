"""The patches of a run that need torch and not the program: which, and in what order they go on.

Owns the order. They stay: the process ends with the run.
"""

import contextlib
from typing import Any

from workbook.diagnosis.interventions.intervention import Setting, Stage
from workbook.diagnosis.interventions.rows import install
from workbook.diagnosis.probes.facts import FACTS


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
