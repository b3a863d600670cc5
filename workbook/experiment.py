"""Experiments: a named question, its controls, and the function that measures the answer.

Owns running, sweeping, and finding what was recorded in place of a run. Knows nothing of figures or
widgets. An experiment changes one condition, its `factor`, and holds everything else still; it runs
on one thread unless threads are its subject.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from workbook import devices
from workbook.conditions import Conditions
from workbook.control import Control
from workbook.devices import DeviceUnavailable, device
from workbook.result import Finding, Result

if TYPE_CHECKING:
    from workbook.recording import Recording

__all__ = ["Experiment", "run", "sweep"]

CONDITION_NAMES = frozenset(each.name for each in fields(Conditions))
OPENING_CONDITIONS = Conditions(device="cpu", threads=1, seed=0)


@dataclass(frozen=True)
class Experiment:
    """A question, the one condition that changes, and a pure function that measures.

    `measure(where, *, ...)` gets the conditions in force and, by keyword, each control that is not
    itself a condition. It is a module-level function, so that an experiment can be sent to another
    process. `fixed` are conditions that differ from one thread, seed 0, on the CPU. `recorded` are
    settings that a recording starts from in place of the opening ones: more repeats, say. `unmoved`
    says of a control that changes nothing why just that is a finding; any other control changes
    what is measured. Raises ValueError where two controls share a name, where a recorded setting is
    not allowed, and where `unmoved` names no control or is no sentence.

    >>> from workbook.causes.precision import SIX_NUMBERS
    >>> SIX_NUMBERS.factor, sorted(SIX_NUMBERS.opening)
    ('reduction order', ['device', 'dtype'])
    """

    name: str
    question: str
    factor: str
    controls: tuple[Control, ...]
    measure: Callable[..., Finding]
    fixed: Conditions = OPENING_CONDITIONS
    recorded: Mapping[str, Any] = field(default_factory=dict, hash=False)
    unmoved: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        names = [control.name for control in self.controls]
        if len(set(names)) != len(names):
            raise ValueError(f"each control has a name of its own, got {', '.join(names)}")
        self.checked(dict(self.recorded))
        for name, why in self.unmoved.items():
            self.control(name)
            if not why.endswith("."):
                raise ValueError(f"unmoved says why in a sentence, got {why!r} for {name}")

    @property
    def opening(self) -> dict[str, Any]:
        """The opening value of every control, by name."""
        return {control.name: control.opening for control in self.controls}

    def control(self, name: str) -> Control:
        """Give the control of that name; ValueError lists the names."""
        for control in self.controls:
            if control.name == name:
                return control
        known = ", ".join(self.opening) or "none"
        raise ValueError(f"{self.name} has these controls: {known}; got {name!r}")

    def checked(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Give all settings, each checked: the opening ones with `settings` in their place."""
        checked = {name: self.control(name).check(value) for name, value in settings.items()}
        return {**self.opening, **checked}


def run(experiment: Experiment, /, **settings: Any) -> Result:
    """Measure once and say where.

    `settings` replace the controls' opening values. ValueError or TypeError for a value that a
    control does not allow, DeviceUnavailable for an absent device; nothing stays switched.

    >>> from workbook.causes.precision import SIX_NUMBERS
    >>> run(SIX_NUMBERS).verdict
    'The same six numbers give more than one sum: only their order changed.'
    """
    checked = experiment.checked(settings)
    switches = {name: value for name, value in checked.items() if name in CONDITION_NAMES}
    others = {name: value for name, value in checked.items() if name not in CONDITION_NAMES}
    where = experiment.fixed.replace(**switches)
    with where:
        finding = experiment.measure(where, **others)
        provenance = devices.machine()
    return Result(
        experiment=experiment.name,
        question=experiment.question,
        settings=checked,
        finding=finding,
        conditions=where,
        provenance=provenance,
        source="SIMULATED" if where.device == "simulated" else "LIVE",
    )


def recall(experiment: Experiment, /, **settings: Any) -> Result:
    """Measure here, or where the settings' device is absent or too few, find what was recorded.

    Away from the CPU a recording's settings (`experiment.recorded`) stand for the opening ones.
    `device` may also be a recording's title: then that one is read, whatever is here. ValueError
    where it was made at other settings, DeviceUnavailable where there is neither the device nor a
    recording.
    """
    from workbook.recording import recorded  # most runs recall nothing

    place = settings.get("device", "cpu")
    for recording in recorded(experiment.name):
        if recording.title == place:
            others = {name: value for name, value in settings.items() if name != "device"}
            return _shown_today(experiment, recording, experiment.checked(others))
    if place != "cpu":
        settings = {**experiment.recorded, **settings}
    absent = device(place).absent()
    if absent is None:
        try:
            return run(experiment, **settings)
        except DeviceUnavailable as error:  # it takes more of them than there are
            absent = str(error)
    wanted = experiment.checked(settings)
    why = "There is no recording of this experiment either."
    for recording in recorded(experiment.name):
        if recording.provenance["device"] == place:
            try:
                return _shown_today(experiment, recording, wanted)
            except ValueError as error:
                why = f"{error}."
    raise DeviceUnavailable(f"{absent} {why}")


def _shown_today(
    experiment: Experiment, recording: "Recording", settings: Mapping[str, Any]
) -> Result:
    """Find a recorded result, and give it the experiment's question and controls of today.

    So what is read from a recording and what is measured on its device differ in measurements.
    ValueError where it was recorded at other settings.
    """
    result = recording.find(experiment.name, settings)
    names = {"device", *(control.name for control in experiment.controls)}
    kept = {name: value for name, value in result.settings.items() if name in names}
    return replace(result, question=experiment.question, settings=kept)


def sweep(
    experiment: Experiment,
    control: str,
    values: Sequence[Any] | None = None,
    /,
    *,
    executor: Executor | str | None = None,
    **settings: Any,
) -> tuple[Result, ...]:
    """Measure once for each value of one control, in order.

    `values` are the control's own unless given. `executor` is any concurrent.futures.Executor,
    such as a process pool, or the address of a Dask cluster (extra `fleet`); without one the runs
    follow one another.
    ValueError before anything runs if any value is not allowed or `control` is also a setting.

    >>> from workbook.causes.precision import SIX_NUMBERS
    >>> [result.settings["dtype"] for result in sweep(SIX_NUMBERS, "dtype", ["float64", "float32"])]
    ['float64', 'float32']
    """
    if control in settings:
        raise ValueError(f"a sweep sets {control} itself, got {control}={settings[control]!r} too")
    swept = experiment.control(control)
    points = [swept.check(value) for value in (swept.values() if values is None else values)]
    experiment.checked(settings)
    if executor is None:
        return tuple(run(experiment, **settings, **{control: point}) for point in points)
    if isinstance(executor, str):
        from workbook import cluster

        with cluster.executor(executor) as workers:
            return sweep(experiment, control, points, executor=workers, **settings)
    futures = [executor.submit(run, experiment, **settings, **{control: p}) for p in points]
    return tuple(future.result() for future in futures)
