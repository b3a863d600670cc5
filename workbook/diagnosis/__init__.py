"""Which condition changed a program's result: found by changing one at a time.

Owns `diagnose`. The user's code runs in child processes only. What is public is imported when it is
first used: the process that starts a command of the user's needs no torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook.diagnosis.answer import Answer, Found
    from workbook.diagnosis.causes import CAUSES, Cause
    from workbook.diagnosis.engine import diagnose
    from workbook.diagnosis.process.workers import Workers

__all__ = ["CAUSES", "Answer", "Cause", "Found", "Workers", "diagnose"]

_PLACES = {
    "CAUSES": "causes",
    "Answer": "answer",
    "Cause": "causes",
    "Found": "answer",
    "Workers": "process.workers",
    "diagnose": "engine",
}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        module = importlib.import_module(f"workbook.diagnosis.{_PLACES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
