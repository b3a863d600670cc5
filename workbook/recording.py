"""Recordings: results measured on hardware that a reader may not have, as JSON files.

A file is of one machine and holds the sessions in which it was recorded: each with its provenance
and the runs that it made of each operation, so that counts of several sessions can be added up.
Owns the file format, its checks on reading, and finding a recorded result. Knows nothing of how an
experiment runs: results arrive finished. Recordings are data; nothing in them is executed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from workbook.result import Result

FOLDER = Path(__file__).parent / "recordings"
FORMAT = "workbook-recording"
VERSION = 2
FACTS = ("date", "device", "torch", "workbook")
OWN = ("date", "time", "workbook", "cuda_driver")
"""Facts in which sessions of one file may differ."""

_RUN = {"operation": str, "operands": str, "conditions": dict, "other": int, "repeats": int}


@dataclass(frozen=True)
class Session:
    """One process that recorded: its provenance, and its runs of operations.

    `provenance` holds at least the date (ISO), the device's name here (such as `cuda`), and the
    versions of torch and of this package; devices.machine() gives the rest. Each of `runs` names an
    operation, its operands and the conditions, and says how many of `repeats` runs after the first
    had `other` bits. ValueError for what is missing or cannot be.
    """

    provenance: Mapping[str, str]
    runs: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for fact in FACTS:
            if not isinstance(self.provenance.get(fact), str):
                raise ValueError(
                    f"a recording's provenance names its {', '.join(FACTS)}; {fact} is missing"
                )
        for run in self.runs:
            for name, kind in _RUN.items():
                if not isinstance(run.get(name), kind):
                    raise ValueError(f"a run names its {', '.join(_RUN)}; {name} is missing")
            if not 0 <= run["other"] <= run["repeats"]:
                came = f"{run['other']} of {run['repeats']}"
                raise ValueError(f"other bits come in 0 to all repeats, got {came}")

    @property
    def machine(self) -> dict[str, str]:
        """The facts in which all sessions of one file agree."""
        return {name: word for name, word in self.provenance.items() if name not in OWN}


@dataclass(frozen=True)
class Recording:
    """What one machine measured, in one session or in several.

    `provenance` is that of the newest session, and `sessions` are all, the newest last. A result
    has the provenance of its own. ValueError where a result belongs to none of them, or where they
    were made on different machines or versions.
    """

    provenance: Mapping[str, str]
    results: tuple[Result, ...]
    sessions: tuple[Session, ...] = ()

    def __post_init__(self) -> None:
        if not self.sessions:
            object.__setattr__(self, "sessions", (Session(self.provenance),))
        newest = self.sessions[-1]
        for each in self.sessions:
            if each.machine != newest.machine:
                facts = each.machine.items() ^ newest.machine.items()
                changed = ", ".join(sorted({name for name, _ in facts}))
                raise ValueError(f"the older recording was made under other conditions: {changed}")

    @property
    def name(self) -> str:
        """The file's name without its ending: the device, the version of torch, how many GPUs."""
        device, version = self.provenance["device"], self.provenance["torch"].split("+")[0]
        count = self.provenance.get(f"{device}_count")
        return f"{device}-{version}" + (f"-{count}" if count else "")

    @property
    def title(self) -> str:
        """The hardware and the day, for a menu."""
        device = self.provenance["device"]
        return f"{self.provenance.get(device, device)}, {self.provenance['date']}"

    def find(self, experiment: str, settings: Mapping[str, Any]) -> Result:
        """Give the recorded result at these settings, the device aside.

        Of the settings that are not asked for (controls that an experiment no longer has), the
        first recorded result has the opening ones.
        ValueError says at which settings the experiment was recorded, or that it was not.
        """
        wanted = _without_device(settings)
        mine = [result for result in self.results if result.experiment == experiment]
        for result in mine:
            if wanted.items() <= result.settings.items():
                return result
        if not mine:
            raise ValueError(f"{self.title} has no recording of {experiment}")
        raise ValueError(
            f"{self.title} was recorded at other settings, such as {_nearest(mine, wanted)}"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the recording as plain data."""
        places = [dict(each.provenance) for each in self.sessions]
        results = [result.to_json() for result in self.results]
        for result in results:  # what is said once for all in a session is not said again
            result["session"] = places.index(result.pop("provenance"))
        sessions = [
            {"provenance": facts, "runs": [dict(run) for run in each.runs]}
            for facts, each in zip(places, self.sessions, strict=True)
        ]
        return {"format": FORMAT, "version": VERSION, "sessions": sessions, "results": results}

    @classmethod
    def from_json(cls, data: Any) -> "Recording":
        """Read the recording that `to_json` wrote; ValueError names what is wrong with others."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(
                f"a recording is a JSON object of format {FORMAT}; this is another file"
            )
        if data.get("version") != VERSION:
            came = data.get("version")
            raise ValueError(f"this package reads recordings of version {VERSION}, got {came!r}")
        if not all(isinstance(data.get(part), list) for part in ("sessions", "results")):
            raise ValueError("this recording is damaged: it lacks its sessions or its results")
        sessions = tuple(_session(_object(each, "session")) for each in data["sessions"])
        if not sessions:
            raise ValueError("this recording is damaged: it has no session")
        results = [_result(_object(each, "result"), sessions) for each in data["results"]]
        return cls(sessions[-1].provenance, tuple(results), sessions)


def _session(data: dict[str, Any]) -> Session:
    runs = data.get("runs", [])
    if not isinstance(data.get("provenance"), dict) or not isinstance(runs, list):
        raise ValueError("this recording is damaged: a session lacks its provenance or its runs")
    return Session(data["provenance"], tuple(_object(run, "run") for run in runs))


def _result(data: dict[str, Any], sessions: tuple[Session, ...]) -> Result:
    place = data.get("session")
    if not isinstance(place, int) or not 0 <= place < len(sessions):
        raise ValueError(f"a result belongs to one of {len(sessions)} sessions, got {place!r}")
    result = Result.from_json({**data, "provenance": sessions[place].provenance})
    return replace(result, source="RECORDED")


def save(recording: Recording, folder: Path = FOLDER) -> Path:
    """Write the recording into the folder, in place of an older one of the same name."""
    path = folder / f"{recording.name}.json"
    text = json.dumps(
        recording.to_json(), allow_nan=False, ensure_ascii=False, separators=(",", ":")
    )
    for begins in ('{"experiment"', '{"provenance"', '{"operation"'):  # a line each
        text = text.replace(begins, f"\n{begins}")
    path.write_text(text + "\n", encoding="utf-8")
    return path


def load(path: Path) -> Recording:
    """Read and check a recording; ValueError names the file and what is wrong with it."""
    try:
        return Recording.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be used: {error}") from error


@cache
def recordings() -> tuple[Recording, ...]:
    """Give every recording that comes with the package, by name."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.json")))


def recorded(experiment: str) -> tuple[Recording, ...]:
    """List the recordings that hold results of this experiment."""
    return tuple(
        each for each in recordings() if any(r.experiment == experiment for r in each.results)
    )


def merged(old: Recording, new: Recording) -> Recording:
    """Add to the new recording those experiments of the old one that it does not have.

    ValueError if they come from different machines or versions: one file is of one machine.
    """
    names = {result.experiment for result in new.results}
    kept = tuple(result for result in old.results if result.experiment not in names)
    used = [dict(result.provenance) for result in kept]
    older = tuple(s for s in old.sessions if s.runs or dict(s.provenance) in used)
    older = tuple(s for s in older if s not in new.sessions)
    return Recording(new.provenance, kept + new.results, older + new.sessions)


def _without_device(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "device"}


def _nearest(results: Iterable[Result], wanted: Mapping[str, Any]) -> str:
    def agreeing(result: Result) -> int:
        return sum(result.settings.get(name) == value for name, value in wanted.items())

    nearest = _without_device(max(results, key=agreeing).settings)
    return ", ".join(f"{name} = {value}" for name, value in nearest.items() if name in wanted)


def _object(data: Any, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"a {what} is a JSON object, got {type(data).__name__}")
    return data
