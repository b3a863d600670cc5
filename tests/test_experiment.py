"""Experiments: running, sweeping, and leaving everything as it was."""

import concurrent.futures
import importlib
import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from workbook.causes.another_run import WRAPPER
from workbook.causes.another_run.ranks import ranked
from workbook.causes.precision import MANY_NUMBERS, SIX_NUMBERS
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import Integer, Seed
from workbook.devices import DeviceUnavailable
from workbook.experiment import Experiment, recall, run, sweep
from workbook.recording import recorded
from workbook.result import Finding, Result


def drawn(where: Conditions, *, size: int) -> Finding:
    """Record what the generators and the thread count are during a measurement."""
    values = {"torch": torch.rand(size).tolist(), "threads": torch.get_num_threads()}
    values["numpy"], values["random"] = float(np.random.rand()), random.random()
    chart = Chart((Panel(Axis("x"), Axis("y"), (Series("s", (0.0,), (1.0,)),)),))
    if size == 13:
        raise RuntimeError("thirteen")
    return Finding("Drawn.", "", chart, values)


DRAWN = Experiment("drawn", "What is drawn?", "seed", (Seed(), Integer("size", 2, 1, 20)), drawn)


def test_one_seed_gives_one_result() -> None:
    """Two runs with one seed agree in every value; another seed differs in each generator."""
    first, again, other = run(DRAWN, seed=5), run(DRAWN, seed=5), run(DRAWN, seed=6)
    assert first.finding.values == again.finding.values
    for generator in ("torch", "numpy", "random"):
        assert first.finding.values[generator] != other.finding.values[generator]


def test_an_experiment_runs_on_one_thread() -> None:
    """Whatever the thread count outside, the measurement sees one."""
    assert run(DRAWN).finding.values["threads"] == 1


@pytest.mark.parametrize("size", [2, 13])
def test_a_run_leaves_generators_and_threads_alone(size: int) -> None:
    """After a run, and after one that raises, the next draws are those that would have come."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    threads = torch.get_num_threads()
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    try:
        run(DRAWN, size=size)
    except RuntimeError as error:
        assert size == 13 and str(error) == "thirteen"
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()
    assert random.getstate() == states[2]
    assert torch.get_num_threads() == threads


def test_a_result_goes_through_json_both_ways() -> None:
    """What json.dumps writes, from_json reads back equal, with the verdict and the comparisons."""
    result = run(SIX_NUMBERS)
    text = json.dumps(result.to_json(), allow_nan=False)
    assert Result.from_json(json.loads(text)) == result


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data.pop("chart"), "lacks 'chart'"),
        (lambda data: data.update(source="GUESSED"), "LIVE, RECORDED, SIMULATED, got 'GUESSED'"),
        (lambda data: data.update(comparisons=[3]), "this result is damaged"),
        (lambda data: data["chart"].update(panels=data["chart"]["panels"] * 3), "2 panels, got 3"),
    ],
)
def test_a_damaged_result_is_refused_in_a_sentence(damage: object, words: str) -> None:
    """A missing or changed part is a ValueError that names it."""
    data = run(DRAWN).to_json()
    damage(data)  # type: ignore[operator]
    with pytest.raises(ValueError, match=words):
        Result.from_json(data)


def test_a_sweep_is_the_runs_one_after_another() -> None:
    """Each point of a sweep equals the run with that value."""
    results = sweep(MANY_NUMBERS, "seed", [0, 3], size=100)
    assert [one.settings["seed"] for one in results] == [0, 3]
    assert results[1].finding == run(MANY_NUMBERS, seed=3, size=100).finding


def test_a_sweep_takes_a_process_pool() -> None:
    """Measured in other processes, the findings have the same bits."""
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        away = sweep(SIX_NUMBERS, "dtype", executor=pool)
    assert [one.finding for one in away] == [one.finding for one in sweep(SIX_NUMBERS, "dtype")]


def test_a_sweep_takes_a_dask_cluster() -> None:
    """Dask's own executor works as it is."""
    distributed = importlib.import_module("distributed")  # slow to import: only here
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(processes=False, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor(pure=False)
        away = sweep(SIX_NUMBERS, "dtype", ["float32"], executor=executor)
    assert away[0].finding == run(SIX_NUMBERS).finding


def test_a_sweep_checks_every_value_before_it_runs_any() -> None:
    """One bad value and nothing is measured."""
    with pytest.raises(ValueError, match="size is a whole number from 1 to 20, got 21"):
        sweep(DRAWN, "size", [2, 21])
    with pytest.raises(ValueError, match="a sweep sets size itself, got size=3 too"):
        sweep(DRAWN, "size", [2], size=3)


def test_an_unknown_control_lists_the_known_ones() -> None:
    """A name that no control has is a ValueError with the names."""
    with pytest.raises(ValueError, match="drawn has these controls: seed, size; got 'sizes'"):
        run(DRAWN, sizes=3)


def test_an_absent_device_is_refused_before_measuring() -> None:
    """A device that is not here raises DeviceUnavailable and says why."""
    absent = "cuda" if not torch.cuda.is_available() else "directml"
    with pytest.raises(DeviceUnavailable, match=r"\w+"):
        run(SIX_NUMBERS, device=absent)


def test_where_devices_are_too_few_the_recording_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """An experiment that takes two GPUs shows what was recorded on a machine that has one."""
    shown = recall(WRAPPER, device="cuda")

    class Present:
        """A device that is here."""

        def absent(self) -> None:
            """Nothing keeps it away."""

    monkeypatch.setattr("workbook.experiment.device", lambda name: Present())
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr("workbook.experiment.run", lambda *_, **__: ranked(2, print, "cuda"))
    again = recall(WRAPPER, device="cuda")
    assert again.source == "RECORDED" and again.verdict == shown.verdict


def test_a_recording_is_shown_with_todays_question_and_settings() -> None:
    """What was asked when it was recorded, and a control that is gone since, are not shown."""
    title = recorded(WRAPPER.name)[0].title  # read whatever device is here
    kept = recall(WRAPPER, device=title)
    buffers, device = WRAPPER.controls
    shown = recall(replace(WRAPPER, question="And today?", controls=(device,)), device=title)
    settings = {"device": kept.settings["device"]}
    assert shown == replace(kept, question="And today?", settings=settings)
    assert buffers.name in kept.settings
