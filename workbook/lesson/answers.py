"""A diagnosis on the page: its causes in words, its picture, and what to do about each cause.

Owns how an answer looks. Finds nothing out; that is `diagnosis`.
"""

import atexit
import base64
import functools
from dataclasses import dataclass
from pathlib import Path

import anywidget
import traitlets
from IPython.display import display

from workbook import plots
from workbook.conditions import Conditions
from workbook.devices import machine
from workbook.diagnosis import CAUSES, Answer, Cause, Workers
from workbook.diagnosis.places import FIRST
from workbook.lesson.markup import inline
from workbook.lesson.notes import OWN_KEYS
from workbook.result import KEPT, Finding, Result
from workbook.wording import counted

BY_ID = {cause.id: cause for cause in CAUSES}
_STATUS = {
    "identical": "Equal in every bit.",
    "rounding": "Differs by rounding.",
    "doubtful": "Doubtful: further apart than rounding is likely to bring them.",
    "random": "Random.",
    "fault": "A fault.",
    "unknown": "Don't know.",
}


@functools.cache
def shared_workers() -> Workers:
    """Give the processes that run diagnosed code, started once, ended with the kernel."""
    workers = Workers().__enter__()
    atexit.register(workers.__exit__)
    for hash_seed in (0, 1):
        workers.warm(hash_seed)
    return workers


def told(answer: Answer, *, digits: bool = True) -> list[str]:
    """Tell the answer in a few paragraphs, with code in backquotes.

    Without `digits` it says only what holds on every machine: no sizes, and no rounding beside a
    cause that is none.
    """
    rows = [one for one in answer.causes if digits or one.status == answer.status]
    head = _STATUS[answer.status]
    if answer.under:
        head = f"Repeats in every bit. With {answer.under}: {head[0].lower()}{head[1:]}"
    paragraphs = [head]
    for one in rows:
        cause = BY_ID[one.cause]
        _, first, code = one.where.rpartition(FIRST)
        place = f" ({first}`{code}`)" if code and digits else ""
        size = f" The difference is {one.size}." if one.size and digits else ""
        paragraphs.append(f"`{one.cause}`{place}: {cause.words}. Evidence: {one.evidence}{size}")
        if one.cause != "none":
            paragraphs.append(f"What to do: {one.cure}")
    return paragraphs + (list(answer.notes) if digits else [])


def report(answer: Answer) -> "Report":
    """Show a diagnosis: the picture of where two runs part, and the causes with their evidence.

    Make it the last line of a cell. The picture has this machine's digits; the text has none where
    there is a picture.
    """
    return Report(answer)


class Picture(anywidget.AnyWidget):
    """A figure, drawn for a light and for a dark page; the page chooses."""

    _esm = Path(__file__).parent / "picture.js"
    light = traitlets.Bytes().tag(sync=True)
    dark = traitlets.Bytes().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)


@dataclass(frozen=True)
class Report:
    """An answer that displays itself: a PNG where two traced runs differ, then the words."""

    answer: Answer

    def __repr__(self) -> str:
        return "\n".join(told(self.answer, digits=False))

    @functools.cached_property
    def result(self) -> Result | None:
        """ULPs along the operations with the origin marked; None where nothing was traced.

        The verdict names the causes that every machine shows.
        """
        answer = self.answer
        if not any(answer.curve):
            return None
        shown = [one.cause for one in answer.causes if one.status == answer.status]
        size = next((one.size for one in answer.causes if one.size), "")
        return Result(
            experiment="diagnosis",
            question="Where do the two runs part?",
            settings={},
            finding=Finding(f"Found: {', '.join(shown) or 'no cause'}.", size, answer.chart()),
            conditions=Conditions(device="cpu"),
            provenance=machine(),
        )

    def _ipython_display_(self) -> None:
        if self.result:
            light, dark = (plots.static(self.result, theme) for theme in ("light", "dark"))
            size, words = plots.static_size(self.result), "The two runs."
            live = Picture(light=light, dark=dark, alt=words, width=size["width"])
            view = live._repr_mimebundle_()
            data = dict(view[0] if isinstance(view, tuple) else view or {})
            data |= {"image/png": base64.b64encode(light).decode(), "text/plain": words}
            metadata = {"image/png": size, KEPT: self.result.kept()}
            display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        paragraphs = told(self.answer, digits=self.result is None)
        words = "".join(f"<p>{inline(text)}</p>" for text in paragraphs)
        bundle = {"text/plain": repr(self), "text/html": words}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]


def remedies() -> "Remedies":
    """List what to do about each cause that a diagnosis can name, as a table."""
    return Remedies()


class Remedies:
    """The causes, read from `diagnosis`: a table for each kind, closed, or plain text."""

    def __repr__(self) -> str:
        return "\n".join(f"{one.id}: {one.fix}" for one in _listed())

    def _repr_html_(self) -> str:
        return "".join(
            f"<details><summary {OWN_KEYS}>{heading}: {counted(len(rows), 'cause')}</summary>"
            f"{_table(rows)}</details>"
            for kind, heading in _KINDS.items()
            if (rows := [one for one in _listed() if one.kind == kind])
        )


_LEFT = "style='text-align:left;white-space:normal'"
_KINDS = {"fault": "Faults", "random": "Random", "rounding": "Rounding within the bound"}


def _table(rows: list[Cause]) -> str:
    names = ("cause", "what happened", "what to do")
    head = "".join(f"<th scope='col' {_LEFT}>{name}</th>" for name in names)
    body = "".join(
        f"<tr><th scope='row' {_LEFT}><code>{one.id}</code></th>"
        f"<td {_LEFT}>{inline(one.words)}.</td><td {_LEFT}>{inline(one.fix)}</td></tr>"
        for one in rows
    )
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<table style='width:100%;table-layout:auto'>{table}</table>"


def _listed() -> list[Cause]:
    return [cause for cause in CAUSES if cause.id != "none"]
