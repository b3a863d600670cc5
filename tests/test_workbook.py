"""The package itself: what importing it costs, and what it offers by name."""

import subprocess
import sys

import pytest

import workbook
from workbook.diagnosis import diagnose


def test_importing_loads_nothing_heavier_than_torch() -> None:
    """Neither matplotlib nor the widgets come with `import workbook`."""
    program = (
        "import sys, workbook\n"
        "heavy = ('matplotlib', 'ipywidgets', 'IPython', 'anywidget')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == "[]"


def test_diagnose_is_offered_by_name() -> None:
    """`workbook.diagnose` is the engine's own call; another name is an AttributeError."""
    assert workbook.diagnose is diagnose
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = workbook.guess
