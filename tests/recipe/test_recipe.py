"""The recipe: what the block holds and puts back, the pasted text, the price, and the limits."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import workbook
from workbook.conditions import Conditions
from workbook.conditions.switches import readings
from workbook.recipe import FACTORS, RECIPE, coverage, deterministic, price

PAGE = Path(__file__).parents[2] / "docs" / "my-numbers-changed.md"


def states():
    """Everything that the block may touch."""
    return (
        readings(),
        torch.get_rng_state().tolist(),
        random.getstate(),
        repr(np.random.get_state()),
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize("one", FACTORS, ids=lambda one: one.name)
def test_each_factor_is_covered_or_not(one):
    """Two runs that differ in one factor agree inside the block if and only if it is covered."""
    assert one.repeats() is one.covered


@pytest.mark.parametrize("one", [f for f in FACTORS if not f.covered], ids=lambda one: one.name)
def test_what_is_not_covered_differs_anyway(one):
    """A factor that is not covered differs outside of the block, too: its program can differ."""
    assert not one.repeats(held=False)


def test_covered_factors_differ_outside():
    """Draws and switches differ without the block: it is the block that holds them."""
    names = [one.name for one in FACTORS if one.covered and not one.repeats(held=False)]
    assert {"torch's generators", "Python's random"} <= set(names)
    assert {name for name in names if name.startswith("switches")}.__len__() == 2


def test_every_line_of_the_coverage():
    """The lines say what was measured, one a factor."""
    lines = coverage().splitlines()
    assert [line.partition(": ")[2] for line in lines] == [one.name for one in FACTORS]
    assert [line.startswith("held") for line in lines] == [one.covered for one in FACTORS]


def test_all_is_put_back_after_an_exception():
    """Switches, generators and the variable are as they were, also after an exception."""
    with Conditions():
        torch.set_num_threads(2)
        torch.backends.cudnn.benchmark = True
        before = states()
        with pytest.raises(ZeroDivisionError), deterministic(3, threads=1):
            assert torch.get_num_threads() == 1 and states() != before
            torch.rand(3), random.random(), np.random.random()
            torch.backends.cudnn.benchmark = True
            raise ZeroDivisionError
        assert states() == before


def test_other_seeds_other_numbers():
    """The seed is used: two seeds draw other numbers."""
    drawn = []
    for seed in (0, 1, 0):
        with deterministic(seed):
            drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[2] != drawn[1]


def test_an_operation_without_a_deterministic_form_raises():
    """What has none raises in the block, and with warn_only it warns and runs."""
    x = torch.rand(1, 1, 4, 4)
    pooled, places = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
    with deterministic(), pytest.raises(RuntimeError, match="deterministic"):
        torch.nn.functional.max_unpool2d(pooled, places, 2)
    with deterministic(warn_only=True), pytest.warns(UserWarning, match="deterministic"):
        torch.nn.functional.max_unpool2d(pooled, places, 2)


def test_cuda_that_runs_already_is_said(monkeypatch):
    """Where CUDA started without cuBLAS's variable, a warning says what to set and when."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.warns(UserWarning, match="before Python starts") as said, deterministic():
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert said[0].filename == __file__
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ


def test_a_variable_of_yours_stays(monkeypatch):
    """A setting that is there is kept, inside and afterwards."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    with deterministic():
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


CHECK = """
import torch._inductor.config  # use_deterministic_algorithms imports it: before both
from workbook.conditions.switches import readings
from workbook.recipe import deterministic
def seen():
    return (readings(), torch.rand(3).tolist(), random.random(), np.random.random(),
            os.environ["CUBLAS_WORKSPACE_CONFIG"])
with deterministic(7):
    inside = seen()
make_deterministic(7)
after = seen()
assert after == inside, (after, inside)
assert torch.are_deterministic_algorithms_enabled()
"""


def test_the_pasted_recipe_does_the_same():
    """After the pasted text every switch and every draw is what it is inside the block."""
    done = subprocess.run([sys.executable, "-c", RECIPE + CHECK], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_shows_the_recipe_and_the_factors():
    """The page holds the same text, and names what is covered and what is not."""
    page = PAGE.read_text(encoding="utf-8")
    assert f"```python\n{RECIPE}```" in page
    held, _, loose = page.partition("**Not held**")
    assert all(one.name in (held if one.covered else loose) for one in FACTORS)


def test_price():
    """The price is said in times and milliseconds, of this function on this machine."""
    calls = []
    said = price(lambda: calls.append(torch.are_deterministic_algorithms_enabled()), runs=2)
    assert calls == [True, False] * 3
    assert said.startswith("Inside deterministic a run takes here ") and "medians of 2." in said


def test_price_says_nothing_for_each_run(monkeypatch, recwarn):
    """That CUDA runs already is not said once for every run that is timed."""
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr("workbook.recipe.cost._seconds", lambda function: 1.0)
    assert "1.00 times" in price(lambda: None, runs=2)
    assert [one for one in recwarn if "CUDA runs already" in str(one.message)] == []


@pytest.mark.parametrize("runs", [0, 1.5, True])
def test_price_rejects(runs):
    """The number of runs is a whole number from 1."""
    with pytest.raises(ValueError, match="runs must be a whole number from 1, got"):
        price(lambda: None, runs=runs)


def test_it_is_handed_on():
    """`workbook.deterministic` is the same block, and loads nothing of the notebooks."""
    assert workbook.deterministic is deterministic
