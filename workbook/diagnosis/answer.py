"""The answer: status, ranked causes with evidence, and everything that was tried.

Owns its words, its JSON and its chart. Knows nothing of how it was found.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from workbook.chart import Axis, Chart, Panel, Series
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.rounding import Word

Status = Literal["identical", "rounding", "doubtful", "random", "fault", "unknown"]
# A difference that grew until float64 cannot tell is no fault for certain, and no rounding.
_ROUNDED: dict[Word, Status] = {
    "rounding": "rounding",
    "doubtful": "doubtful",
    "cannot tell": "doubtful",
}


@dataclass(frozen=True)
class Found:
    """One cause with its place, what showed it, how large the difference is, and the cure."""

    cause: str
    where: str
    evidence: str
    size: str
    word: Word = "identical"  # what float64 says of the difference, where that was asked
    fix: str = ""  # what to do, where the cause's own words do not fit
    under: str = ""  # the condition that was changed to see it, where runs repeat unless it changes

    @property
    def cure(self) -> str:
        """What to do about it."""
        return self.fix or BY_ID[self.cause].fix

    @property
    def status(self) -> Status:
        kind = BY_ID[self.cause].kind
        if kind == "none":
            return _ROUNDED.get(self.word, "identical")
        return _ROUNDED.get(self.word, "fault") if kind == "rounding" else kind

    def to_json(self) -> dict[str, str]:
        return {
            "cause": self.cause,
            "where": self.where,
            "evidence": self.evidence,
            "size": self.size,
            "fix": self.cure,
        }

    @property
    def sentence(self) -> str:
        place = f" ({self.where})" if self.where else ""
        words = BY_ID[self.cause].words
        if self.cause == "none" and self.word == "rounding":
            words = "Rounding explains it"
        lead = "" if self.cause == "none" else f"{self.cause}: "
        return f"{lead}{words}{place}: {self.evidence} {self.status.capitalize()}."


@dataclass(frozen=True)
class Answer:
    """What a diagnosis found; `curve` is ULPs along matched operations, `origin` a place on it."""

    target: str
    status: Status
    causes: tuple[Found, ...]
    tried: tuple[str, ...]
    notes: tuple[str, ...] = ()
    curve: tuple[float, ...] = ()
    labels: tuple[str, ...] = field(default=())
    origin: int | None = None
    usable: bool = True  # False where the code could not be run: exit status 2
    hashed: bool = False  # whether it may be another one under another hash seed
    head: str = ""  # what it comes to, where the status' own words do not fit

    @property
    def under(self) -> str:
        """The condition with which it differs, where it repeats unless somebody changes that."""
        given = [cause.under for cause in self.causes]
        return given[0] if given and all(given) else ""

    def to_json(self) -> dict[str, Any]:
        """Give the answer as plain data."""
        return {
            "target": self.target,
            "status": self.status,
            "causes": [cause.to_json() for cause in self.causes],
            "tried": list(self.tried),
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """Give the answer in words, for a terminal."""
        words = {
            "identical": "equal in every bit",
            "rounding": "differs by rounding",
            "doubtful": "doubtful: further apart than rounding is likely to bring them",
            "random": "random",
            "fault": "a fault",
            "unknown": "don't know",
        }
        head = self.head or words[self.status]
        if self.under:
            head = f"repeats in every bit. With {self.under}: {head}"
        lines = [f"{self.target}: {head}."]
        for number, cause in enumerate(self.causes, start=1):
            lines.append(cause.sentence if cause.cause == "none" else f"{number}. {cause.sentence}")
            if cause.size:
                lines.append(f"   Size: {cause.size}.")
            if cause.cause != "none":
                lines.append(f"   Fix: {cause.cure}")
        lines += list(self.notes)
        lines += ["Tried:", *(f"  - {row}" for row in self.tried)] if self.tried else []
        return "\n".join(lines)

    def chart(self) -> Chart:
        """How far sampled values are apart along the two runs' operations, the origin marked."""
        at = tuple(map(float, range(len(self.curve))))
        series = [Series("difference", at, self.curve, "steps")]
        if self.origin is not None and self.origin < len(self.curve):
            name = self.labels[self.origin] if self.origin < len(self.labels) else ""
            here = (float(self.origin),), (self.curve[self.origin],)
            series.append(Series(f"origin: {name}", *here, "points"))
        apart = Axis("about how many float32 steps apart", low=0.5, log=True)
        title = f"{self.target}: {self.status}"
        return Chart((Panel(Axis("operation"), apart, tuple(series), title),))
