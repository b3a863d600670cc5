"""The recorder: runs what a device can decide and writes it down for readers without the device.

Owns the choice of experiments and settings, and the command `record`. The file format is
`recording`'s.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import workbook
from workbook import cluster, recording
from workbook.causes import experiments
from workbook.causes.cudnn import series
from workbook.control import Choice, DeviceChoice, Dtype, Toggle
from workbook.devices import DeviceUnavailable, device, machine
from workbook.experiment import Experiment, run
from workbook.recording import Recording, Session
from workbook.result import Result

Progress = Callable[[str], object]


def recordable(device_name: str) -> tuple[Experiment, ...]:
    """List every experiment of every chapter that offers this device."""
    return tuple(each for each in experiments().values() if device_name in _devices(each))


def record(
    chosen: Iterable[Experiment], device_name: str, progress: Progress = lambda _: None
) -> Recording:
    """Run each experiment on the device at its settings for recording and with one choice changed.

    A setting that the device refuses (a dtype it lacks, say) is reported and left out. Raises
    DeviceUnavailable if the device is absent.
    """
    device(device_name).torch_device()
    results: list[Result] = []
    for each in chosen:
        started = time.perf_counter()
        mine = list(_results(each, device_name, progress))
        results += mine
        progress(f"{each.name}: {len(mine)} results in {time.perf_counter() - started:.1f} s")
    now = datetime.datetime.now(datetime.timezone.utc)
    facts = {
        "date": now.date().isoformat(),
        "time": now.strftime("%H:%M:%S UTC"),
        "device": device_name,
        "workbook": workbook.__version__,
    }
    provenance = {**machine(), **facts}
    results = [replace(result, provenance=provenance) for result in results]
    made = tuple(run for run in series.runs() if run["conditions"]["device"] == device_name)
    return Recording(provenance, tuple(results), (Session(provenance, made),))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--device", required=True, help="the device to record, such as cuda")
    parser.add_argument("--only", metavar="NAME", help="one experiment, in place of all of them")
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="record on the workers of a Dask cluster that have the device (extra `fleet`)",
    )
    parser.add_argument("--folder", type=Path, default=recording.FOLDER, help="where to write")


def main(arguments: argparse.Namespace) -> int:
    """Record, write the file and print its path; give 2 for an absent device or unknown name."""
    try:
        chosen = _chosen(arguments.device, arguments.only)
        if arguments.dask:
            return _away(arguments)
        made = record(chosen, arguments.device, lambda line: sys.stderr.write(f"{line}\n"))
        path = arguments.folder / f"{made.name}.json"
        if arguments.only and path.exists():
            made = recording.merged(recording.load(path), made)
        written = recording.save(made, arguments.folder)
    except (DeviceUnavailable, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{len(made.results)} results in {written}\n")
    return 0


def _away(arguments: argparse.Namespace) -> int:
    """Record on the workers of a cluster; one file for each device and version of torch."""
    answers = cluster.ask(
        arguments.dask, _there, arguments.device, arguments.only, patience=_HOURS * 3600.0
    )
    for worker, why in answers.lost.items():
        sys.stderr.write(f"{worker}: {why}\n")
    made = [Recording.from_json(data) for data in answers.given.values() if data is not None]
    for each in {result.name: result for result in made}.values():
        written = recording.save(each, arguments.folder)
        sys.stdout.write(f"{len(each.results)} results in {written}\n")
    if not made:
        sys.stderr.write(f"no worker that answered has the device {arguments.device}\n")
    return 2 if answers.lost or not made else 0


_HOURS = 6  # a whole recording takes minutes on a GPU


def _there(device_name: str, only: str | None) -> dict[str, Any] | None:
    """Record on this worker, as plain data; None where it has no such device."""
    if device(device_name).absent() is not None:
        return None
    return record(_chosen(device_name, only), device_name).to_json()


def _chosen(device_name: str, only: str | None) -> tuple[Experiment, ...]:
    device(device_name)  # an unknown name is refused here, with the known ones
    every = recordable(device_name)
    chosen = tuple(each for each in every if only in (None, each.name))
    if not chosen:
        known = ", ".join(each.name for each in every) or "none"
        raise ValueError(f"--only is one of {known}; got {only}")
    return chosen


def _results(each: Experiment, device_name: str, progress: Progress) -> Iterator[Result]:
    for settings in _settings(each):
        try:
            yield run(each, **settings, device=device_name)
        except (ValueError, RuntimeError) as error:
            told = ", ".join(f"{name} = {value}" for name, value in settings.items())
            progress(f"{each.name} ({told or 'opening'}) left out: {error}")


def _settings(each: Experiment) -> Iterator[dict[str, Any]]:
    """Give the settings to start from, then every other value of each choice, one at a time."""
    start = dict(each.recorded)
    yield start
    for control in each.controls:
        if isinstance(control, (Choice, Dtype, Toggle)):
            usual = start.get(control.name, control.opening)
            others = [value for value in control.values() if value != usual]
            yield from ({**start, control.name: value} for value in others)


def _devices(experiment: Experiment) -> tuple[str, ...]:
    """List the devices that an experiment offers, none if it has no such control."""
    offered = [c.options for c in experiment.controls if isinstance(c, DeviceChoice)]
    return offered[0] if offered else ()
