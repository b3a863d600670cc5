"""Two runs of command lines, only watched: where do they part, by whatever was seen of them?

Owns the comparison of what was seen (steps, numbers read from torch, printed numbers, files), the
strongest first, and the sentences for a command that cannot be looked at.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from workbook.diagnosis.probes import files, leaving, printed, steps
from workbook.diagnosis.process.run import Run, said
from workbook.diagnosis.session import Session, Unusable


def usable(session: Session, run: Run) -> Run:
    """Give the run itself; Unusable where the command gave nothing to look at."""
    session.surroundings(run)
    if run.cannot is not None:
        raise Unusable(run.cannot)
    status = run.data.get("status", 0)
    words = said(run.folder, "warned.txt", "printed.txt")
    if status and "EOFError" in " ".join(words):
        raise Unusable(
            "the command reads from the terminal, and here is none; give what it asks for as "
            'options, or from a file: -- sh -c "... < answers.txt"'
        )
    if status and "No module named 'torch'" in " ".join(words):
        raise Unusable(
            "the Python that it starts has no torch: activate the environment of your program, or "
            "type that Python's path"
        )
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
        raise Unusable(f"the command {how}", words)
    if not run.data.get("torch"):
        session.note(_NEVER)
    for port in run.data.get("ports", ())[:1]:
        session.note(f"It opens port {port}, so one run at a time was made.")
    return run


_NEVER = (
    "torch was never seen in it: no Python that it started imported torch where the hook could see "
    "it (python -S, -E and -I, and env -i keep it out). Compared is only what it printed and wrote."
)


_ORDER = "What works side by side is ready in an order that varies: give its results a fixed one."


_Part = TypeVar("_Part")


@dataclass(frozen=True)
class Watched:
    """Two runs side by side."""

    ours: Run
    theirs: Run
    closer: "Watched | None" = None  # two runs to where these part, that read every step

    @property
    def series(self) -> tuple[list[list[int]], list[list[int]]]:
        """The vectors of the steps of each."""
        return self.ours.steps(0), self.theirs.steps(0)

    @property
    def step(self) -> int:
        """The first step after which the two differ; 0 where there is none."""
        found = self.parts
        return found[0] if found else 0

    @property
    def parts(self) -> tuple[int, tuple[str, ...]] | None:
        """The same, with the parts that differ there."""
        nearer = self.closer and self.closer.parts  # None where what varies agreed this time
        return nearer or steps.parted(*self.series, steps.COMPUTED)

    @property
    def left(self) -> tuple[int, Any, Any] | None:
        """The first number that left torch in which the two differ."""
        return leaving.parted(self.ours.data["left"], self.theirs.data["left"])

    @property
    def read(self) -> tuple[list[float], list[float]]:
        """The numbers that each has read from torch, sorted."""
        return leaving.numbers(self.ours.data["left"]), leaving.numbers(self.theirs.data["left"])

    def texts(self, name: str = "printed.txt") -> list[str]:
        """Give what each wrote to stdout, or to another file of its run."""
        return [(run.folder / name).read_text(errors="replace") for run in (self.ours, self.theirs)]

    @cached_property
    def lines(self) -> list[tuple[printed.Line | None, printed.Line | None]]:
        """The printed lines that differ."""
        streams = (printed.differing(*self.texts(name)) for name in ("printed.txt", "warned.txt"))
        return [pair for stream in streams for pair in stream]

    @cached_property
    def files(self) -> list[tuple[str, str, Any, Any]]:
        """The files, keys and values that differ."""
        return list(files.differing(self.ours.data["files"], self.theirs.data["files"]))

    @property
    def same(self) -> bool:
        """Whether everything that was seen of torch agrees."""
        return not self.step and self.left is None

    @property
    def words(self) -> str:
        """Whether they agree, and by what that was seen."""
        count = len(self.ours.steps(0))
        seen = [f"{count} steps"] if count else []
        if read := len(self.ours.data["left"]):
            seen.append(f"{read} numbers read from torch")
        probes = " and ".join(seen) or "what it printed and wrote"
        if self.same:
            return f"equal in every bit ({probes})"
        return f"different ({probes})"

    def across(self) -> list[str]:
        """Give the first of the lines that both print in the same words in which they differ."""
        for ours, theirs in printed.pairs(*map(printed.lines, self.texts())):
            if ours and theirs and ours.form == theirs.form and ours.numbers != theirs.numbers:
                return [
                    "The first printed line in which they differ: "
                    f"{ours.text!r} and {theirs.text!r}."
                ]
        return []

    def reordered(self) -> list[str]:
        """Say so where both read, or else print, the same numbers in another order."""
        where = leaving.reordered(self.ours.data["left"], self.theirs.data["left"])
        if where:
            return [f"Both runs read the same numbers at {where}, in another order. {_ORDER}"]
        texts = [[line.text for line in printed.lines(text)] for text in self.texts()]
        if texts[0] != texts[1] and sorted(texts[0]) == sorted(texts[1]):
            return [f"Both runs print the same lines, in another order. {_ORDER}"]
        return []

    def sentences(self) -> list[str]:
        """Where the two part, the strongest evidence first."""
        found = []
        if part := self.parts:
            found.append(steps.sentence(*part, alike=False))
        if (left := self.left) is not None:
            found.append(leaving.sentence(*left))
        if pairs := self.lines:
            pair, told = self._evidence(pairs, printed.shows)
            ours, theirs = (line.text.strip() if line else "nothing" for line in pair)
            number = (pair[0] or pair[1]).number  # type: ignore[union-attr]
            found.append(
                f"The first printed line that differs{told} is line {number}: {ours!r} and "
                f"{theirs!r}."
            )
        if rows := self.files:
            (path, key, a, b), told = self._evidence(rows, files.shows)
            at = f"{os.path.relpath(path)}{f' at {key}' if key else ''}"
            found.append(f"The first file that differs{told} is {at}: {a} and {b}.")
        return found

    def _evidence(self, parts: list[_Part], shows: Callable[..., bool]) -> tuple[_Part, str]:
        """Give the first part that shows numbers of torch, or else the first, and words for that.

        Of a program that torch was never seen in, all count.
        """
        if not self.ours.data.get("torch"):
            return parts[0], ""
        read = self.read
        first = next((part for part in parts if shows(part, *read)), None)
        told = "though in no number read from torch"
        if self.left is not None:  # computed in Python, it looks like a time
            told = "which may be computed from numbers read from torch"
        return (first, "") if first else (parts[0], f", {told},")
