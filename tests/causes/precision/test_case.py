"""The chapter's case: what its solution says of the repaired test."""

from typing import Any

import pytest
import torch

from workbook.causes.precision.case import PROGRAM
from workbook.testing import assert_rounding


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    """The names that the case's program makes."""
    names: dict[str, Any] = {}
    exec(PROGRAM, names)
    return names


def test_the_repaired_test_passes_and_notices_a_lost_entry(program) -> None:
    """The bound covers the honest total, and no total that lacks an entry of mean size or more."""
    total, entries = program["total"], program["ENTRIES"]
    exact = entries.double().sum()
    assert_rounding(total(entries), exact, op="sum", terms=entries, depth=12)
    large = (entries.abs() >= entries.abs().mean()).nonzero().flatten()
    for place in large[::400].tolist():
        rest = torch.cat([entries[:place], entries[place + 1 :]])
        with pytest.raises(AssertionError, match="Wrong"):
            assert_rounding(total(rest), exact, op="sum", terms=entries, depth=12)
