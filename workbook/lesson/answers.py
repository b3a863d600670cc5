"""A diagnosis on the page: its causes in words, its picture, and what to do about each cause.

Owns how an answer looks. Finds nothing out; that is `diagnosis`.
"""

import atexit
import base64
import functools
from dataclasses import dataclass

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
from workbook.lesson.page import HERE
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
    rows = [row for row in answer.causes if digits or row.status == answer.status]
    head = _STATUS[answer.status]
    if answer.under:
        head = f"Repeats in every bit. With {answer.under}: {head[0].lower()}{head[1:]}"
    paragraphs = [head]
    for row in rows:
        cause = BY_ID[row.cause]
        _, first, code = row.where.rpartition(FIRST)
        place = f" ({first}`{code}`)" if code and digits else ""
        size = f" The difference is {row.size}." if row.size and digits else ""
        paragraphs.append(f"`{row.cause}`{place}: {cause.words}. Evidence: {row.evidence}{size}")
        if row.cause != "none":
            paragraphs.append(f"What to do: {row.cure}")
    return paragraphs + (list(answer.notes) if digits or not answer.usable else [])


def report(answer: Answer) -> "Report":
    """Show a diagnosis: the picture of where two runs part, and the causes with their evidence.

    Make it the last line of a cell. The picture has this machine's digits; the text has none where
    there is a picture.
    """
    return Report(answer)


class Picture(anywidget.AnyWidget):
    """A figure, drawn for a light and for a dark page; the page chooses."""

    _esm = "".join((HERE / name).read_text("utf-8") for name in ("../theme.js", "picture.js"))
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
        shown = [row.cause for row in answer.causes if row.status == answer.status]
        size = next((row.size for row in answer.causes if row.size), "")
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
        return "\n".join(f"{row.id}: {row.fix}" for row in _listed())

    def _repr_html_(self) -> str:
        return "".join(
            f"<details><summary {OWN_KEYS}>{heading}: {counted(len(rows), 'cause')}</summary>"
            f"{_table(rows)}</details>"
            for kind, heading in _KINDS.items()
            if (rows := [row for row in _listed() if row.kind == kind])
        )


_LEFT = "style='text-align:left;white-space:normal'"
_KINDS = {"fault": "Faults", "random": "Random", "rounding": "Rounding within the bound"}


def _table(rows: list[Cause]) -> str:
    names = ("cause", "what happened", "what to do")
    head = "".join(f"<th scope='col' {_LEFT}>{name}</th>" for name in names)
    body = "".join(
        f"<tr><th scope='row' {_LEFT}><code>{row.id}</code></th>"
        f"<td {_LEFT}>{inline(row.words)}.</td><td {_LEFT}>{inline(row.fix)}</td></tr>"
        for row in rows
    )
    table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<table style='width:100%;table-layout:auto'>{table}</table>"


def _listed() -> list[Cause]:
    return [cause for cause in CAUSES if cause.id != "none"]
