"""One notebook, run cell by cell in forks of this process: `python -m workbook.notebook.session`.

Owns the reading of the file, the running of its cells, and the answer: is it another one in the
order in which its cells last ran, and does it repeat? WORKBOOK_RUN names the folder with
`plan.json`, which takes `answer.json`.
"""

import json
import os
import re
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.session import Unusable
from workbook.diagnosis.target import Subject
from workbook.diagnosis.targets.explained import answered, causes_of, none
from workbook.diagnosis.targets.function import Function
from workbook.notebook.names import code, held, shown

_LINES = re.compile(r"^\s*[%!]|^\s*\?|\?\s*$")
# What to do, where a cause's own words speak of calls, and a notebook has cells.
FIXES = {
    "module-state": "Restart the kernel and run all cells from top to bottom; let each cell make "
    "what it changes, so that running it again changes nothing.",
    "generator-shift": "Set the seed in each cell that draws.",
    "input-mutated": "Work on a copy (x.clone()) in the cell, or use the out-of-place operation.",
}
_KEPT_MAGICS = ("%%time", "%%capture")  # the cell below them runs


@dataclass(frozen=True)
class Cell:
    """A code cell: its place among the code cells from 1, its source, and when it last ran."""

    number: int
    source: str
    count: int | None


def read(path: Path) -> tuple[list[Cell], list[str]]:
    """Read the code cells of a notebook, and what is left out; Unusable where it is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = [cell for cell in data["cells"] if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError):
        raise Unusable(f"{path.name} is no notebook of format 4") from None
    language = data.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    if language != "python":
        raise Unusable(f"its kernel speaks {language}; only Python can be diagnosed")
    cells, left = [], []
    for number, row in enumerate(rows, start=1):
        source, out = _plain("".join(row["source"]))
        left += [f"{line} (cell {number})" for line in out]
        if source.strip():
            cells.append(Cell(number, source, row.get("execution_count")))
    if not cells:
        raise Unusable(f"{path.name} has no code")
    return cells, left


def _plain(source: str) -> tuple[str, list[str]]:
    """Take magics and shell lines out of a cell; another cell magic takes all of it out."""
    lines = source.splitlines()
    first = lines[0].strip() if lines else ""
    if first.startswith("%%") and not first.startswith(_KEPT_MAGICS):
        return "", [first]
    out = [line.strip() for line in lines if _LINES.match(line)]
    return "\n".join("" if _LINES.match(line) else line for line in lines), out


def stored_order(cells: list[Cell]) -> list[int]:
    """Give the cells by the order in which they last ran; those that never ran are left out."""
    ran = [cell for cell in cells if cell.count is not None]
    return [cell.number for cell in sorted(ran, key=lambda cell: cell.count or 0)]


class Runs:
    """The runs of a notebook: each is a fork that goes through some cells in some order."""

    def __init__(self, cells: list[Cell]) -> None:
        self.cells = {cell.number: cell for cell in cells}

    def body(self, plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the cells that the plan names, and give what each of them changed."""
        quiet = Config({"HistoryManager": {"enabled": False}})
        InteractiveShell.clear_instance()
        shell = InteractiveShell.instance(config=quiet)
        hidden = frozenset(shell.user_ns)
        values: dict[str, Any] = {}
        rows: list[dict[str, Any]] = []
        known: dict[str, str] = {}
        for number in map(int, plan.variants or map(str, self.cells)):
            shell.execution_count = number  # names the cell in tracebacks and places
            result = shell.run_cell(self.cells[number].source)  # type: ignore[no-untyped-call]
            error = result.error_before_exec or result.error_in_exec
            if error is not None:
                rows.append({"cell": number, "raised": f"{type(error).__name__}: {error}"})
                break
            now = held(shell.user_ns, hidden)
            codes = {name: code(content) for name, content in now.items()}
            changed = [name for name in codes if known.get(name) != codes[name]]
            known = codes
            rows.append(
                {
                    "cell": number,
                    "changed": {name: codes[name] for name in changed},
                    "shown": {name: shown(now[name]) for name in changed},
                }
            )
            values |= {f"cell {number}: {name}": now[name] for name in changed}
        return values, {"cells": rows}


class Part(NamedTuple):
    """The cell in which two runs part: a name in it, how each run has it, and other such names."""

    cell: int
    name: str
    ours: str
    theirs: str
    others: tuple[str, ...] = ()

    @property
    def more(self) -> str:
        """Say which other names differ there."""
        return f" ({', '.join(self.others)} differ there, too)" if self.others else ""


def parted(ours: Run, theirs: Run) -> Part | None:
    """Find the first cell, in the order of the first run, that changes a name in another way."""
    others = {row["cell"]: row for row in theirs.data.get("cells", ())}
    for row in ours.data.get("cells", ()):
        other = others.get(row["cell"])
        if other is None or "raised" in row or "raised" in other:
            first, second = (r.get("raised", "no error") if r else "not run" for r in (row, other))
            if first != second:
                return Part(row["cell"], "", first, second)
            continue
        every = dict.fromkeys((*row["changed"], *other["changed"]))
        names = [n for n in every if row["changed"].get(n) != other["changed"].get(n)]
        if names:
            first, second = (r["shown"].get(names[0], "not changed") for r in (row, other))
            return Part(row["cell"], names[0], first, second, tuple(names[1:]))
    return None


def diagnosed(forks: Forks, cells: list[Cell]) -> Answer:
    """Give the answer for one notebook."""
    plan = Plan((0,), ())
    first = forks.run(plan)
    if raised := next((r for r in first.data.get("cells", ()) if "raised" in r), None):
        raise Unusable(f"run from top to bottom, cell {raised['cell']} raises {raised['raised']}")
    if "cells" not in first.data:
        raise Unusable(f"running it {first.outcomes[0].get('raised', 'gave nothing')}")
    calm = Function(forks)
    other = _other_order(forks, calm, cells)
    second = forks.run(plan, again=True)
    part = parted(first, second)
    forks.tell(f"twice from top to bottom: {'other values' if part else 'the same values'}")
    if part:
        forks.note(_sentence("run twice from top to bottom", part))
    search, base = calm.find()
    rows = [other] if other else []
    if search is not None:
        rows += causes_of(calm, search, base)
    rows = [replace(row, fix=FIXES.get(row.cause, row.fix)) for row in rows]
    return answered(forks, rows if rows or search is not None else [none()])


def _other_order(forks: Forks, calm: Function, cells: list[Cell]) -> Found | None:
    """Say whether the order in which the cells last ran gives other values than top to bottom."""
    order = stored_order(cells)
    counts = sorted(cell.count for cell in cells if cell.count is not None)
    if not order:
        forks.note("The file holds no execution counts: in which order its cells ran is not known.")
        return None
    if counts != list(range(1, len(counts) + 1)):
        forks.note("The stored counts have gaps: cells ran more often than the file can tell.")
    if order == [cell.number for cell in cells if cell.count is not None]:
        forks.tell("the stored execution counts: in the order of the file")
        return None
    plain = forks.run(calm.plan())
    moved = forks.run(calm.plan(variants=tuple(map(str, order))))
    part = parted(plain, moved)
    forks.tell(f"in the order of the stored counts ({order}): {'other values' if part else 'same'}")
    if part is None:
        return None
    evidence = (
        f"from top to bottom {part.name or 'it'} is {part.ours}, in the order in which the cells "
        f"last ran ({', '.join(map(str, order))}) it is {part.theirs}{part.more}; generators, "
        "clock and files were held."
    )
    place = f"cell {part.cell}, {part.name}" if part.name else f"cell {part.cell}"
    return Found("module-state", place, evidence, "")


def _sentence(how: str, part: Part) -> str:
    return (
        f"The first cell that differs, {how}, is cell {part.cell}: {part.name or 'it'} is "
        f"{part.ours} and {part.theirs}{part.more}."
    )


def named(text: str) -> str:
    """Call IPython's files by the cells that they are."""
    return re.sub(r"<?ipython-input-(\d+)-[0-9a-f]+>?:(\d+)", r"cell \1, line \2", text)


def main() -> None:
    """Diagnose the notebook that the plan names, and leave the answer."""
    folder = Path(os.environ["WORKBOOK_RUN"])
    plan = json.loads((folder / "plan.json").read_text())
    path = Path(plan["node"])
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    name = path.name
    forks = None
    try:
        cells, left = read(path)
        subject = Subject("notebook", nodes=(name,))
        forks = Forks(subject, Runs(cells).body, folder / "forks", plan["deadline"])
        if left:
            forks.note(f"Left out, as they are no Python: {', '.join(left[:4])}.")
        answer = diagnosed(forks, cells)
    except Unusable as problem:
        tried = tuple(forks.tried) if forks else ()
        notes = (f"{name} could not be diagnosed: {problem}.",)
        answer = Answer(name, "unknown", (), tried, notes, usable=False)
    except OutOfTime:
        notes = (f"{name} was not diagnosed to the end: the time is used up.",)
        answer = Answer(name, "unknown", (), tuple(forks.tried if forks else ()), notes)
    text = named(json.dumps({"answer": asdict(answer)}, ensure_ascii=False))
    (folder / "answer.json").write_text(text)


if __name__ == "__main__":
    main()
