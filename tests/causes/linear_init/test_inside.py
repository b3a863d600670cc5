"""Operations that draw although nobody asked for random numbers."""

from __future__ import annotations

import pytest

from workbook.causes.linear_init.inside import BETWEEN, DRAWN_INSIDE, EXACT, LOW_RANK, ONCE
from workbook.experiment import run


@pytest.mark.parametrize(
    ("operation", "seeded", "draws", "same"),
    [
        (LOW_RANK, ONCE, True, False),
        (LOW_RANK, BETWEEN, True, True),
        (EXACT, ONCE, False, True),
        (EXACT, BETWEEN, False, True),
    ],
)
def test_only_the_low_rank_factorization_draws(
    operation: str, seeded: str, draws: bool, same: bool
) -> None:
    """It repeats if the seed is set again; the exact one repeats anyway."""
    values = run(DRAWN_INSIDE, operation=operation, seeded=seeded).finding.values
    assert dict(values) == {"draws": draws, "same": same}
