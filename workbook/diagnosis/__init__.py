"""Which condition changed a program's result: found by changing one at a time.

Owns `diagnose`. The user's code runs in child processes only.
"""

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.causes import CAUSES, Cause
from workbook.diagnosis.engine import diagnose
from workbook.diagnosis.process.workers import Workers

__all__ = ["CAUSES", "Answer", "Cause", "Found", "Workers", "diagnose"]
