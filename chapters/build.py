"""Make the notebooks from their sources, or check that they are what their sources make.

    python chapters/build.py [NAME ...]            run the sources, write the notebooks
    python chapters/build.py --check [NAME ...]    run the sources, compare with the notebooks

A source is `chapters/src/NAME.py` in jupytext's percent format. The notebook keeps its outputs, so
that it reads well where no kernel runs, but no widget: a view without its kernel shows an error in
JupyterLab, and the figure beside it is what such a reader should see.

nbval compares the text of the notebooks. `drift` looks at the rest: sources, figures, widgets.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets.config import Config

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parent / "notebooks"
if not __package__:  # run as a file: its neighbors are found from the root
    sys.path.insert(0, str(HERE.parent))

from chapters import plan
from chapters.drift import VIEW, differences
from workbook.lesson.contents import contents, is_optional, needed, sections

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

LONGEST_CELL = 15
LONGEST_MEDIAN = 4
# What answers a prediction: a cell with the tag `answer`, or an explorer that names the prediction.
ANSWERS = re.compile(r"\bexplore\([^)]*\bafter=")
ASKS = re.compile(r"^(predict|claim)\(", re.MULTILINE)
FOLDED = "<details><summary>After your answer: what it shows, and why</summary>"
REASON = re.compile(r"reason:[a-z0-9]+(-[a-z0-9]+)+")


def generate(source: Path) -> NotebookNode:
    """Make the notebook of a source, not yet run.

    A cell's id comes from its text: it stays when cells are put in before it. What answers a
    prediction is folded, by what JupyterLab keeps for that: until it is run here, it shows "…".
    Prose with the tag `answer` is folded, too, wherever it is read, and opens at a click.
    `{minutes}` in the first cell becomes what `contents` counts, `{optional}` what is optional of
    all, `{section}` those of an optional section, `{path}` anywhere the list of sections that
    make the short way through all chapters.
    """
    notebook = jupytext.read(source, fmt="py:percent")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace("{path}", plan.listed(plan.PATH))
            if "answer" in cell.metadata.get("tags", []):
                cell.source = f"{FOLDED}\n\n{cell.source}\n\n</details>"
    _state_minutes(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()
        count = 0
        while (cell_id := f"{digest[:8]}" + (f"-{count}" if count else "")) in taken:
            count += 1
        taken.add(cell_id)
        cell.id = cell_id
        if answers(cell):
            cell.metadata["jupyter"] = {"outputs_hidden": True}
    return notebook


def _state_minutes(notebook: NotebookNode) -> None:
    """Write minutes: the chapter's, those of all that is optional, and those of such a section."""
    whole, least = contents(notebook.cells), contents(needed(notebook.cells))
    title = notebook.cells[0]
    title.source = title.source.replace("{minutes}", f"{least.minutes}")
    title.source = title.source.replace("{optional}", f"{whole.minutes - least.minutes}")
    for section in filter(is_optional, sections(notebook.cells).values()):
        cell = next(cell for cell in notebook.cells if "{section}" in cell.source)
        minutes = round(contents(section).exact)
        told = f"{minutes} minute{'s' * (minutes != 1)}"
        cell.source = cell.source.replace("{section}", told, 1)


def answers(cell: NotebookNode) -> bool:
    """Say whether the cell's output answers a prediction that stands above it."""
    if cell.cell_type != "code":
        return False
    return "answer" in cell.metadata.get("tags", []) or bool(ANSWERS.search(cell.source))


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run every cell in `folder` and keep the outputs; the first cell that fails raises.

    What whoever builds has answered does not show. Where there are sockets with a path, the kernel
    gets those: a port that is free now may be another program's when the kernel has started.
    """
    with tempfile.TemporaryDirectory() as place:
        ipc = {"transport": "ipc", "ip": str(Path(place, "kernel"))}  # else below each one's folder
        sockets = Config() if os.name == "nt" else Config(KernelManager=ipc)
        NotebookClient(
            notebook,
            timeout=None,  # a cell that never ends is interrupted by whoever waits for it
            startup_timeout=3600,
            kernel_name="python3",
            store_widget_state=False,
            record_timing=False,
            coalesce_streams=True,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # no word on how it talks to us
            resources={"metadata": {"path": str(folder)}},
            config=sockets,
        ).execute(env={**os.environ, "WORKBOOK_ANSWERS": "off"})


def strip(notebook: NotebookNode) -> None:
    """Take out what only a live kernel can show, and what differs from run to run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(VIEW, None)
        if "outputs" in cell:
            cell.outputs = [o for o in cell.outputs if o.get("data") != {}]


def built(source: Path, folder: Path) -> NotebookNode:
    """Make the notebook as readers open it: generated, run in `folder`, stripped."""
    notebook = generate(source)
    execute(notebook, folder)
    strip(notebook)
    return notebook


def lint(notebook: NotebookNode) -> list[str]:
    """List what a chapter does against the rules in CONTRIBUTING.md, one sentence each."""
    problems = []
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        problems.append("its first cell is not a title")
    lengths = []
    for number, cell in enumerate(notebook.cells):
        if re.search(r"\bsimply\b", cell.source, re.IGNORECASE):
            problems.append(f"cell {number}: nothing is simple to everybody; leave out 'simply'")
        if cell.cell_type != "code":
            if cell.source.startswith(FOLDED) and re.search(r"^#", cell.source, re.MULTILINE):
                problems.append(f"cell {number}: a heading is folded; give it a cell of its own")
            continue
        above = notebook.cells[number - 1].source
        if ASKS.search(above) and not ASKS.search(cell.source) and not answers(cell):
            problems.append(f"cell {number}: it answers what cell {number - 1} asks; cover it")
        lengths.append(sum(1 for line in cell.source.splitlines() if line.strip()))
        if lengths[-1] > LONGEST_CELL:
            problems.append(f"cell {number}: {lengths[-1]} lines, at most {LONGEST_CELL}")
        problems += [f"cell {number}: {text}" for text in _lint_of_code(cell)]
    if lengths and statistics.median(lengths) > LONGEST_MEDIAN:
        problems.append(f"half of its code cells have over {LONGEST_MEDIAN} lines")
    return problems


def _lint_of_code(cell: NotebookNode) -> list[str]:
    tags = cell.metadata.get("tags", [])
    problems = []
    if re.search(r"#\s*NBVAL_|#\s*PYTEST_VALIDATE", cell.source):
        problems.append("nbval's marks are tags, not comments")
    if "nbval-skip" in tags:
        problems.append("nbval-skip would leave the cell unrun; use nbval-ignore-output")
    if "nbval-ignore-output" in tags and not any(REASON.fullmatch(tag) for tag in tags):
        problems.append("nbval-ignore-output needs a reason beside it, such as reason:names-a-date")
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            problems.append("something was written to stderr")
        printed = output.text.partition("\n")[0] if output.output_type == "stream" else ""
        if answers(cell) and printed not in cell.source:
            problems.append("JupyterLab shows its first line beside the cover: print a label")
        if output.output_type == "error" and "raises-exception" not in tags:
            problems.append(f"it raised {output.ename}")
    return problems


def build(name: str, check: bool) -> list[str]:
    """Run one source, then write its notebook or compare; what is wrong, one sentence each."""
    target = NOTEBOOKS / f"{name}.ipynb"
    try:
        fresh = built(HERE / "src" / f"{name}.py", NOTEBOOKS)
    except CellExecutionError as error:
        return [str(error)]
    if not check:
        nbformat.write(fresh, target)
        return lint(fresh)
    if not target.exists():
        return ["it was never made: run make notebooks"]
    return differences(nbformat.read(target, 4), fresh) + lint(fresh)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="such as 01_precision; all if none"
    )
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    sources = sorted(path.stem for path in (HERE / "src").glob("*.py"))
    names = [Path(name).stem for name in options.names] or sources
    if unknown := sorted(set(names) - set(sources)):
        parser.error(f"chapters/src has no {', '.join(unknown)}; it has {', '.join(sources)}")
    started = time.perf_counter()
    wrong = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pool.map(partial(build, check=options.check), names)
        for name, problems in zip(names, found, strict=True):
            wrong += bool(problems)
            verdict = "is what its source makes" if options.check else "written"
            print(f"notebooks/{name}.ipynb:", *(problems or [verdict]), sep="\n  ", flush=True)
    if options.check:
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            if path.stem not in sources:
                wrong += 1
                print(f"notebooks/{path.name}:\n  it has no source in chapters/src")
    print(f"{len(names)} notebooks in {time.perf_counter() - started:.0f} s, {wrong} with problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
