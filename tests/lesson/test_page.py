"""The parts that widgets of a lesson share."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import workbook

SHEETS = sorted(Path(workbook.__file__).parent.rglob("*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_rule_of_a_sheet_counts(sheet: Path) -> None:
    """Braces match: after a stray one a browser drops the next rule without a word."""
    braces = re.findall("[{}]", sheet.read_text("utf-8"))
    depths = list(itertools.accumulate(1 if brace == "{" else -1 for brace in braces))
    assert depths and min(depths) == 0 and depths[-1] == 0
