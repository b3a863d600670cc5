"""The chapter on a device that is not the CPU: `privateuseone:0`, as torch-directml has it.

A stand-in for torch_directml makes the device, in a child process, because registering a backend
cannot be undone. See tests/directml_device.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch.utils.backend_registration

from workbook.causes import directml, every
from workbook.experiment import Experiment, run
from workbook.question import Prediction

ROOT = Path(__file__).parents[3]
STAND_IN = ROOT / "tests" / "directml_device"
WITH_DEVICE = [each for each in every(Experiment, directml) if "device" in each.opening]

pytestmark = [
    pytest.mark.uncounted,
    pytest.mark.skipif(
        not hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend"),
        reason="this torch cannot have a device written in Python; 2.13 can",
    ),
]


@pytest.fixture(scope="module")
def told():
    """What the chapter measured on the stand-in."""
    child = subprocess.run(
        [sys.executable, str(STAND_IN / "chapter.py")],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(STAND_IN)])},
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    return json.loads(child.stdout.splitlines()[-1])


def test_every_setting_runs_there_or_is_refused_in_a_sentence(told):
    """Each value of each control computes on the device, or the device's formats are named."""
    for name, found in told["experiments"].items():
        if "refused" in found:
            assert name == "nine_ways dtype=float64"
            assert found["refused"].startswith("dtype on directml must be one of float32, float16")
        else:
            assert found["calls"] > 0, name
            assert found["source"] == "LIVE", name
            assert "directml: Stand-in adapter" in found["where"], name


@pytest.mark.parametrize("experiment", WITH_DEVICE, ids=lambda each: each.name)
def test_the_notebooks_text_holds_there(told, experiment):
    """At the opening settings the verdict on the device is the one on the simulated accelerator."""
    assert told["experiments"][experiment.name]["verdict"] == run(experiment).verdict


def test_float64_is_refused_there(told):
    """A device without float64 refuses every operation, and float32 is as fine as on the CPU."""
    values = told["experiments"]["empirical_epsilon"]["values"]
    for name in ("copy", "a + b", "a * b", "sum", "matmul"):
        assert values[f"float64 device {name}"] == "refused"
        assert values[f"float32 device {name}"] == torch.finfo(torch.float32).eps


def test_a_difference_is_shown(told):
    """The stand-in computes as the simulated accelerator: as many numbers differ from the CPU's."""
    for operation in ("matrix product", "gradient of a product"):
        values = told["experiments"][f"same_inputs operation={operation}"]["values"]
        expected = run(directml.SAME_INPUTS, device="simulated", operation=operation)
        assert values["differing"] == expected.finding.values["differing"]


def test_the_predictions_are_measured_there(told):
    """Every prediction has an answer, and the chapter chose this device for it."""
    assert told["nearest"] == "directml"
    assert set(told["answers"]) == {each.name for each in every(Prediction, directml)}


def test_the_notebook_runs_there(told):
    """The notebook's source opens its explorers on the device and computes there."""
    assert told["notebook"]["there"] == "directml"
    assert told["notebook"]["calls"] > 100


def test_the_chapter_can_be_recorded_there(told):
    """The command on the page records every experiment of the chapter that has a device."""
    assert told["recording"]["experiments"] == sorted(each.name for each in WITH_DEVICE)
    assert told["recording"]["title"].startswith("Stand-in adapter, ")


def test_the_fingerprint_has_the_device(told):
    """Its product has the bits of the accelerator that the stand-in computes with."""
    bits = told["bits"]
    assert bits["matmul on directml"] == bits["matmul on simulated"]
    assert bits["rand on directml"] == bits["rand on cpu"]
    assert told["facts"]["directml"] == "Stand-in adapter"
