"""Saved names of a wrapped model."""

from __future__ import annotations

import pytest

from workbook.causes.eval_mode.wrapped import LENIENT, PLAIN, STRICT, WRAPPED, WRAPPED_NAMES
from workbook.experiment import run


@pytest.mark.parametrize(
    ("wrapper", "loaded", "verdict"),
    [
        (PLAIN, STRICT, "every weight arrives"),
        (PLAIN, LENIENT, "every weight arrives"),
        (WRAPPED, STRICT, "refuses them"),
        (WRAPPED, LENIENT, "nothing is loaded, and nothing is raised"),
    ],
)
def test_only_the_wrapper_decides_whether_names_fit(
    wrapper: str, loaded: str, verdict: str
) -> None:
    """Every way to save and load has its own outcome, and strict=False hides the worst of them."""
    assert verdict in run(WRAPPED_NAMES, wrapper=wrapper, loaded=loaded).verdict
