"""What an experiment found, and where: the measured values, the words, and their provenance.

Owns Finding (what a measuring function returns) and Result (a finding with its conditions and the
machine it came from). Knows nothing of how an experiment is run or shown. Everything here is plain
data and goes through JSON both ways.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from workbook.chart import NO_CHART, Chart, plain, restored
from workbook.comparison import Comparison
from workbook.conditions import Conditions
from workbook.wording import counted

Source = Literal["LIVE", "RECORDED", "SIMULATED"]
SOURCES: tuple[Source, ...] = get_args(Source)

KEPT = "workbook"  # where an output's metadata keeps its result
FORMAT = "workbook-result"
VERSION = 1


@dataclass(frozen=True)
class Finding:
    """What one measurement showed.

    `verdict` is a sentence in words that holds on every machine at the experiment's opening
    settings: notebooks are tested by it. `reading` is the same in this machine's digits, for the
    figure and the status line. An experiment that no page shows has no chart. `values` are the
    numbers by name, `comparisons` the tensors that were held side by side.
    """

    verdict: str
    reading: str
    chart: Chart = NO_CHART
    values: Mapping[str, Any] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        if not self.verdict.endswith("."):
            raise ValueError(
                f"a verdict is a sentence and ends with a period, got {self.verdict!r}"
            )

    @property
    def unseen(self) -> str:
        """A sentence on what could hide within the widest bound by which something is rounding."""
        if self._widest is None:
            return ""
        words = self._widest.unseen_words()
        return f"{words[0].upper()}{words[1:]}."

    @property
    def blind(self) -> bool:
        """Whether one whole term or more could be missing within that bound."""
        return self._widest is not None and self._widest.may_lack > 0

    @property
    def _widest(self) -> Comparison | None:
        shown = [
            comparison
            for comparison in self.comparisons
            if comparison.verdict == "rounding" and comparison.unseen
        ]
        return max(
            shown,
            key=lambda comparison: (
                comparison.may_lack,
                comparison.unseen_share or 0.0,
                comparison.unseen,
            ),
            default=None,
        )


@dataclass(frozen=True)
class Result:
    """A finding with everything needed to repeat it.

    `settings` are the controls' values, `conditions` the switches in force, `provenance` the facts
    of the machine (devices.machine), `source` says whether it was measured here and now (LIVE),
    read from a recording of other hardware (RECORDED), or computed by an imitation (SIMULATED).
    """

    experiment: str
    question: str
    settings: Mapping[str, Any]
    finding: Finding
    conditions: Conditions
    provenance: Mapping[str, str]
    source: Source = "LIVE"

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise ValueError(f"a source is one of {', '.join(SOURCES)}, got {self.source!r}")

    @property
    def verdict(self) -> str:
        """The finding's sentence in words."""
        return self.finding.verdict

    @property
    def where(self) -> str:
        """One line that names the source and the machine."""
        facts = self.provenance
        device = self.conditions.device or "cpu"
        name = facts.get(device) or facts.get("cpu") or device
        parts = [self.source, f"{device}: {name}" if name != device else device]
        parts += [f"torch {facts['torch']}"] if "torch" in facts else []
        if self.conditions.threads:
            parts.append(counted(self.conditions.threads, "thread"))
        parts += [facts["date"]] if self.source == "RECORDED" and "date" in facts else []
        return " · ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Give the result as plain data that json.dumps takes as it is (no NaN, no infinities)."""
        finding = self.finding
        return {
            "experiment": self.experiment,
            "question": self.question,
            "settings": plain(dict(self.settings)),
            "verdict": finding.verdict,
            "reading": finding.reading,
            "chart": finding.chart.to_json(),
            "values": plain(dict(finding.values)),
            "comparisons": [plain(comparison.to_json()) for comparison in finding.comparisons],
            "conditions": self.conditions.to_json(),
            "provenance": dict(self.provenance),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """Read the result that `to_json` wrote; ValueError names the missing or damaged part."""
        if not isinstance(data, Mapping):
            raise ValueError(f"a result is a JSON object, got {type(data).__name__}")
        try:
            finding = Finding(
                data["verdict"],
                data["reading"],
                Chart.from_json(data["chart"]),
                restored(data["values"]),
                tuple(Comparison.from_json(restored(row)) for row in data["comparisons"]),
            )
            conditions = Conditions.from_json(data["conditions"])
            names = ("experiment", "question", "provenance", "source")
            experiment, question, provenance, source = (data[name] for name in names)
            settings = restored(data["settings"])
        except KeyError as error:
            raise ValueError(f"this result lacks {error.args[0]!r}") from error
        except (TypeError, AttributeError) as error:
            raise ValueError(f"this result is damaged: {error}") from error
        return cls(experiment, question, settings, finding, conditions, provenance, source)

    def kept(self) -> str:
        """Write the result as the one line of JSON that a notebook keeps beside its figure.

        A text and no JSON object: JupyterLab saves 1.0 as 1 and rounds whole numbers above 2**53.
        """
        return kept_text(FORMAT, self.to_json())

    @classmethod
    def from_kept(cls, text: object) -> "Result":
        """Read what `kept` wrote; ValueError says that it is missing, damaged or another kind."""
        return cls.from_json(read_kept(FORMAT, text))


def kept_text(kind: str, data: Mapping[str, Any]) -> str:
    """Write plain data as one compact line of JSON that says its format and version."""
    named = {"format": kind, "version": VERSION, **data}
    return json.dumps(named, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def read_kept(kind: str, text: object) -> dict[str, Any]:
    """Read what `kept_text` wrote; ValueError says what is wrong with anything else."""
    if not isinstance(text, str):
        raise ValueError("it keeps no result")
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the result that it keeps is damaged: {error}") from error
    if not isinstance(data, dict) or data.get("format") != kind:
        raise ValueError(f"what it keeps must be of format {kind}, got {text[:40]!r}")
    if data.get("version") != VERSION:
        raise ValueError(f"what it keeps must be of version {VERSION}, got {data.get('version')!r}")
    return data
