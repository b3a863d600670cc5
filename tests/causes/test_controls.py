"""Every value of a control works, and no control is for show.

Each one changes what is measured or drawn, or says why nothing does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.causes.chapters import EXPERIMENTS, opened
from workbook.causes.cudnn import series
from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import (
    Choice,
    Control,
    DeviceChoice,
    Dtype,
    Integer,
    LogRange,
    Seed,
    Toggle,
)
from workbook.devices import DeviceUnavailable
from workbook.experiment import Experiment, run
from workbook.recording import recorded
from workbook.result import Finding, Result

pytestmark = pytest.mark.uncounted

# Words that may repeat a setting without having measured anything.
LABELS = {"label", "title", "columns", "rows", "legend", "ticks", "low", "high", "log", "reading"}
CONTROLS = [
    pytest.param((each, control), id=f"{each.name}-{control.name}")
    for each in EXPERIMENTS
    for control in each.controls
]
Facts = dict[str, Any]


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and text of a finding with the way to it, but for labels."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name not in LABELS:
                yield from leaves(value, f"{path}/{name}")
    elif isinstance(data, (list, tuple)):
        yield f"{path}/length", len(data)
        for place, value in enumerate(data):
            yield from leaves(value, f"{path}/{place}")
    else:
        yield path, data


def told(result: Result) -> Facts:
    """What a result says and draws, flat."""
    data = result.to_json()
    return dict(
        leaves({name: data[name] for name in ("verdict", "values", "comparisons", "chart")})
    )


def ran(experiment: Experiment, settings: dict[str, Any]) -> Result | DeviceUnavailable:
    """Give what a new run gives, or why its device is absent."""
    series.forget()
    try:
        return run(experiment, **settings)
    except DeviceUnavailable as absent:
        return absent


def facts(result: Result | DeviceUnavailable) -> Facts | None:
    """What a result says; None where its device is absent."""
    return told(result) if isinstance(result, Result) else None


def measured(experiment: Experiment, settings: dict[str, Any]) -> Facts | None:
    """What a run says, afresh; None where its device is absent."""
    return facts(ran(experiment, settings))


def differing(before: Facts, after: Facts) -> set[str]:
    """Where two runs say something else."""
    return {path for path in before.keys() & after.keys() if before[path] != after[path]} | {
        path for path in before.keys() ^ after.keys() if path.endswith("/length")
    }


def ends(experiment: Experiment, control: Control) -> list[Any]:
    """The first and the last value of what is shown on a slider, and all of a few names.

    A length at which a device is recorded, or a longer one, takes a CPU seconds; the shortest of
    them stands for them where there is no shorter one.
    """
    recorded = experiment.recorded.get(control.name, math.inf)
    values = [value for value in control.values() if isinstance(value, str) or value < recorded]
    if values == [control.opening]:
        values = list(control.values())[:2]
    slider = isinstance(control, (Integer, LogRange, Seed))
    slider |= isinstance(control, Choice) and control.ordered
    return list(dict.fromkeys((values[0], values[-1]))) if slider else values


def other_values(experiment: Experiment, control: Control) -> list[Any]:
    """Every value that the control offers but the one it opens with, the ends first."""
    values = dict.fromkeys((*ends(experiment, control), *control.values()))
    return [value for value in values if value != control.opening]


def between(experiment: Experiment, control: Control) -> list[Any]:
    """Every value of a range but its ends and the one it opens with."""
    first = ends(experiment, control)
    return [value for value in other_values(experiment, control) if value not in first]


def changes(
    experiment: Experiment,
    control: Control,
    others: dict[str, Any],
    known: dict[Any, Result | DeviceUnavailable] | None = None,
) -> set[str]:
    """What some value of the control changes where the others stand so.

    A time, or the outcome of a race, differs from run to run: what counts says the same twice on
    both sides. `known` has runs that were made before, by the control's value.
    """
    here = {**experiment.opening, **others}
    before = measured(experiment, here) if others else told(opened(experiment))
    if before is None:
        return set()
    for value in other_values(experiment, control):
        there = {**here, control.name: value}
        made = (known or {}).get(value)
        after = measured(experiment, there) if made is None else facts(made)
        if after is None or not (paths := differing(before, after)):
            continue
        again = [measured(experiment, settings) or {} for settings in (here, there)]
        noise = differing(before, again[0]) | differing(after, again[1])
        if paths - noise:
            return {path.split("/")[1] for path in paths - noise}
    return set()


def elsewhere(experiment: Experiment, control: Control) -> bool:
    """Whether two recordings that differ in this control alone say different things.

    For the device, whether a recording says something else than this CPU.
    """
    for recording in recorded(experiment.name):
        mine = [each for each in recording.results if each.experiment == experiment.name]
        if control.name == "device":
            some = mine[:1] if experiment.recorded else mine
            return any(unlike_here(experiment, each) for each in some)
        seen: dict[str, Facts] = {}
        for each in mine:
            key = repr(sorted({**each.settings, control.name: None}.items(), key=str))
            if key in seen and differing(seen[key], told(each)):
                return True
            seen.setdefault(key, told(each))
    return False


def unlike_here(experiment: Experiment, result: Result) -> set[str]:
    """Where a recording says something else than a run on this CPU at its settings.

    A recording repeats and trains for longer. So a shorter run comes first, of which words and
    kinds of cells count, as they hold for any number of repeats.
    """
    known = {k: v for k, v in result.settings.items() if k in experiment.opening}
    known["device"] = "cpu"
    if experiment.recorded:
        shorter = {name: experiment.opening[name] for name in experiment.recorded}
        after = measured(experiment, {**known, **shorter}) or {}
        words = {p for p in differing(told(result), after) if p == "/verdict" or "/kinds/" in p}
        if words:
            return words
    return differing(told(result), measured(experiment, known) or {})


def moved(
    experiment: Experiment,
    control: Control,
    known: dict[Any, Result | DeviceUnavailable] | None = None,
) -> bool:
    """Whether the control changes something: recorded, as it opens, or with one more choice."""
    if elsewhere(experiment, control) or changes(experiment, control, {}, known):
        return True
    return any(
        changes(experiment, control, {other.name: value})
        for other in experiment.controls
        if other != control and isinstance(other, (Choice, Toggle))
        for value in other.values()
        if value != other.opening
    )


@dataclass(frozen=True)
class Tried:
    """A control of an experiment, and runs with its values."""

    experiment: Experiment
    control: Control
    runs: dict[Any, Result | DeviceUnavailable]


@pytest.fixture(scope="module", params=CONTROLS)
def tried(request: pytest.FixtureRequest) -> Tried:
    """A control whose names, or the ends of its range, were each run once for all tests of it."""
    experiment, control = request.param
    values = [value for value in ends(experiment, control) if value != control.opening]
    runs = {value: ran(experiment, {control.name: value}) for value in values}
    return Tried(experiment, control, runs)


def works(tried: Tried) -> None:
    """Each value gives a result; an absent device is refused with its reason."""
    for value, result in tried.runs.items():
        if isinstance(result, DeviceUnavailable):
            assert isinstance(tried.control, DeviceChoice)
            assert str(result).strip()
            continue
        assert result.settings[tried.control.name] == value
        device = result.settings.get("device", tried.experiment.fixed.device)
        assert result.source == ("SIMULATED" if device == "simulated" else "LIVE")


def test_every_name_and_both_ends_of_a_range_work(tried: Tried) -> None:
    """What can fail at a setting fails at a name, or where a range is widest."""
    works(tried)


@pytest.mark.further
@pytest.mark.parametrize("row", [each for each in CONTROLS if between(*each.values[0])])
def test_every_value_between_works(row: tuple[Experiment, Control]) -> None:
    """So does each value that a slider has between its ends."""
    experiment, control = row
    values = between(experiment, control)
    works(Tried(experiment, control, {v: ran(experiment, {control.name: v}) for v in values}))


def test_a_control_changes_what_is_measured_or_says_why_not(tried: Tried) -> None:
    """It changes a number, a word or a mark, not only labels; or it declares that it does not.

    What is declared is held: then no value of it changes anything, as the experiment opens.
    """
    if tried.control.name in tried.experiment.unmoved:
        assert not changes(tried.experiment, tried.control, {}, tried.runs)
    else:
        assert moved(tried.experiment, tried.control, tried.runs)


def ignoring(where: Conditions, *, size: int) -> Finding:
    """Measure the same whatever the dtype is, and name it nonetheless."""
    y = Axis(f"in {where.dtype}", 0, 10)
    chart = Chart((Panel(Axis("x", 0, size), y, (Series(f"{where.dtype}", size, 1, "points"),)),))
    return Finding("The size was drawn.", f"in {where.dtype}", chart, {"size": size})


EXAMPLE = Experiment(
    "ignoring", "Does the dtype matter?", "size", (Dtype(), Integer("size", 2, 1, 5)), ignoring
)


def test_a_control_for_show_is_found() -> None:
    """A dtype that only labels repeat changes nothing; a size that is drawn does."""
    assert not moved(EXAMPLE, EXAMPLE.controls[0])
    assert changes(EXAMPLE, EXAMPLE.controls[1], {}) == {"chart", "values"}


def test_a_declaration_that_does_not_hold_is_found() -> None:
    """To say of the size that it changes nothing does not help it."""
    example = replace(EXAMPLE, unmoved={"size": "Nothing is drawn."})
    size = example.controls[1]
    runs = {value: ran(example, {size.name: value}) for value in other_values(example, size)}
    with pytest.raises(AssertionError):
        test_a_control_changes_what_is_measured_or_says_why_not(Tried(example, size, runs))


@pytest.mark.parametrize(
    ("unmoved", "words"),
    [({"weather": "It rains."}, "has these controls"), ({"dtype": "no"}, "in a sentence")],
)
def test_a_declaration_names_a_control_and_says_why(unmoved: dict[str, str], words: str) -> None:
    """One that names no control, or is no sentence, is refused."""
    with pytest.raises(ValueError, match=words):
        replace(EXAMPLE, unmoved=unmoved)
