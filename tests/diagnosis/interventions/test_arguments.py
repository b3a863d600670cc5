"""What calls leave behind, and the helpers that go on from there."""

from __future__ import annotations

import time
from pathlib import Path

from workbook.diagnosis.interventions.arguments import FORGET, acted_on
from workbook.diagnosis.interventions.rows import HOLDS
from workbook.diagnosis.plan import plan
from workbook.diagnosis.process.workers import Workers
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import subject
from workbook.diagnosis.targets.pair import Pair

# Both go through rows with an average that remembers; the second has learned words before.
PROGRAM = """
import torch

class Average:
    def __init__(self):
        self.level = 0.0
    def follow(self, row):
        self.level = 0.5 * self.level + float(row.sum())
        return row * self.level

class Vocabulary:
    def __init__(self):
        self.words = {}
    def learn(self, text):
        for word in text.split():
            self.words.setdefault(word, len(self.words))
        return torch.tensor([float(self.words[word]) for word in text.split()])

def followed(row):
    average = Average()
    return torch.stack([average.follow(row + k) for k in range(3)])

def first():
    return followed(Vocabulary().learn("to be or not"))

def second():
    words = Vocabulary()
    words.learn("whether it is nobler")
    return followed(words.learn("to be or not"))
"""


def test_what_one_of_two_goes_on_from_is_what_is_put_back(tmp_path: Path, workers: Workers) -> None:
    """The average remembers in both, as it is meant to, and the words in the second only."""
    (tmp_path / "p.py").write_text(PROGRAM)
    targets = subject(*(f"{tmp_path}/p.py:{name}" for name in ("first", "second")))
    pair = Pair(Session(workers, targets, time.monotonic() + 86_400))
    looks = pair.session.both(*(plan(index, on=frozenset({FORGET.name})) for index in (0, 1)))
    ours, theirs = (acted_on(run.facts(0))[FORGET] for run in looks)
    assert ours == {"fresh:Average.follow"}
    assert theirs == {"fresh:Average.follow", "fresh:Vocabulary.learn"}
    pair.helpers = {FORGET: ours ^ theirs}
    held = frozenset(HOLDS)
    assert not pair.measure(held).same and pair.measure(held | {FORGET}).same
    assert pair.spares(held, frozenset({FORGET}))
