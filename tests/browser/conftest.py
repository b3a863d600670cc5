"""A real JupyterLab, and Chromium to open notebooks in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page

from notebooks.build import built, generate
from tests.browser import chromium
from tests.browser.lab import Lab, Notebook, started

SOURCES = Path(__file__).parent / "notebooks"


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


@pytest.fixture
def open_notebook(page: Page, lab: Lab) -> Iterator[Callable[[str], Notebook]]:
    """Open a notebook that lies in the server's folder; its kernel ends with the test."""
    yield lambda name: Notebook(page, lab, name).open()
    page.goto("about:blank")
    lab.stop_kernels()


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
