"""Write the edition for a class: notebooks without solutions, and a folder for teachers.

    python chapters/teach.py [FOLDER]    `build/class` if none is named

All of it is made from the notebooks and the rows behind them. What answers a question has no output
in this edition: it comes from the students' own kernels. The package still holds the solutions: a
student who types `solution(...)` sees one.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if not __package__:  # run as a file: its neighbors are found from the root
    sys.path.insert(0, str(ROOT))

from chapters import plan
from workbook.ledger import as_prediction, claim_of
from workbook.lesson.contents import WORDS_A_MINUTE, contents, is_optional, needed, source
from workbook.lesson.predictor import FORMAT
from workbook.question import Estimate, Exercise, Prediction
from workbook.question.case import Case
from workbook.result import KEPT, read_kept

_SOLUTION = re.compile(r"^solution\(", re.MULTILINE)
_QUESTION = re.compile(r"^(predict|claim|investigate)\(", re.MULTILINE)
TEACHERS = "teachers"


def edition(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Give a notebook for students: no solution, and no output that answers a question."""
    cells = []
    for cell in notebook["cells"]:
        folded = cell["metadata"].get("jupyter", {}).get("outputs_hidden", False)
        if cell["cell_type"] == "code" and _SOLUTION.search(source(cell)):
            continue
        if folded or (cell["cell_type"] == "code" and _QUESTION.search(source(cell))):
            cell = {**cell, "outputs": [], "execution_count": None}
        cells.append(cell)
    return {**notebook, "cells": cells}


def asked(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the predictions of a notebook with what was measured, as its outputs keep them."""
    outputs = [each for cell in notebook["cells"] for each in cell.get("outputs", ())]
    texts = [each.get("metadata", {}).get(KEPT, "") for each in outputs]
    return [read_kept(FORMAT, text) for text in texts if FORMAT in text]


def notes(chapter: str, notebook: Mapping[str, Any]) -> str:
    """Write a chapter's page for teachers, in Markdown."""
    module = import_module(f"workbook.causes.{chapter[3:]}")
    holds, least = contents(notebook["cells"]), contents(needed(notebook["cells"]))
    title = source(notebook["cells"][0]).splitlines()[0].removeprefix("# ")
    measured = {row["name"]: row["measured"] for row in asked(notebook)}
    parts = [
        f"# {chapter.replace('_', ' ')}\n\n{title}. About {least.minutes} minutes"
        f"{f', {holds.minutes} with what is optional' * (holds != least)}.",
        _times(chapter),
    ]
    for name in holds.predictions:
        row = getattr(module, name.upper(), None) or as_prediction(claim_of(name))
        parts += ["## Misconceptions"] * (name == holds.predictions[0])
        parts.append("\n".join(_misconceptions(row, measured.get(name, ""))))
    for heading, names, written in (
        ("## Solutions", holds.exercises, _solution),
        ("## Cases", holds.cases, _case),
    ):
        parts += [heading] * bool(names)
        parts += ["\n".join(written(getattr(module, name.upper()))) for name in names]
    return "\n\n".join(parts) + "\n"


def _times(chapter: str) -> str:
    """Write a table of the sections: minutes, and the lesson they belong to."""
    rows = ["| section | minutes | where |", "|---|---|---|"]
    for title, cells in plan.parted(chapter).items():
        holds = contents(cells)
        ways = {f"lesson {n}": way for n, way in enumerate(plan.LESSONS.values(), 1)}
        ways["the 90 minutes"] = plan.PATH
        told = [name for name, way in ways.items() if title in dict(way).get(chapter, ())]
        if not told and is_optional(cells):
            told = ["optional"]
        if not told and (holds.exercises or holds.cases):
            told = ["homework"]
        if not told and holds.exact > holds.words / WORDS_A_MINUTE:
            told = ["skip it first"]
        rows.append(f"| {title} | {holds.exact:.0f} | {', '.join(told)} |")
    return "\n".join(rows)


def _misconceptions(row: Prediction | Estimate, measured: str) -> Iterator[str]:
    yield f"**{row.question}**\n"
    if isinstance(row, Estimate):
        yield f"- too low: {row.too_low}\n- too high: {row.too_high}"
    else:
        for option in row.shown:
            if option.text != measured:
                yield f"- *{option.text}*{': ' if option.feedback else ''}{option.feedback}"
    yield f"- Measured: **{measured}**. {row.because}"


def _solution(row: Exercise) -> Iterator[str]:
    yield f"### {row.name.replace('_', ' ')}\n\n{row.task}\n"
    yield f"```python\n{row.solution.strip()}\n```\n"
    yield f"{row.because}\n" if row.because else ""
    for wrong in row.wrong:
        yield f"```python\n# {wrong.message}\n{wrong.source.strip()}\n```\n"


def _case(row: Case) -> Iterator[str]:
    yield f"### {row.title}\n\nAt most {row.budget} trials. What each clears:\n"
    words = {suspect.cause: suspect.words for suspect in row.suspects}
    for trial in row.trials:
        gone = row.culprit in trial.removes
        cleared = [text for cause, text in words.items() if (cause in trial.removes) != gone]
        yield f"- {trial.title}: {'; '.join(cleared) or 'nobody'}"
    yield f"\nIt is: **{words[row.culprit]}**. {row.lesson}"


def lessons() -> str:
    """Write the plan of three lessons and the way of 90 minutes, in Markdown."""
    parts = [
        "# For teachers",
        "Minutes are counted by one rule: words, predictions, explorers, exercises, cases. What a "
        "lesson leaves of its 90 minutes is for talking: let everybody commit to a prediction "
        "before anybody runs the next cell, and ask who was sure. Each chapter has a page: what "
        "its wrong options tell of, the solutions, and what to skip first. The notebooks "
        "for students have none of it. The package has: `solution(...)` works for who types it.",
    ]
    ways = {f"Lesson {n}: {name}": way for n, (name, way) in enumerate(plan.LESSONS.items(), 1)}
    for heading, way in {**ways, "All chapters in 90 minutes": plan.PATH}.items():
        parts.append(
            f"## {heading}\n\nAbout {plan.minutes(way):.0f} minutes.\n\n{plan.listed(way, '../')}"
        )
    return "\n\n".join(parts) + "\n"


def write(folder: Path) -> list[str]:
    """Write everything into the folder, over what stands there; the names of the chapters."""
    (folder / TEACHERS).mkdir(parents=True, exist_ok=True)
    chapters = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for path in chapters:
        notebook = json.loads(path.read_text("utf-8"))
        text = json.dumps(edition(notebook), ensure_ascii=False, indent=1)
        (folder / path.name).write_text(f"{text}\n", "utf-8")
        (folder / TEACHERS / f"{path.stem}.md").write_text(notes(path.stem, notebook), "utf-8")
    (folder / TEACHERS / "README.md").write_text(lessons(), "utf-8")
    return [path.stem for path in chapters]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "class")
    folder = parser.parse_args(arguments).folder
    count = len(write(folder))
    print(f"{count} notebooks without solutions in {folder}, for teachers: {folder / TEACHERS}")


if __name__ == "__main__":
    main()
