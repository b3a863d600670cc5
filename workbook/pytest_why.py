"""`pytest --why`: under each failed test, why it fails, and what would change that.

Owns the option and the section of the report. pytest loads this module wherever the package is
installed, so it imports nothing of it: the diagnosis runs in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest

_OURS = "WORKBOOK_RUN"  # is set in a session of the diagnosis, which must not ask again
_BEGAN = {**os.environ, "WORKBOOK_FAILED": "1"}  # what tests have set since is left out


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(
        "--why", action="store_true", help="say under each failed test why its numbers differ"
    )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Add the answer to the report of a test that failed."""
    outcome = yield
    report = outcome.get_result()
    asked = item.config.getoption("--why") and _OURS not in os.environ
    if asked and report.when == "call" and report.failed:
        report.sections.append(("Why (python -m workbook diagnose)", told(item)))


def told(item: pytest.Item) -> str:
    """Diagnose a test by its node id, and give what the diagnosis prints."""
    words = [sys.executable, "-m", "workbook", "diagnose", item.nodeid]
    folder = item.config.rootpath
    made = subprocess.run(
        words, cwd=folder, env=_BEGAN, capture_output=True, text=True, check=False
    )
    return made.stdout or made.stderr
