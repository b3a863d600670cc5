"""What a reader has done so far, from the kept answers: a calibration curve and a map of chapters.

Owns its page. Which chapters there are is read from the notebooks beside this one.
"""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workbook.lesson.contents import Contents, contents
from workbook.lesson.kept import KEPT_HERE, Given, Kept

GROUPS = ((0, 20), (30, 40), (50, 60), (70, 80), (90, 100))  # percent; the page asks in tens
NOTHING = (
    "You have answered nothing yet. Come back later and run this cell again: it shows how sure you "
    "were and how often you were right, and what you have done in each chapter."
)
_KINDS = (("prediction", "predictions"), ("exercise", "exercises"), ("case", "cases"))
_CELL = "style='text-align:left;padding:2px 14px 2px 0'"


def progress(kept: Kept = KEPT_HERE) -> "Progress":
    """Show what was answered; make it the last line of a cell.

    The answers are read from the file beside the notebook, and never leave the machine.
    """
    if kept.path is None:
        return Progress({}, {})
    chapters = {}
    for path in sorted(kept.path.parent.glob("[0-9][0-9]_*.ipynb")):
        try:
            chapters[path.stem] = contents(json.loads(path.read_text("utf-8"))["cells"])
        except (ValueError, KeyError, TypeError, OSError):  # being saved, or no notebook
            continue
    return Progress(kept.read(), chapters)


@dataclass(frozen=True)
class Group:
    """Predictions of about the same confidence: their mean percent, how many, how many held."""

    sure: float
    count: int
    held: int

    @property
    def words(self) -> str:
        """Say how these predictions came out, as part of a sentence."""
        return f"about {self.sure:.0f} % sure: right in {self.held} of {self.count}"


def grouped(answers: Iterable[Given]) -> list[Group]:
    """Group predictions by confidence.

    >>> grouped([Given("prediction", "a", True, 90), Given("prediction", "b", False, 100)])
    [Group(sure=95.0, count=2, held=1)]
    """
    rows = [(each.confidence, each.held) for each in answers if each.confidence is not None]
    groups = []
    for low, high in GROUPS:
        inside = [(sure, held) for sure, held in rows if low <= sure < high + 10]
        if inside:
            mean = sum(sure for sure, _ in inside) / len(inside)
            groups.append(Group(mean, len(inside), sum(held for _, held in inside)))
    return groups


@dataclass(frozen=True)
class Progress:
    """Answers by kind and name, and what each chapter holds; shown as HTML or as plain text."""

    answers: Mapping[tuple[str, str], Given]
    chapters: Mapping[str, Contents]

    def __repr__(self) -> str:
        if not self.answers:
            return NOTHING
        return "\n".join([each.words for each in self.groups] + [" ".join(r) for r in self.rows()])

    def _repr_html_(self) -> str:
        if not self.answers:
            return f"<p>{NOTHING}</p>"
        head = ("chapter", "minutes", "predictions", "exercises", "cases")
        titles = "".join(f"<th scope='col' {_CELL}>{each}</th>" for each in head)
        rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows())
        table = f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"
        boxes = f"<div>{_curve(self.groups)}</div><div>{table}</div>" if self.groups else table
        return f"<div style='display:flex;flex-wrap:wrap;gap:12px 36px'>{boxes}</div>"

    @property
    def groups(self) -> list[Group]:
        """Give the predictions by confidence."""
        return grouped(each for each in self.answers.values() if each.kind == "prediction")

    def rows(self) -> list[tuple[str, ...]]:
        """List the chapters: name, minutes, and of each kind how many are done of how many."""
        rows = []
        for chapter, holds in self.chapters.items():
            done = []
            for kind, plural in _KINDS:
                names = getattr(holds, plural)
                count = sum((kind, name) in self.answers for name in names)
                mark = "✓ " if names and count == len(names) and kind != "prediction" else ""
                done.append(f"{mark}{count} of {len(names)}" if names else "")
                if kind == "prediction" and count:
                    held = sum(
                        self.answers[kind, n].held for n in names if (kind, n) in self.answers
                    )
                    done[-1] += f", {held} right"
            rows.append((chapter, f"{holds.minutes}", *done))
        return rows


def _cell(text: str) -> str:
    if text[:2].isdigit() and "_" in text:
        text = f"<a href='{text}.ipynb'>{html.escape(text.replace('_', ' '))}</a>"
    return f"<td {_CELL}>{text}</td>"


# The page's own colors, so that the curve is right in the dark theme, too.
_INK, _FAINT, _DOT = (
    f"var(--jp-{name})"
    for name in ("ui-font-color1, #222", "border-color1, #999", "brand-color1, #1976d2")
)


def _curve(groups: list[Group]) -> str:
    """Draw confidence against the share that was right; on the diagonal they are the same."""
    dots = "".join(
        f"<circle cx='{_x(each.sure)}' cy='{_y(100 * each.held / each.count)}' "
        f"r='{4 + 2 * min(each.count, 9) ** 0.5:.1f}' fill='{_DOT}'/>"
        f"<text x='{_x(each.sure)}' y='{_y(100 * each.held / each.count) - 14 - 12 * (n % 2)}' "
        f"text-anchor='middle'>{each.held} of {each.count}</text>"
        for n, each in enumerate(groups)  # neighbors' words stand at two heights
    )
    ticks = "".join(
        f"<text x='{_x(at)}' y='258' text-anchor='middle'>{at}</text>"
        f"<text x='42' y='{_y(at) + 4}' text-anchor='end'>{at}</text>"
        for at in (0, 50, 100)
    )
    told = "; ".join(each.words for each in groups)
    return (
        f"<svg viewBox='0 0 320 286' width='320' role='img' aria-label='{told}' "
        f"style='max-width:100%;font-size:12px' fill='{_INK}'>"
        f"<rect x='{_x(0)}' y='{_y(100)}' width='240' height='200' fill='none' stroke='{_FAINT}'/>"
        f"<path d='M{_x(0)} {_y(0)}L{_x(100)} {_y(100)}' stroke='{_FAINT}' stroke-dasharray='5 4'/>"
        f"{ticks}{dots}"
        f"<text x='{_x(50)}' y='278' text-anchor='middle'>how sure you were, in percent</text>"
        "<text x='12' y='140' text-anchor='middle' transform='rotate(-90 12 140)'>"
        "right, in percent</text></svg>"
    )


def _x(percent: float) -> float:
    return round(52 + 2.4 * percent, 1)


def _y(percent: float) -> float:
    return round(240 - 2.0 * percent, 1)
