"""What may be typed to be diagnosed, and what is answered to anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbook.diagnosis import Workers, diagnose
from workbook.diagnosis.target import command_line, subject

PROGRAM = """
import torch
from .scale import SCALE

class Net:
    def __init__(self):
        self.calls = 0

    def step(self):
        self.calls += 1
        return torch.ones(3) * SCALE * self.calls

def fit(seed, count=3):
    torch.manual_seed(seed)
    return torch.rand(count)
"""


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a package, a script, a test and weights."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package").mkdir()
    (folder / "package" / "__init__.py").write_text("")
    (folder / "package" / "scale.py").write_text("SCALE = 2.0\n")
    (folder / "package" / "work.py").write_text(PROGRAM)
    for name in ("train.py", "test_model.py", "model.pt", "config.yaml"):
        (folder / name).write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("train.py", "diagnose -- python train.py"),
        ("test_model.py", "diagnose test_model.py::TEST"),
        ("model.pt", "holds weights"),
        ("config.yaml", "is a configuration"),
        ("package", "is a folder"),
        ("package.work", "package.work:FUNCTION"),
        ("package.nothing:fit", "no module 'package.nothing'"),
        ("nothing.py:fit", "no file 'nothing.py'"),
        ("nothing.py::test_fit", "no file 'nothing.py'"),
        ("nothing.ipynb", "no file 'nothing.ipynb'"),
        ("train.py:fit; import os", "name a function as FILE.py:FUNCTION"),
    ],
)
def test_another_form_is_answered_with_the_line_to_type(typed: str, told: str) -> None:
    """Whatever names nothing to diagnose raises ValueError that says what to type."""
    with pytest.raises(ValueError, match=told.replace(".", r"\.")):
        subject(typed)


def test_a_command_line_without_dashes_is_told_of_them() -> None:
    """`diagnose python train.py` is answered with the line that has --."""
    with pytest.raises(ValueError, match=r"diagnose -- python3 train\.py"):
        subject("python3", "train.py")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["train.py", "--seed", "0"], "-- python train.py --seed 0"),
        (["no-such-program"], "no program 'no-such-program'"),
        (["./config.yaml"], "chmod"),
    ],
)
def test_a_command_that_cannot_be_run_is_told_why(typed: list[str], told: str) -> None:
    """A first word that is no program raises ValueError that says what to type."""
    with pytest.raises(ValueError, match=told):
        command_line(typed)


def test_against_and_resume_exclude_each_other() -> None:
    """Two questions at once are refused."""
    with pytest.raises(ValueError, match="got both"):
        command_line([sys.executable, "train.py"], against="sh a.sh", resume="sh b.sh")


def test_methods_and_arguments_of_a_package() -> None:
    """A function of a package is given its arguments; a method keeps its object between calls."""
    with Workers() as workers:
        fit = diagnose("package.work:fit(seed=3, count=4)", workers=workers)
        step = diagnose("package.work:Net.step", workers=workers)
        needs = diagnose("package.work:fit", workers=workers)
    assert fit.status == "identical"
    assert [one.cause for one in step.causes] == ["module-state"]
    typed = needs.notes[0].partition("in place of ...: ")[2].rstrip(".")
    printed = subprocess.run(f"printf %s {typed}", shell=True, capture_output=True, text=True)
    assert printed.stdout == "package.work:fit(seed=...)"  # a shell takes it as one word


def test_a_callable_runs_in_forks_of_this_process() -> None:
    """A lambda that draws is answered with random-numbers, and draws nothing here.

    Where an earlier test used CUDA, no fork can, and the callable is refused in a sentence.
    """
    import torch

    if torch.cuda.is_initialized():
        with pytest.raises(ValueError, match="after a GPU was used; write it as a function"):
            diagnose(lambda: torch.rand(3))
        return
    state = torch.get_rng_state()
    answer = diagnose(lambda: torch.rand(3))
    assert [one.cause for one in answer.causes] == ["random-numbers"]
    assert torch.equal(torch.get_rng_state(), state)


def test_a_file_that_is_not_there_is_a_sentence_in_a_notebook() -> None:
    """IPython shows what the error renders, and that has no code of ours."""
    with pytest.raises(ValueError, match=r"there is no file 'nowhere\.py'") as caught:
        diagnose("nowhere.py:run")
    assert caught.value._render_traceback_() == ["NoTarget: there is no file 'nowhere.py'"]
