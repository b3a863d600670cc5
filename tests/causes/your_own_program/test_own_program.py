"""Chapter 11's cases: what was foreseen for each trial is what happens when it is run."""

import subprocess
import sys

import pytest
import torch

from workbook.causes import every, your_own_program
from workbook.causes.your_own_program import UNSTEADY_SCORES
from workbook.diagnosis import CAUSES
from workbook.question import trying
from workbook.question.case import Case, Trial
from workbook.question.trying import tried


@pytest.mark.parametrize("case", every(Case, your_own_program), ids=lambda case: case.name)
def test_suspects_are_causes_of_the_diagnosis(case: Case) -> None:
    """Each suspect has a name that the tool could give, and all but the culprit an objection."""
    known = {cause.id for cause in CAUSES}
    for suspect in case.suspects:
        assert suspect.cause in known
        assert bool(suspect.not_it) == (suspect.cause != case.culprit)


def test_a_trial_leaves_nothing_switched() -> None:
    """Dtype, threads and generator are as before, though the trials change each of them."""
    before = torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state()
    tried(UNSTEADY_SCORES, UNSTEADY_SCORES.trials)
    assert torch.get_default_dtype() is before[0]
    assert torch.get_num_threads() == before[1]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_the_cure_of_the_reviews() -> None:
    """Python itself gives one order of the sorted words under any hash seed, as the lesson says."""
    code = "print(sorted({'warm', 'cold', 'dull', 'film'}))"
    told = {
        subprocess.check_output([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert len(told) == 1


def _case(**changes: object) -> Case:
    return Case(**{**vars(UNSTEADY_SCORES), **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"culprit": "compile"}, "the culprit must be a suspect, got 'compile'"),
        ({"trials": UNSTEADY_SCORES.trials[:1]}, "all trials together must leave one suspect"),
        (
            {"trials": (Trial("try", "", frozenset({"compile"})),)},
            "'try' must name suspects, got .'compile'.",
        ),
    ],
)
def test_a_case_that_cannot_be_solved_is_refused(changes, message) -> None:
    """A culprit who is no suspect, trials that clear too few, and unknown names."""
    with pytest.raises(ValueError, match=message):
        _case(**changes)


def test_a_fresh_process_that_fails_is_told() -> None:
    """The last line of its complaint is in the error."""
    child = subprocess.Popen(
        [sys.executable, "-c", "1 / 0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with pytest.raises(RuntimeError, match="the fresh process failed: ZeroDivisionError"):
        trying._results(child)
