"""The fixtures themselves: a real JupyterLab that runs cells and hears what goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Notebook

Open = Callable[[str], Notebook]
Put = Callable[[str], str]


def test_run_all_reaches_every_cell(open_notebook: Open, fresh: Put) -> None:
    """Run All in a page that has just opened runs the last cell too."""
    notebook = open_notebook(fresh("plain_widgets"))
    notebook.run_all()
    expect(notebook.page.get_by_text("one cell below", exact=True).last).to_be_visible()
    assert notebook.kernel_complaints() == []


@pytest.mark.parametrize("dark", [False, True])
def test_theme(open_notebook: Open, fresh: Put, dark: bool) -> None:
    """A page can be looked at in Lab's light and in its dark theme."""
    notebook = open_notebook(fresh("plain_widgets"))
    notebook.theme(dark)
    color = notebook.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, color.strip("rgb()").split(","))) < 300) is dark


def test_an_unprotected_slider_loses_cells(open_notebook: Open, fresh: Put) -> None:
    """Lab's `x` on a stock slider cuts the cell: what the explorer protects its readers from."""
    notebook = open_notebook(fresh("plain_widgets"))
    notebook.run_all()
    before = notebook.cells()
    notebook.page.get_by_role("slider").focus()
    notebook.page.keyboard.press("x")
    expect(notebook.page.get_by_role("slider")).to_have_count(0)
    assert len(notebook.cells()) == len(before) - 1
