"""The explorer in a real JupyterLab: keyboard, safety of the cells, and no kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from chapters.build import VIEW, strip
from tests.browser.lab import Lab, Notebook

Open = Callable[[str], Notebook]
Put = Callable[[str], str]

OPENING = "seed=0 dtype=float32 trials=100 up rising=False size=10."


@pytest.fixture(scope="module")
def run_once(open_notebook: Open, fresh: Put) -> Notebook:
    """The notebook with every control, run."""
    notebook = open_notebook(fresh("every_control"))
    notebook.run_all()
    expect(explorer(notebook)).to_be_visible()
    return notebook


@pytest.fixture
def live(run_once: Notebook) -> Notebook:
    """The same page with every control as it opened."""
    box = explorer(run_once)
    run_once.settle()
    box.get_by_role("button", name="Reset").click()
    run_once.settle()
    expect(box.get_by_role("status")).to_contain_text(OPENING)
    expect(figure(box)).to_have_attribute("alt", re.compile(OPENING))
    return run_once


def explorer(notebook: Notebook) -> Locator:
    """The explorer's box, once its script has taken hold."""
    box: Locator = notebook.page.locator(".wb-explorer[data-wb-ready]")
    return box


def figure(box: Locator) -> Locator:
    """The explorer's picture."""
    return box.locator("img")


def picture(image: Locator) -> str:
    """Give the pixels of the picture, wherever in the page it stands."""
    pixels: str = image.evaluate(PIXELS)
    return pixels


PIXELS = """async image => {
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL();
}"""
CORNER = """image => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.drawImage(image, 0, 0);
  return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""


def test_the_figure_is_drawn_in_the_theme_of_the_page(live: Notebook) -> None:
    """In the dark theme its paper is dark and it is seen; back in the light one it is white."""
    for dark, paper in ((True, [33, 33, 33]), (False, [255, 255, 255])):
        live.theme(dark)
        corner = f"({CORNER})(document.querySelector('.wb-explorer img'))"
        live.page.wait_for_function(f"{corner}.join() === '{','.join(map(str, paper))}'")
        expect(figure(explorer(live))).to_be_visible()
        assert figure(explorer(live)).evaluate(CORNER) == paper


def test_a_narrow_page_has_a_narrow_figure(live: Notebook) -> None:
    """In a narrow window the figure is drawn for it, so that its texts keep their size."""
    page, wide = live.page, live.page.viewport_size
    natural = "document.querySelector('.wb-explorer img').naturalWidth"
    shown = "document.querySelector('.wb-explorer img').clientWidth"
    page.set_viewport_size({"width": 760, "height": 900})
    page.wait_for_function(f"{shown} < 500 && Math.abs({natural} / 1.5 / {shown} - 1) < 0.1")
    page.set_viewport_size(wide)
    page.wait_for_function(f"{natural} === 1020")
    live.settle()
    assert live.kernel_complaints() == []


def test_a_key_on_a_slider_changes_verdict_and_figure(live: Notebook) -> None:
    """Three presses of the right arrow move the seed to 3, in words and in the picture."""
    box = explorer(live)
    status = box.get_by_role("status")
    expect(status).to_contain_text("seed=0 ")
    before = picture(figure(box))
    box.get_by_role("slider", name="seed").focus()
    for _ in range(3):
        live.page.keyboard.press("ArrowRight")
    expect(status).to_contain_text("seed=3 ")
    expect(figure(box)).to_have_attribute("alt", re.compile("seed=3 "))
    assert picture(figure(box)) != before
    assert live.kernel_complaints() == []
    assert live.console == []


def test_a_live_figure_has_no_words_of_the_opening_settings(live: Notebook) -> None:
    """What is printed for readers without a kernel goes while the explorer is live."""
    expect(live.page.get_by_text("With the opening settings")).to_be_hidden()


def test_every_control_is_reached_by_its_name(live: Notebook) -> None:
    """Every control has the accessible name that its label shows."""
    box = explorer(live)
    for role, names in {
        "slider": ("seed", "size", "trials"),
        "combobox": ("dtype", "device", "order"),
        "checkbox": ("rising",),
        "button": ("Reset",),
    }.items():
        for name in names:
            expect(box.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]


def test_command_keys_leave_the_cells_alone(live: Notebook) -> None:
    """On every kind of control, Lab's command-mode keys change no cell and move no selection."""
    pressed = live.press_command_keys(explorer(live))
    assert pressed == {"slider", "select", "checkbox", "button", "summary", "number"}


def test_arrows_choose_in_a_menu(live: Notebook) -> None:
    """The down arrow on a menu picks the next entry."""
    box = explorer(live)
    box.get_by_role("combobox", name="order").focus()
    live.page.keyboard.press("ArrowDown")
    expect(box.get_by_role("status")).to_contain_text(" down ")


def test_reset_returns_to_the_opening(live: Notebook) -> None:
    """Reset puts every control back, in words and in the picture."""
    box = explorer(live)
    before = picture(figure(box))
    box.get_by_role("checkbox", name="rising").check()
    expect(box.get_by_role("status")).to_contain_text("rising=True")  # as a reader waits
    box.get_by_role("slider", name="seed").press("End")
    expect(box.get_by_role("status")).to_contain_text("seed=99 ")
    box.get_by_role("button", name="Reset").click()
    expect(box.get_by_role("status")).to_contain_text("seed=0 ")
    expect(box.get_by_role("checkbox", name="rising")).not_to_be_checked()
    expect(figure(box)).to_have_attribute("alt", re.compile(OPENING))  # not the second picture's
    assert picture(figure(box)) == before


def test_an_error_in_a_measurement_is_shown(live: Notebook) -> None:
    """A setting that cannot be measured says so in the page; the next one clears it."""
    box = explorer(live)
    slider = box.get_by_role("slider", name="size")
    for _ in range(3):
        slider.press("ArrowRight")
    expect(box.get_by_role("alert")).to_contain_text("size is not 13, got 13")
    slider.press("ArrowLeft")
    expect(box.get_by_role("alert")).to_be_empty()
    expect(box.get_by_role("status")).to_contain_text("size=12.")


def test_a_measurement_that_takes_long_is_announced(live: Notebook) -> None:
    """Until it is done, the page says that its figure is of the last settings, and not after."""
    box = explorer(live)
    busy = box.locator(".wb-busy")
    expect(busy).to_be_empty()
    box.get_by_role("slider", name="trials").press("Home")
    expect(busy).to_contain_text("The figure still shows the last settings.")
    expect(box.get_by_role("status")).to_contain_text("trials=100 ")
    (live.lab.folder / "go_on").touch()
    expect(busy).to_be_empty()
    expect(box.get_by_role("status")).to_contain_text("trials=10 ")


def test_nothing_leaves_this_machine(live: Notebook) -> None:
    """Opening and running a notebook asks no other host for anything."""
    assert live.foreign == []


def shows_its_figure(notebook: Notebook) -> None:
    """Hold that the page shows a real picture and no error, and nothing is live."""
    image = notebook.page.locator(".jp-OutputArea-output img")
    expect(image).to_have_count(1)
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 300
    expect(notebook.page.get_by_text("Error displaying widget")).to_have_count(0)
    expect(notebook.page.locator(".wb-explorer")).to_have_count(0)
    expect(notebook.page.get_by_text(OPENING).first).to_be_visible()


def test_a_committed_notebook_shows_its_figure(open_notebook: Open, committed: Put) -> None:
    """Before any cell is run, and without a kernel, the figure is there and no error."""
    notebook = open_notebook(committed("every_control"))
    shows_its_figure(notebook)
    assert notebook.console == []
    notebook.close_kernel()
    shows_its_figure(notebook)


def test_a_notebook_saved_from_lab_shows_its_figure(
    live: Notebook, lab: Lab, open_notebook: Open
) -> None:
    """What Lab saves shows its figure too, once stripped as `make notebooks` does."""
    live.save()
    saved = nbformat.read(lab.folder / live.name, 4)
    assert any(VIEW in data for data in bundles(saved))
    strip(saved)
    assert not any(VIEW in data for data in bundles(saved))
    nbformat.write(saved, lab.folder / "saved.ipynb")
    shows_its_figure(open_notebook("saved.ipynb"))


def bundles(notebook: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Every output's data."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.get("data", {}) for output in outputs]
