"""Running statistics that move."""

import numpy as np
import pytest
import torch
from torch import nn

from workbook.causes.eval_mode.running import EVAL, FEATURES, ROWS, RUNNING_STATISTICS
from workbook.conditions import Conditions
from workbook.experiment import run


@pytest.mark.parametrize("momentum", [0.01, 0.5])
@pytest.mark.parametrize("statistic", ["running_mean", "running_var"])
def test_a_pass_is_a_step_of_a_moving_average(statistic: str, momentum: float) -> None:
    """NumPy's moving average of means and of variances over n - 1 ends where the layer does."""
    with Conditions(seed=2, threads=1):
        data = (3 + torch.rand(24, ROWS, FEATURES)).double().numpy()
    average = 0.0 if statistic == "running_mean" else 1.0
    for batch in data[:, :, 0]:
        new = batch.mean() if statistic == "running_mean" else np.var(batch, ddof=1)
        average = (1 - momentum) * average + momentum * new
    settings = {"statistic": statistic, "momentum": momentum, "passes": 24, "seed": 2}
    values = run(RUNNING_STATISTICS, **settings).finding.values
    assert values["last"] == pytest.approx(average, rel=1e-5)


def test_only_evaluation_mode_holds_the_statistics() -> None:
    """Grad modes change neither that they move nor a bit of how; evaluation mode holds them."""
    values = run(RUNNING_STATISTICS).finding.values
    assert values["alike"] is True
    assert EVAL not in values["moved"] and len(values["moved"]) == 3


def test_statistics_that_stay_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no pass moved anything, the verdict would say so."""
    monkeypatch.setattr(nn.BatchNorm1d, "forward", lambda self, x: x)
    assert run(RUNNING_STATISTICS).verdict.endswith("none of these.")
