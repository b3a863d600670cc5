"""Run the chapter on the device that the stand-in for torch_directml makes, and print what came.

A child process runs this with the stand-in's folder on PYTHONPATH; the last line is JSON.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import torch_directml  # the stand-in beside this file

from workbook.causes import directml, every
from workbook.control import Choice
from workbook.devices import directml as adapters
from workbook.devices import machine
from workbook.experiment import Experiment, run
from workbook.fingerprint import take
from workbook.question import Prediction
from workbook.recorder import record
from workbook.recording import Recording

adapters.TIME_LIMIT = 86_400  # a day: what is tested here is the device, not a busy machine
NOTEBOOK = Path(__file__).parents[2] / "chapters" / "src" / "07_directml.py"


def measured() -> dict[str, Any]:
    """Run every experiment that offers the device: each choice, and the ends of each range."""
    found: dict[str, Any] = {}
    for each in every(Experiment, directml):
        if "device" not in each.opening:
            continue
        _note(found, each, {})
        for control in each.controls:
            if control.name != "device":
                values = control.values()
                ends = values if isinstance(control, Choice) else (values[0], values[-1])
                for value in ends:
                    _note(found, each, {control.name: value})
    return found


def _note(found: dict[str, Any], each: Any, settings: dict[str, Any]) -> None:
    key = " ".join([each.name, *(f"{name}={value}" for name, value in settings.items())])
    before = len(torch_directml.CALLS)
    try:
        result = run(each, device="directml", **settings)
    except ValueError as error:
        found[key] = {"refused": str(error)}
        return
    found[key] = {
        "verdict": result.verdict,
        "source": result.source,
        "where": result.where,
        "values": dict(result.finding.values),
        "calls": len(torch_directml.CALLS) - before,
    }


def _recorded() -> dict[str, Any]:
    """Record the chapter as its page says, and read the recording back."""
    offered = [each for each in every(Experiment, directml) if "device" in each.opening]
    made = json.dumps(record(offered, "directml").to_json(), allow_nan=False)
    back = Recording.from_json(json.loads(made))
    names = sorted({each.experiment for each in back.results})
    return {"title": back.title, "experiments": names}


def main() -> None:
    """Measure, ask, run the notebook, and print."""
    answers = {each.name: each.measured().text for each in every(Prediction, directml)}
    told = {
        "nearest": directml.nearest(),
        "experiments": measured(),
        "answers": answers,
        "facts": machine(),
        "bits": dict(take().bits),
    }
    told["recording"] = _recorded()
    before = len(torch_directml.CALLS)
    names = runpy.run_path(str(NOTEBOOK))
    calls = len(torch_directml.CALLS) - before
    told["notebook"] = {"there": names["without_float64"], "calls": calls}
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
