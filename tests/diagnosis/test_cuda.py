"""The diagnosis of programs that compute with CUDA; each label is proved on the device first."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.diagnosis_cases.cuda.rows import PROGRAMS, Row
from tests.diagnosis_cases.proofs import bits
from workbook.conditions import Conditions
from workbook.diagnosis import Workers, diagnose

CASES = Path(__file__).parents[1] / "diagnosis_cases" / "cuda"
PATIENCE = 600.0  # seconds: what is tested is the cause, not how soon a busy machine finds it
REPEATS = 20  # an order that changes does so within a few
pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="these need CUDA")


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Child processes for the whole module."""
    with Workers() as shared:
        yield shared


def _results(row: Row) -> Iterator[str]:
    """What the program gives: both functions, or one again and again."""
    module = importlib.import_module(f"tests.diagnosis_cases.cuda.{row.name}")
    names = row.targets.split()
    with Conditions():  # what one program switches is not the next one's
        for _ in range(REPEATS if len(names) == 1 else 1):
            for name in names:
                yield bits(getattr(module, name)())


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: row.name)
def test_the_label_is_true(row: Row) -> None:
    """Results differ where a cause is named, and are one where none is."""
    if row.unproved:
        pytest.skip(row.unproved)
    first, *others = _results(row)
    assert any(other != first for other in others) is (row.cause != "none")


@pytest.mark.parametrize("row", PROGRAMS, ids=lambda row: row.name)
def test_the_label_is_found(row: Row, workers: Workers) -> None:
    """The first cause is the label's."""
    targets = [f"{CASES / row.name}.py:{name}" for name in row.targets.split()]
    answer = diagnose(*targets, timeout=PATIENCE, workers=workers)
    found = [one.cause for one in answer.causes] or ["unknown"]
    if row.unproved.startswith("whether") and found == ["none"]:
        pytest.skip(row.unproved)
    assert found[0] == row.cause, answer.text()
