"""Predictions and exercises in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Notebook
from workbook.lesson.kept import FILE, Given, Kept

Open = Callable[[str], Notebook]
Put = Callable[[str], str]


@pytest.fixture(scope="module")
def live(open_notebook: Open, fresh: Put) -> Notebook:
    """The notebook after Run All."""
    notebook = open_notebook(fresh("lesson_parts"))
    notebook.run_all()
    prediction(notebook).wait_for()
    return notebook


def prediction(notebook: Notebook) -> Locator:
    """The live prediction, which comes first."""
    return notebook.page.locator(".wb-predict[data-wb-ready]").first


def test_a_prediction_is_made_with_the_keyboard(live: Notebook) -> None:
    """Choose, say how sure, reveal: without a mouse, and the status says how it came out.

    What answers the question is covered before, and stands open afterwards.
    """
    box = prediction(live)
    covered = live.page.locator(".wb-explorer[data-wb-ready]")
    expect(covered.get_by_role("button", name="Open it without an answer")).to_be_visible()
    expect(covered).to_contain_text("Is 0.1 + 0.2 the same as 0.3?")
    printed = live.page.get_by_text("Both are rounded.", exact=True)
    for hidden in (covered.locator(".wb-figure"), covered.get_by_role("slider", name="seed")):
        expect(hidden).to_be_hidden()
    expect(printed).to_be_hidden()
    expect(box.get_by_role("button", name="Reveal")).to_be_disabled()
    box.get_by_role("radio").first.focus()
    for key in ("Space", "ArrowDown", "ArrowUp", "Tab", "ArrowRight", "ArrowRight", "Tab", "Enter"):
        live.page.keyboard.press(key)
    status = box.get_by_role("status")
    expect(status).to_contain_text("Not as you predicted: no, they differ")
    expect(status).to_contain_text("You were 70 % sure.")
    expect(status).to_contain_text("Each is rounded.")  # what speaks against the chosen option
    expect(box.get_by_role("button", name="Measure again")).to_be_focused()
    expect(printed).to_be_visible()
    for shown in (covered.locator(".wb-figure"), covered.get_by_role("slider", name="seed")):
        expect(shown).to_be_visible()
    expect(covered.get_by_role("button", name="Open it without an answer")).to_be_hidden()


def test_an_estimate_is_typed_and_kept(live: Notebook) -> None:
    """A range that is too wide is refused before it is measured; a fair one is, and it is kept."""
    box = live.page.locator(".wb-predict[data-wb-ready]").nth(1)
    reveal = box.get_by_role("button", name="Reveal")
    box.get_by_role("spinbutton", name="from").focus()
    live.page.keyboard.type("100")
    live.page.keyboard.press("Tab")
    live.page.keyboard.type("3000")
    expect(box).to_contain_text("A range may span a factor of 10 at most.")
    expect(reveal).to_be_disabled()
    box.get_by_role("spinbutton", name="from").fill("1000")
    reveal.press("Enter")
    expect(box.get_by_role("status")).to_contain_text("Your range covers it: 2,048")
    kept = Kept(live.lab.folder / FILE).read()
    assert kept["prediction", "steps"] == Given("prediction", "steps", True, 50)


def test_the_controls_have_names(live: Notebook) -> None:
    """The options stand in a group named by the question; the slider says what it is."""
    box = prediction(live)
    group = box.get_by_role("group", name="Is 0.1 + 0.2 the same as 0.3?")
    expect(group.get_by_role("radio")).to_have_count(2)
    expect(box.get_by_role("slider", name="How sure are you?")).to_have_count(1)


def test_a_loop_is_told_and_the_next_cell_works(live: Notebook) -> None:
    """An untouched stub, a loop that never ends, and a right answer, one after the other."""
    outputs = live.page.locator(".jp-RenderedHTMLCommon.jp-OutputArea-output")
    expect(outputs.get_by_text("Not attempted: one")).to_be_visible()
    expect(outputs.get_by_text("Your code was still running after 1 second ")).to_be_visible()
    expect(outputs.get_by_text("Passed: one")).to_be_visible()
    assert live.kernel_complaints() == []


def test_covered_texts_open_without_a_kernel(open_notebook: Open, committed: Put) -> None:
    """In a notebook that nobody has run here, the answer and the hint are closed, and open."""
    notebook = open_notebook(committed("lesson_parts"))
    shown = notebook.page.locator(".jp-OutputArea-output")
    covered = ("None of them is finite in base 2.", "It is less than 2.")
    for words in covered:
        expect(shown.get_by_text(words)).to_be_hidden()
    for title in ("Decide first, then open the measured answer", "Hint 1 of 1"):
        shown.get_by_text(title).first.click()
    for words in covered:
        expect(shown.get_by_text(words)).to_be_visible()
