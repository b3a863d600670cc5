"""The cases of every chapter: what was foreseen for each trial is what happens when it is run."""

import itertools

import pytest

from tests.causes.chapters import CASES
from workbook.question.case import Case, standing
from workbook.question.trying import tried
from workbook.recording import recordings

RECORDED = [case for case in CASES if any(trial.recorded for trial in case.trials)]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[int, bool]]:
    """What each trial of each case shows here: True where the difference went."""
    return {
        case.name: {n: found.went for n, found in enumerate(tried(case, case.trials))}
        for case in CASES
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_trial_shows_what_the_culprit_foretells(case: Case, outcomes) -> None:
    """The difference goes in those trials that are said to take the culprit's away."""
    for number, trial in enumerate(case.trials):
        assert outcomes[case.name][number] == (case.culprit in trial.removes), trial.title


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_budget_is_enough_and_matters(case: Case, outcomes) -> None:
    """Some choice of trials within the budget leaves the culprit alone, and some does not."""
    left = {
        len(standing(case, {n: outcomes[case.name][n] for n in chosen}))
        for chosen in itertools.combinations(range(len(case.trials)), case.budget)
    }
    assert min(left) == 1 < max(left)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_trial_solves_a_case_by_itself(case: Case, outcomes) -> None:
    """A plan is needed: whichever trial is run first, it leaves two suspects or more."""
    for number, went in outcomes[case.name].items():
        assert len(standing(case, {number: went})) > 1, case.trials[number].title


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_a_recorded_case_says_where_it_was_recorded(case: Case) -> None:
    """All trials of such a case are recorded, and its story names the hardware and the torch."""
    assert all(trial.recorded for trial in (case.symptom, *case.trials))
    facts = [each.provenance for each in recordings()]
    told = [f"RECORDED on an {f['cuda']} with torch {f['torch'].split('+')[0]}" for f in facts]
    assert any(words in case.story for words in told)
