"""A real JupyterLab, and Chromium to open notebooks in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from chapters.build import built, generate
from tests.browser import chromium
from tests.browser.lab import Lab, Notebook, started

collect_ignore = ["notebooks"]  # sources of notebooks, no tests
SOURCES = Path(__file__).parent / "notebooks"
expect.set_options(timeout=1_800_000)  # a shared machine stalls; a test that passes does not wait


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that was found; without one a skip, and in CI a failure."""
    found = chromium.executable()
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.ABSENT)
    return {**browser_type_launch_args, "executable_path": str(found), "args": chromium.FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A window wide and high enough for a figure and its controls."""
    return {**browser_context_args, "viewport": {"width": 1280, "height": 1000}}


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One server for all browser tests."""
    with started(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def idle(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[list[Any]]:
    """Give pages with Lab and nothing open in it; they share what the browser keeps of scripts."""
    context = browser.new_context(**browser_context_args)
    pages: list[Any] = [context.new_page()]
    yield pages
    context.close()


@pytest.fixture(scope="module")
def open_notebook(idle: list[Any], lab: Lab) -> Iterator[Callable[[str], Notebook]]:
    """Open a notebook of the server's folder in a page of its own; kernels end with the module."""
    opened = []

    def open_one(name: str) -> Notebook:
        page = idle.pop() if idle else opened[0].page.context.new_page()
        opened.append(Notebook(page, lab, name))
        return opened[-1].open()

    yield open_one
    for notebook in opened:
        notebook.leave()
        idle.append(notebook.page)


@pytest.fixture(scope="session")
def fresh(lab: Lab) -> Callable[[str], str]:
    """Put a source from the folder beside this one into the server's, as a notebook not yet run."""

    def put(name: str) -> str:
        nbformat.write(generate(SOURCES / f"{name}.py"), lab.folder / f"{name}.ipynb")
        return f"{name}.ipynb"

    return put


@pytest.fixture(scope="session")
def committed(lab: Lab) -> Callable[[str], str]:
    """The same, run and stripped as `make notebooks` leaves what is committed."""

    def put(name: str) -> str:
        notebook = built(SOURCES / f"{name}.py", lab.folder)
        nbformat.write(notebook, lab.folder / f"{name}-committed.ipynb")
        return f"{name}-committed.ipynb"

    return put
