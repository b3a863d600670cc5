"""Change one condition of a PyTorch computation, and measure the difference in bits.

Importing this package loads nothing heavier than torch; the modules are imported by name.
`workbook.diagnose(...)` is `workbook.diagnosis.diagnose`, imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "diagnose":
        return importlib.import_module("workbook.diagnosis").diagnose
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
