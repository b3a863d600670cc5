"""What an answer holds beside a cause: the step, the place, what is refuted, and short runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbook.diagnosis import Workers, diagnose, plan
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import subject
from workbook.diagnosis.targets import disagreement, single

DAY = 86_400.0  # seconds: no busy machine ends a diagnosis
TRAINING = """
import torch
from torch import nn

def train(log):
    torch.manual_seed(0)
    net = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(12):
        loss = net(torch.rand(8, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if log and step == 2:
            torch.rand(3)
    return net.weight.detach()

def unseeded():
    torch.seed()
    return train_on(nn.Linear(4, 1))

def train_on(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(12):
        loss = net(torch.rand(8, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.weight.detach()

def quiet(): return train(False)
def logged(): return train(True)
"""


def test_a_training_is_run_to_the_step_where_it_parts(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trials go to step 4 of 12 only, the step is told, and the cause is that of whole runs."""
    monkeypatch.setattr(plan, "LONG", 0.0)
    path = tmp_path / "p.py"
    path.write_text(TRAINING)
    session = Session(workers, subject(f"{path}:quiet", f"{path}:logged"), time.monotonic() + DAY)
    answer = disagreement.diagnosed(session)
    assert answer.causes[0].cause == "generator-shift", answer.text()
    assert "They part at step 4 of the training: torch's generator" in " ".join(answer.notes)
    short = {one.stop for one in session.known if one.stop}
    assert short == {4}


def test_trials_of_an_unseeded_training_make_one_step(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two processes part at step 1, one step of one call refutes; whole runs are few."""
    monkeypatch.setattr(plan, "LONG", 0.0)
    path = tmp_path / "p.py"
    path.write_text(TRAINING)
    session = Session(workers, subject(f"{path}:unseeded"), time.monotonic() + DAY)
    answer = single.diagnosed(session)
    assert [one.cause for one in answer.causes] == ["random-numbers"], answer.text()
    assert "They part at step 1 of the training: the loss, gradients, parameters" in " ".join(
        answer.notes
    )
    whole = [one for one in session.known if not (one.stop or one.looks)]  # one run, two names
    assert len(whole) <= 5, whole  # calm, not, all but generators, and both with the cause held


def test_a_function_that_repeats_is_told_so_first(workers: Workers, tmp_path: Path) -> None:
    """Nobody changes the number of threads by running it again."""
    (tmp_path / "p.py").write_text("import torch\ndef f(): return torch.get_num_threads()\n")
    text = diagnose(f"{tmp_path / 'p.py'}:f", workers=workers, timeout=DAY).text()
    assert text.startswith("p.py:f: repeats in every bit. With four threads instead of one: ")


def test_do_not_know_says_what_is_known(workers: Workers, tmp_path: Path) -> None:
    """Where nothing explains a difference, the answer has its place, and the next trial by hand."""
    path = tmp_path / "p.py"
    path.write_text(
        "import torch\n"
        "def f():\n    return torch.full((4,), 8.0).sqrt()\n"
        "def g():\n    return torch.full((4,), 9.0).sqrt()\n"
    )
    answer = diagnose(f"{path}:f", f"{path}:g", workers=workers)
    said = " ".join(answer.notes)
    assert answer.status == "unknown" and answer.usable
    assert "They part at aten" in said and "p.py:" in said
    assert "Removed one by one" in said and "Next trial by hand" in said


def test_the_words_of_a_parser_are_told(workers: Workers, tmp_path: Path) -> None:
    """A program that asks for an option ends with argparse's own sentence, and with what to do."""
    path = tmp_path / "p.py"
    path.write_text(
        "import argparse\n"
        "def f():\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--data', required=True)\n"
        "    return len(parser.parse_args().data)\n"
    )
    answer = diagnose(f"{path}:f", workers=workers)
    said = " ".join(answer.notes)
    assert not answer.usable and "required: --data" in said and "parse_args([" in said


def test_inputs_by_name(workers: Workers, tmp_path: Path) -> None:
    """A builder may give its inputs as a dict, by the names that forward has."""
    path = tmp_path / "p.py"
    path.write_text(
        "import torch\n"
        "class Scale(torch.nn.Module):\n"
        "    def forward(self, x, *, by): return x * by\n"
        "def build(): return Scale(), {'x': torch.ones(4, 2), 'by': torch.full((4, 2), 2.0)}\n"
    )
    answer = diagnose(f"{path}:build", model=True, workers=workers)
    assert [one.cause for one in answer.causes] == ["none"], answer.text()


def test_a_relative_import_has_a_remedy(workers: Workers, tmp_path: Path) -> None:
    """A module of a package is told to be named by its module."""
    (tmp_path / "p.py").write_text("from .other import x\ndef f(): return x\n")
    answer = diagnose(f"{tmp_path / 'p.py'}:f", workers=workers)
    assert "diagnose package.module:FUNCTION" in " ".join(answer.notes)


def test_what_is_tried_is_shown_as_it_goes(workers: Workers, tmp_path: Path) -> None:
    """Whoever watches is told every trial, in order."""
    (tmp_path / "p.py").write_text("import torch\ndef f(): return torch.rand(3)\n")
    told: list[str] = []
    answer = diagnose(f"{tmp_path / 'p.py'}:f", workers=workers, watch=told.append)
    assert list(dict.fromkeys(told)) == list(answer.tried)


BY_HAND = """
import torch

class Trainer:
    def __init__(self):
        self.w = torch.nn.Parameter(torch.full((3,), 0.5))
        self.optimizer = torch.optim.SGD([self.w], lr=0.02, momentum=0.9)

    def run(self, count):
        for _ in range(count):
            self.optimizer.zero_grad()
            (self.w.cumsum(0) - 1).square().sum().backward()
            self.optimizer.step()
        return self

def at_once(): return Trainer().run(6).w.detach()
def in_two():
    kept = Trainer().run(3).w.detach().clone()
    trainer = Trainer()
    trainer.w.data.copy_(kept)
    return trainer.run(3).w.detach()
"""


def test_a_checkpoint_written_by_hand_is_one(workers: Workers, tmp_path: Path) -> None:
    """Weights copied into a new trainer are a checkpoint, which lacks the optimizer's state."""
    path = tmp_path / "p.py"
    path.write_text(BY_HAND)
    answer = diagnose(f"{path}:at_once", f"{path}:in_two", workers=workers)
    assert answer.causes[0].cause == "checkpoint-incomplete", answer.text()


OWN = """
import random
import torch

class Shaker:
    def __init__(self):
        self.dice = random.Random()
    def shake(self, x):
        return x + self.dice.uniform(-1, 1)

def score():
    torch.manual_seed(0)
    return Shaker().shake(torch.rand(3)).sum()
"""


def test_a_generator_of_its_own_without_a_seed_is_named(workers: Workers, tmp_path: Path) -> None:
    """Not what draws from the generator that is seeded."""
    path = tmp_path / "p.py"
    path.write_text(OWN)
    answer = diagnose(f"{path}:score", workers=workers)
    assert answer.causes[0].cause == "random-numbers", answer.text()
    assert answer.causes[0].where == "random.Random() at p.py:7"


FORGOTTEN = """
class Total:
    def __init__(self):
        self.sum = 0.0
    def add(self, number):
        self.sum += number
        return self.sum

def last_of(numbers):
    total = Total()
    return [total.add(number) for number in numbers][-1]

def one(): return last_of([3.0, 1.0, 2.0])
def other(): return last_of([4.0, 1.0, 2.0])
"""


def test_what_makes_both_forget_the_difference_explains_nothing(
    workers: Workers, tmp_path: Path
) -> None:
    """A cure leaves the healthy program as it was; a sum that starts anew is neither of the two."""
    path = tmp_path / "p.py"
    path.write_text(FORGOTTEN)
    answer = diagnose(f"{path}:one", f"{path}:other", workers=workers)
    assert answer.status == "unknown", answer.text()


USED_AND_SHORT = """
class Smooth:
    def __init__(self):
        self.level = 0.0
    def step(self, row):
        self.level = 0.5 * self.level + float(row.mean())
        return row + self.level

def smoothed(cell, x): return torch.stack([cell.step(row) for row in x])
def product(x, short):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=short):
        return (x @ x.t()).float()

X = torch.arange(12.0).reshape(4, 3) / 7
def one(): return product(X, False) / 64 + smoothed(Smooth(), X).sum(1)
def other():
    cell = Smooth()
    smoothed(cell, X[:2] + 9)
    return product(X, True) / 64 + smoothed(cell, X).sum(1)
"""


def test_what_is_left_behind_and_another_cause_are_both_told(
    workers: Workers, tmp_path: Path
) -> None:
    """An object that was used before, and a format of 16 bits on the same side."""
    path = tmp_path / "p.py"
    path.write_text(f"import torch\n{USED_AND_SHORT}")
    answer = diagnose(f"{path}:one", f"{path}:other", workers=workers)
    causes = {row.cause for row in answer.causes}
    assert causes == {"module-state", "reduced-precision"}, answer.text()


@pytest.mark.parametrize("name", ["none_seeded_training:train", "none_model:build"])
def test_numbers_drawn_otherwise_on_another_cpu_are_no_fault(name: str, workers: Workers) -> None:
    """Initial weights may differ in the last bit on another CPU: a note, and no cause."""
    program, function = name.split(":")
    path = Path(__file__).parents[1] / "diagnosis_cases" / f"{program}.py"
    answer = diagnose(f"{path}:{function}", model=function == "build", workers=workers)
    assert [one.cause for one in answer.causes] == ["none"], answer.text()
