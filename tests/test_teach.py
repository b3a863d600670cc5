"""The edition for a class: what students get has no answer, what teachers get has all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chapters import plan, teach
from tests.causes.chapters import CASES, EXERCISES, PREDICTIONS
from workbook.lesson.contents import contents, source
from workbook.lesson.markup import inline
from workbook.question import Prediction


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edition, written once."""
    path = tmp_path_factory.mktemp("class")
    teach.write(path)
    return path


def students(folder: Path) -> str:
    """Everything that students can read, without a kernel."""
    texts = []
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            texts.append(source(cell))
            for output in cell.get("outputs", ()):
                shown = output.get("data", {"text": output.get("text", "")})
                texts += ["".join(text) for text in shown.values()]
    return "\n".join(texts)


def teachers(folder: Path) -> str:
    """Everything on the pages for teachers."""
    pages = sorted((folder / teach.TEACHERS).glob("*.md"))
    return "\n".join(page.read_text("utf-8") for page in pages)


def test_every_chapter_is_there(folder: Path) -> None:
    """Each chapter has its notebook and its page, and the lessons have one."""
    names = [path.stem for path in sorted(plan.NOTEBOOKS.glob("[0-9]*.ipynb"))]
    assert [path.stem for path in sorted(folder.glob("*.ipynb"))] == names
    pages = sorted((folder / teach.TEACHERS).iterdir())
    assert [path.stem for path in pages] == [*names, "README"]


def test_students_have_no_solution(folder: Path) -> None:
    """No solution, no case's lesson and no prediction's explanation is in the notebooks."""
    shown = students(folder)
    secrets = [each.solution.strip() for each in EXERCISES] + [each.lesson for each in CASES]
    secrets += [each.because for each in (*EXERCISES, *PREDICTIONS) if each.because]
    assert [text for text in secrets if text in shown or inline(text) in shown] == []


def test_the_notebooks_of_readers_have_them() -> None:
    """The same search finds solutions and explanations where they are covered, not left out."""
    shown = students(plan.NOTEBOOKS)
    for rows in (EXERCISES, CASES, PREDICTIONS):
        texts = [getattr(each, "because", "") or getattr(each, "lesson", "") for each in rows]
        assert any(inline(text) in shown for text in texts if text)


def test_students_have_the_rest(folder: Path) -> None:
    """Nothing else is gone: predictions, explorers, exercises and their hints."""
    for path in sorted(folder.glob("*.ipynb")):
        ours, theirs = (
            json.loads((place / path.name).read_text("utf-8"))["cells"]
            for place in (folder, plan.NOTEBOOKS)
        )
        assert contents(ours) == contents(theirs)
        assert sum("hint(" in source(cell) for cell in ours) == sum(
            "hint(" in source(cell) for cell in theirs
        )


def test_teachers_have_everything(folder: Path) -> None:
    """Solutions, foreseen wrong answers, what each wrong option tells of, who did it in a case."""
    pages = teachers(folder)
    notebooks = plan.NOTEBOOKS.glob("*.ipynb")
    shown = "\n".join(source(cell) for path in notebooks for cell in cells(path))
    for exercise in EXERCISES:
        if exercise.name.upper() in shown:
            assert exercise.solution.strip() in pages
            assert all(wrong.message in pages for wrong in exercise.wrong)
    for case in CASES:
        assert case.lesson in pages
    for each in PREDICTIONS:
        if each.name.upper() in shown and isinstance(each, Prediction):
            told = [option.feedback in pages for option in each.options]
            assert sum(told) >= len(told) - 1


def cells(path: Path) -> list[dict[str, object]]:
    """A notebook's cells."""
    found: list[dict[str, object]] = json.loads(path.read_text("utf-8"))["cells"]
    return found


@pytest.mark.uncounted
def test_what_is_left_passes_nbval(folder: Path) -> None:
    """A chapter of the edition runs, and what it still shows is what comes out."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "nbval",
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout=36000",
        "--nbval-kernel-startup-timeout=3600",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, str(folder / "03_autograd.ipynb")],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
