"""What a case keeps from its reader decides it: another file, and another suspect is guilty."""

from typing import Any

import pytest
import torch

from tests.causes.stored import LAYERS, MADE, SETTINGS, rows
from workbook import causes
from workbook.causes.another_run import BEST_WEIGHTS
from workbook.causes.eval_mode import BATCH_SIZE, judge
from workbook.causes.linear_init import PASSES_ALONE
from workbook.causes.temperature_zero import COMPANY, served
from workbook.causes.why_nan import LOST_WEIGHTS
from workbook.causes.your_own_program import LOGGED_TRAINING, UNSTEADY_SCORES
from workbook.question.case import Case
from workbook.question.trying import tried


def _rows(**changes: Any) -> tuple[torch.Tensor, ...]:
    """Give the rows of chapter 08 with known words, and with these places written over."""
    words, labels, features = rows()
    words[2, :3] = torch.tensor([6, 2, 2])
    for name, (place, value) in changes.items():
        {"words": words, "features": features}[name][place] = value
    return words, labels, features


def _layers(number: int) -> list[tuple[Any, ...]]:
    """Give the layers of chapter 04, of which torch is not told of this one."""
    return [(kind, n != number, *sizes) for n, (kind, _, *sizes) in enumerate(LAYERS)]


def _set(name: str, **changes: Any) -> dict[str, Any]:
    """Give the settings of a case with these changes; a key's spaces are typed as underscores."""
    return SETTINGS[name] | {key.replace("_", " "): value for key, value in changes.items()}


TESTS, WEIGHTS, SCORES, REPORT = list(SETTINGS)[:4]
OTHERS = (
    (BATCH_SIZE, "dropout", _layers(3)),
    (LOST_WEIGHTS, "masked", _rows(words=((2, slice(None)), 0))),
    (LOST_WEIGHTS, "spread", _rows(features=((slice(None), 1), 24.0))),
    (LOST_WEIGHTS, "data", _rows(features=((1, 0), torch.nan))),
    (COMPANY, "masking", torch.tensor([False, True, False, False])),
    (COMPANY, "neighbors", torch.tensor([True, True, True, False])),
    (COMPANY, "draws", torch.tensor([True, True, False, True])),
    (PASSES_ALONE, "shift", _set(TESTS, light="torch's")),
    (PASSES_ALONE, "numpy", _set(TESTS, light="new", global_NumPy=True)),
    (PASSES_ALONE, "written", _set(TESTS, light="new", in_place=True)),
    (PASSES_ALONE, "cached", _set(TESTS, light="new", one_model=True)),
    (BEST_WEIGHTS, "mode", _set(WEIGHTS, copied=True, scored_in_training=True)),
    (BEST_WEIGHTS, "shuffle", _set(WEIGHTS, copied=True, scored_rows=8)),
    (BEST_WEIGHTS, "half", _set(WEIGHTS, copied=True, format="bfloat16")),
    (BEST_WEIGHTS, "chance", _set(WEIGHTS, copied=True, left_out="0")),
    (UNSTEADY_SCORES, "random-numbers", _set(SCORES, dropout=0.0, jitter_seeded=False)),
    (UNSTEADY_SCORES, "module-state", _set(SCORES, dropout=0.0, running_mean=True)),
    (LOGGED_TRAINING, "module-state", _set(REPORT, drawn=False, training_goes_on=False)),
    (LOGGED_TRAINING, "input-mutated", _set(REPORT, drawn=False, in_place=True)),
    (LOGGED_TRAINING, "gradient-accumulation", _set(REPORT, drawn=False, slopes=True)),
)


@pytest.mark.parametrize("name", MADE)
def test_a_file_holds_what_is_made(name: str) -> None:
    """Values, formats and the order in memory are those that the case was written for."""
    kept, made = ([each] if isinstance(each, torch.Tensor) else list(each)
                  for each in (causes.stored(name), MADE[name]()))  # fmt: skip
    for one, other in zip(kept, made, strict=True):
        if not isinstance(one, torch.Tensor):
            assert one == other
            continue
        assert one.stride() == other.stride()
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("case", "culprit", "file"), OTHERS, ids=[each[1] for each in OTHERS])
def test_with_another_file_another_suspect_is_guilty(
    case: Case, culprit: str, file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each trial shows what is foretold for that suspect, so the program does not give one away."""
    for module in (causes, judge, served):
        monkeypatch.setattr(module, "stored", lambda _: file)
    foretold = [culprit in trial.removes for trial in case.trials]
    assert [found.went for found in tried(case, case.trials)] == foretold
