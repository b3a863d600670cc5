"""Recordings: results measured on hardware that a reader may not have, as JSON files.

Owns the file format, its checks on reading, and finding a recorded result. Knows nothing of how an
experiment runs: results arrive finished. Recordings are data; nothing in them is executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from workbook.result import Result

FOLDER = Path(__file__).parent / "recordings"
FORMAT = "workbook-recording"
VERSION = 1
FACTS = ("date", "device", "torch", "workbook")


@dataclass(frozen=True)
class Recording:
    """What one machine measured on one day.

    `provenance` holds at least the date (ISO), the device's name here (such as `cuda`), and the
    versions of torch and of this package; devices.machine() gives the rest.
    """

    provenance: Mapping[str, str]
    results: tuple[Result, ...]

    def __post_init__(self) -> None:
        for fact in FACTS:
            if not isinstance(self.provenance.get(fact), str):
                raise ValueError(
                    f"a recording's provenance names its {', '.join(FACTS)}; {fact} is missing"
                )

    @property
    def name(self) -> str:
        """The file's name without its ending: the device and the version of torch."""
        version = self.provenance["torch"].split("+")[0]
        return f"{self.provenance['device']}-{version}"

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
        results = [result.to_json() for result in self.results]
        for result in results:
            del result["provenance"]  # said once for all
        facts = dict(self.provenance)
        return {"format": FORMAT, "version": VERSION, "provenance": facts, "results": results}

    @classmethod
    def from_json(cls, data: Any) -> Recording:
        """Read the recording that `to_json` wrote; ValueError names what is wrong with others."""
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(
                f"a recording is a JSON object of format {FORMAT}; this is another file"
            )
        if data.get("version") != VERSION:
            came = data.get("version")
            raise ValueError(f"this package reads recordings of version {VERSION}, got {came!r}")
        if not isinstance(data.get("provenance"), dict) or not isinstance(
            data.get("results"), list
        ):
            raise ValueError("this recording is damaged: it lacks its provenance or its results")
        facts = data["provenance"]
        results = [
            Result.from_json({**_object(each), "provenance": facts}) for each in data["results"]
        ]
        return cls(facts, tuple(replace(result, source="RECORDED") for result in results))


def save(recording: Recording, folder: Path = FOLDER) -> Path:
    """Write the recording into the folder, in place of an older one of the same name."""
    path = folder / f"{recording.name}.json"
    text = json.dumps(
        recording.to_json(), allow_nan=False, ensure_ascii=False, separators=(",", ":")
    )
    path.write_text(text.replace('{"experiment"', '\n{"experiment"') + "\n", encoding="utf-8")
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

    ValueError if they come from different machines or versions: one file has one provenance.
    """
    ours, theirs = (
        {k: v for k, v in each.provenance.items() if k != "date"} for each in (old, new)
    )
    if ours != theirs:
        changed = ", ".join(sorted(k for k in ours | theirs if ours.get(k) != theirs.get(k)))
        raise ValueError(f"the older recording was made under other conditions: {changed}")
    names = {result.experiment for result in new.results}
    kept = tuple(result for result in old.results if result.experiment not in names)
    return Recording(new.provenance, kept + new.results)


def _without_device(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "device"}


def _nearest(results: Iterable[Result], wanted: Mapping[str, Any]) -> str:
    def agreeing(result: Result) -> int:
        return sum(result.settings.get(name) == value for name, value in wanted.items())

    nearest = _without_device(max(results, key=agreeing).settings)
    return ", ".join(f"{name} = {value}" for name, value in nearest.items())


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"a result is a JSON object, got {type(data).__name__}")
    return data
