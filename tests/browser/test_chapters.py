"""Every committed chapter in a real JupyterLab, as a reader meets it."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect

from chapters import build
from tests.browser.lab import Lab, Notebook

CHAPTERS = sorted(build.NOTEBOOKS.glob("*.ipynb"))
RUN_MS = 1_800_000


def calls(path: Path, *functions: str) -> int:
    """How many cells of a chapter call one of these functions."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return sum(any(f"{name}(" in cell.source for name in functions) for cell in cells)


def opened_by_answers(path: Path) -> int:
    """How many explorers of a chapter answer a prediction."""
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    return sum(bool(build.ANSWERS.search(cell.source)) for cell in cells)


def covered(path: Path) -> int:
    """How many cells of a chapter answer a prediction."""
    return sum(map(build.answers, nbformat.read(path, 4).cells))


def shown_by(path: Path) -> set[str]:
    """The functions that show a reader something live and that a chapter imports."""
    source = ast.parse((build.HERE / "src" / f"{path.stem}.py").read_text())
    return {
        name.name
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom)
        and node.module in {"workbook.explorer", "workbook.lesson"}
        for name in node.names
    }


def of_a_kind() -> list[Any]:
    """The chapters; `further` is who shows nothing live that an earlier one does not."""
    seen: set[str] = set()
    chapters = []
    for path in CHAPTERS:
        marks = [] if shown_by(path) - seen else [pytest.mark.further]
        seen |= shown_by(path)
        chapters.append(pytest.param(path, id=path.stem, marks=marks))
    return chapters


@pytest.fixture(scope="module")
def chapter(request: pytest.FixtureRequest, lab: Lab) -> Path:
    """A committed notebook, copied to where the server shows it."""
    path: Path = request.param
    shutil.copy(path, lab.folder)
    return path


@pytest.fixture
def notebook(chapter: Path, idle: list[Any], lab: Lab) -> Iterator[Notebook]:
    """The chapter, opened where the one before was."""
    page = idle.pop()
    notebook = Notebook(page, lab, chapter.name).open()
    yield notebook
    notebook.leave()
    idle.append(page)


@pytest.mark.parametrize("chapter", of_a_kind(), indirect=True)
def test_a_chapter_reads_well_then_runs(chapter: Path, notebook: Notebook) -> None:
    """Figures before the first run, answers under covers; after Run All it is live and safe.

    No error, no key that changes a cell, and an explorer that answers a question shows only that.
    """
    page = notebook.page
    explorers = page.locator(".wb-explorer[data-wb-ready]")
    figures = page.locator(".jp-RenderedImage img")
    covers = page.locator(".jp-OutputPlaceholder")
    expect(covers).to_have_count(covered(chapter))
    expect(figures).to_have_count(calls(chapter, "explore", "report") - opened_by_answers(chapter))
    for cover in covers.all()[::-1]:  # the last first: those above stay where they are
        cover.click()
    expect(figures).to_have_count(calls(chapter, "explore", "report"))
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(explorers).to_have_count(0)

    page.set_default_timeout(RUN_MS)
    notebook.run_all()
    notebook.settle()
    expect(covers).to_have_count(covered(chapter) - opened_by_answers(chapter))
    expect(explorers).to_have_count(calls(chapter, "explore"))
    shown = page.locator(".wb-explorer .wb-figure:visible")
    expect(shown).to_have_count(calls(chapter, "explore") - opened_by_answers(chapter))
    expect(page.locator(".wb-predict")).to_have_count(calls(chapter, "predict", "claim"))
    expect(page.locator(".jp-RenderedText[data-mime-type$=stderr]")).to_have_count(0)
    assert notebook.kernel_complaints() == []
    assert notebook.console == []
    assert notebook.foreign == []
    hints = page.locator(".jp-OutputArea-output:has(> details)")
    for box in (explorers, page.locator(".wb-predict"), hints):
        if box.count():
            notebook.press_command_keys(box.first)  # may choose an absent device: no complaint
