"""What a reader has answered, kept in a small file beside the notebooks, and nowhere else.

Owns that file: an SQLite database, so that a write is whole or not there, and two notebooks that
write at once lose nothing. Only a kernel with a notebook writes, and only what a reader answered.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from IPython.core.getipython import get_ipython

FILE = ".answers.sqlite3"
VERSION = 1
WAIT = 20.0  # seconds that a notebook waits while another one writes

Kind = Literal["prediction", "exercise", "case"]
_TABLE = """create table if not exists answers (
    kind text not null, name text not null, confidence integer, held integer not null,
    primary key (kind, name))"""


@dataclass(frozen=True)
class Given:
    """A reader's first answer: whether it held, and for a prediction how sure in percent."""

    kind: Kind
    name: str
    held: bool
    confidence: int | None = None


class Kept:
    """The answers in the file `path`; None keeps nothing.

    >>> Kept(None).add(Given("prediction", "one_tenth", True, 80))
    ''
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def read(self) -> dict[tuple[str, str], Given]:
        """Read all answers by kind and name; none where the file is absent or cannot be read."""
        if self.path is None or not self.path.exists():
            return {}
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as file:
                rows = file.execute("select kind, name, held, confidence from answers").fetchall()
        except sqlite3.Error:
            return {}
        return {
            (kind, name): Given(kind, name, bool(held), sure) for kind, name, held, sure in rows
        }

    def add(self, given: Given) -> str:
        """Keep an answer, unless one of that kind and name is kept; a sentence where that fails.

        A damaged file is renamed, and a new one begun.
        """
        if self.path is None:
            return ""
        try:
            return self._add_or_begin_anew(self.path, given)
        except (sqlite3.OperationalError, OSError) as problem:
            return f"Your answer is not kept: {self.path.name}: {problem}."

    def _add_or_begin_anew(self, path: Path, given: Given) -> str:
        try:
            return self._add(path, given)
        except sqlite3.OperationalError:  # locked, or not to be written: no damage
            raise
        except sqlite3.DatabaseError:
            aside = path.with_suffix(".damaged")
            os.replace(path, aside)
            told = self._add(path, given)
            return told or (
                f"{path.name} was damaged: it is {aside.name} now, and a new one was begun."
            )

    def _add(self, path: Path, given: Given) -> str:
        with closing(sqlite3.connect(path, timeout=WAIT)) as file, file:
            (version,) = file.execute("pragma user_version").fetchone()
            if version > VERSION:
                return (
                    f"Your answer is not kept: {path.name} is of a newer version of this workbook."
                )
            file.execute(_TABLE)
            file.execute(f"pragma user_version = {VERSION}")
            row = (given.kind, given.name, given.confidence, given.held)
            file.execute("insert or ignore into answers values (?, ?, ?, ?)", row)
        return ""


def _beside_the_notebook() -> Path | None:
    """Give the file beside the notebook; None where no notebook's kernel runs this.

    Nor where WORKBOOK_ANSWERS is `off`: whoever builds the notebooks has answers of their own.
    """
    off = os.environ.get("WORKBOOK_ANSWERS") == "off"
    return Path.cwd() / FILE if hasattr(get_ipython(), "kernel") and not off else None


KEPT_HERE = Kept(_beside_the_notebook())
