"""What is known of a module before it is called."""

from __future__ import annotations

import time
from pathlib import Path

from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import subject

PROGRAM = """
import torch

class Gate(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.empty(4)
        self.scale[:3] = 1.0

    def forward(self, x):
        return x * self.scale

def build():
    return Gate(), (torch.ones(2, 4),)
"""


def test_what_building_uses_counts(tmp_path: Path, workers: Workers) -> None:
    """Memory that the builder leaves unwritten is a fact of the module, with its line."""
    (tmp_path / "p.py").write_text(PROGRAM)
    wanted = subject(f"{tmp_path}/p.py:build", model=True)
    run = Session(workers, wanted, time.monotonic() + 86_400).first(plan(0, variants=("plain",)))
    assert Fact.EMPTY in run.used() and Fact.EMPTY not in run.used(0)
    assert run.places(0, "uninitialised-memory") == ["torch.empty at p.py:7"]
