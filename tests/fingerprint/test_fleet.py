"""A cluster asked: groups of workers by their bits, the facts that go with them, a lost worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from workbook import cluster, recorder
from workbook.__main__ import main
from workbook.experiment import sweep
from workbook.fingerprint.fleet import Fleet
from workbook.fingerprint.record import Fingerprint

ONE = Fingerprint("2026-01-02", {"torch": "1", "threads": "2", "cpu": "x"}, {"sum": "a", "mm": "b"})
OTHER = {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1", "MKL_CBWR": "COMPATIBLE"}
HERE = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive", "MKL_CBWR": "AUTO"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two workers, processes of which one is as on another machine."""
    distributed = pytest.importorskip("distributed")
    words = [sys.executable, "-m", "distributed.cli.dask_worker"]
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
    path = os.pathsep.join(filter(None, sys.path))
    uncounted = {k: v for k, v in os.environ.items() if k != "COVERAGE_PROCESS_CONFIG"}
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as local:
        workers = [
            subprocess.Popen(
                [*words, local.scheduler_address, *options, "--name", name],
                env={**uncounted, "PYTHONPATH": path, "WORKER_NAME": name, **variables},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for name, variables in (("here", HERE), ("there", OTHER))
        ]
        try:
            with distributed.Client(local, set_as_default=False) as client:
                client.wait_for_workers(2)
            yield local.scheduler_address
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def test_every_worker_is_asked(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The groups are the sets of workers with equal bits, whatever this CPU gives."""
    status = main(["fingerprint", "--dask", address, "--json"])
    told = json.loads(capsys.readouterr().out)
    facts = [one["facts"].get("MKL_CBWR") for one in told["workers"].values()]
    assert sorted(facts) == ["AUTO", "COMPATIBLE"]
    distinct = {json.dumps(one["bits"], sort_keys=True) for one in told["workers"].values()}
    assert len(told["groups"]) == len(distinct)
    assert (status, told["lost"]) == (int(len(distinct) > 1), {})


def test_a_sweep_takes_the_address(address: str) -> None:
    """Measured on the cluster, the findings have the bits that they have here."""
    from workbook.causes.precision import SIX_NUMBERS

    away = sweep(SIX_NUMBERS, "dtype", ["float64", "float32"], executor=address)
    here = sweep(SIX_NUMBERS, "dtype", ["float64", "float32"])
    assert [one.finding for one in away] == [one.finding for one in here]


def test_a_recording_is_made_where_the_device_is(
    address: str, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """Workers record the device that they have; where none has it, one sentence and status 2."""
    only = "same_inputs"
    words = ["record", "--device", "simulated", "--only", only, "--folder", str(tmp_path)]
    assert main([*words, "--dask", address]) == 0
    assert "results in" in capsys.readouterr().out
    if not recorder.device("cuda").absent():
        return
    assert main(["record", "--device", "cuda", "--folder", str(tmp_path), "--dask", address]) == 2
    assert "no worker that answered has the device cuda" in capsys.readouterr().err


def test_a_lost_worker_is_one_sentence(address: str) -> None:
    """The worker that ends is named, and the answer of the other one counts."""
    ending = "__import__('os').environ['WORKER_NAME'] == 'there' and __import__('os')._exit(1)"
    answers = cluster.ask(address, eval, ending)
    assert list(answers.given.values()) == [False]
    assert list(answers.lost.values()) == ["the cluster lost this worker before it answered"]


def test_a_worker_that_fails_or_takes_too_long_is_one_sentence(address: str) -> None:
    """An error there, a missing package there, and no answer in time."""
    for question, said in (
        ("1 / 0", "this worker failed: ZeroDivisionError: division by zero"),
        ("__import__('no_such')", "this worker lacks no_such: install the workbook there"),
        ("__import__('time').sleep(1)", "this worker gave no answer in time"),
    ):
        answers = cluster.ask(
            address, eval, question, patience=0.2 if "sleep" in question else None
        )
        assert set(answers.lost.values()) == {said}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at 'tcp://127.0.0.1:1' within 0.3 s"),
        ("rubbish", "a cluster's address looks like tcp://10.0.0.1:8786, got 'rubbish'"),
    ],
)
def test_an_address_that_nobody_answers_at_is_one_sentence(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and a line that says what an address is."""
    monkeypatch.setattr(cluster, "CONNECT", 0.3)
    assert main(["fingerprint", "--dask", address]) == 2
    assert capsys.readouterr().err.startswith(said)


def test_without_distributed_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has no Dask is told what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["fingerprint", "--dask", "tcp://10.0.0.1:8786"]) == 2
    assert "python -m pip install '.[fleet]'" in capsys.readouterr().err


def test_files_and_clusters_are_not_mixed(capsys: pytest.CaptureFixture[str]) -> None:
    """A comparison with a file is of one machine."""
    assert main(["fingerprint", "--dask", "tcp://10.0.0.1:8786", "--compare", "x.json"]) == 2
    assert "it takes --json, no --save or --compare" in capsys.readouterr().err


def test_a_fact_goes_with_the_bits_only_where_it_is_constant_in_a_group() -> None:
    """Of three facts that differ, one goes with the groups, and one differs inside of a group."""
    taken = {
        "a": ONE,
        "b": replace(ONE, facts={**ONE.facts, "threads": "4"}),
        "c": replace(ONE, facts={**ONE.facts, "cpu": "y", "threads": "8"}, bits={"sum": "z"}),
    }
    text = Fleet(taken, {}).text()
    assert text.splitlines() == [
        "3 workers, 2 groups by their bits",
        "group 1: a, b",
        "group 2: c",
        "  checks with other bits than group 1: sum",
        "  checks that only one of the two has: mm",
        "  goes with it: cpu: x -> y",
        "differs inside a group, with the same bits: threads",
    ]


def test_where_no_fact_goes_with_the_bits_it_is_said() -> None:
    """Equal facts and other bits: something is missing among the facts."""
    taken = {"a": ONE, "b": replace(ONE, bits={"sum": "z", "mm": "b"})}
    assert "goes with it: no fact; something is missing among them" in Fleet(taken, {}).text()
    assert Fleet({"a": ONE}, {}).text().startswith("1 worker, all with the same bits")
