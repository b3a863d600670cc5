"""What every chapter is held to, whatever it teaches."""

import json

import pytest

from tests.causes.chapters import CASES, CHAPTERS, EXERCISES, EXPERIMENTS, PREDICTIONS, opened
from tests.question.proof import prove
from workbook.experiment import Experiment, run
from workbook.question import Estimate, Exercise, Prediction
from workbook.result import Result


def named(row: Experiment | Prediction | Exercise) -> str:
    """The test's id."""
    return row.name


def test_names_are_unique() -> None:
    """No two experiments, predictions or exercises of the workbook share a name."""
    for rows in (EXPERIMENTS, PREDICTIONS, EXERCISES):
        names = [row.name for row in rows]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=named)
def test_an_experiment_says_the_same_twice(experiment: Experiment) -> None:
    """Run twice at its opening settings, the verdict's words are the same."""
    assert run(experiment).verdict == opened(experiment).verdict


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=named)
def test_a_result_survives_json(experiment: Experiment) -> None:
    """Written as strict JSON and read back, the result is equal."""
    result = opened(experiment)
    data = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert Result.from_json(data).to_json() == result.to_json()


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=named)
def test_each_wrong_option_teaches(prediction: Prediction | Estimate) -> None:
    """Three options or more, and whoever chose a wrong one hears what speaks against it."""
    if isinstance(prediction, Estimate):
        assert prediction.too_low and prediction.too_high != prediction.too_low
    else:
        assert prove(prediction) == []


@pytest.mark.parametrize("row", [*PREDICTIONS, *EXERCISES, *CASES], ids=named)
def test_a_constant_is_named_like_its_row(row: Prediction | Exercise) -> None:
    """What a reader has done is kept by a row's name, and a chapter's text has the constant's."""
    assert any(getattr(chapter, row.name.upper(), None) is row for chapter in CHAPTERS)


@pytest.mark.parametrize("exercise", EXERCISES, ids=named)
def test_an_exercise_knows_right_wrong_and_untouched(exercise: Exercise) -> None:
    """The solution passes, each foreseen wrong answer has its message, the stub is untouched."""
    assert prove(exercise) == []
