"""From a key press to the changed figure, in a real JupyterLab in Chromium.

The same experiment is shown twice in one notebook: by the explorer, and by ipywidgets'
interactive_output with inline matplotlib. Key presses alternate between the two, so that whatever
else the machine does slows both. Times end at the first animation frame whose picture differs.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import sync_playwright

from chapters.build import generate
from tests.browser import chromium
from tests.browser.lab import Notebook, started

PRESSES = 40
WARM_UP = 5
DRAG_STEPS, DRAG_GAP_MS = 15, 33
PLACES = {"explorer": ".wb-explorer", "interactive_output": ".wb-inline"}

# Watches one place of the page: a small copy of its picture is compared at every animation frame.
WATCH = """(place) => {
  const root = document.querySelector(place);
  const canvas = new OffscreenCanvas(96, 48);
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const look = () => {
    const image = root.querySelector('img');
    if (!image || !image.complete || !image.naturalWidth) return null;
    pen.drawImage(image, 0, 0, 96, 48);
    return pen.getImageData(0, 0, 96, 48).data.join();
  };
  const seen = { pressed: 0, before: look(), changes: [], heights: new Set(), blank: 0 };
  root.addEventListener('keydown', (event) => { seen.pressed = event.timeStamp; }, true);
  const frame = (now) => {
    const shown = look();
    seen.heights.add(Math.round(root.getBoundingClientRect().height));
    if (shown === null) seen.blank += 1;
    else if (shown !== seen.before) { seen.changes.push(now); seen.before = shown; }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  (window.wbSeen ??= {})[place] = seen;
}"""
SETTLED = "place => { const s = wbSeen[place]; return s.changes.some(t => t > s.pressed) }"
DELAY = """place => { const s = wbSeen[place];
  return s.changes.find(t => t > s.pressed) - s.pressed; }"""
AFTER_LAST = "place => { const s = wbSeen[place]; return s.changes.at(-1) - s.pressed; }"


def rows() -> Iterator[tuple[str, str, str]]:
    """What was measured, the figure, and the figure it is held against."""
    with tempfile.TemporaryDirectory() as home, started(Path(home)) as lab, sync_playwright() as p:
        source = Path(__file__).parent / "notebooks" / "latency.py"
        nbformat.write(generate(source), lab.folder / "latency.ipynb")
        browser = p.chromium.launch(executable_path=str(chromium.executable()), args=chromium.FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        received = _count_bytes(page)
        notebook = Notebook(page, lab, "latency.ipynb").open()
        notebook.run_all()
        for place in PLACES.values():
            page.locator(f"{place} img").wait_for(timeout=60_000)
        page.wait_for_timeout(1000)
        for place in PLACES.values():
            page.evaluate(WATCH, place)
        yield from _presses(page, received)
        yield from _drag(page)
        browser.close()


def _count_bytes(page: Any) -> list[int]:
    received: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    return received


def _presses(page: Any, received: list[int]) -> Iterator[tuple[str, str, str]]:
    delays: dict[str, list[float]] = {name: [] for name in PLACES}
    sizes: dict[str, list[int]] = {name: [] for name in PLACES}
    for count in range(WARM_UP + PRESSES):
        key = "ArrowRight" if count < 40 else "ArrowLeft"
        for name, place in PLACES.items():
            delay, size = _press(page, place, key, received)
            if count >= WARM_UP:
                delays[name].append(delay)
                sizes[name].append(size)
    medians = {name: statistics.median(times) for name, times in delays.items()}
    for name, times in delays.items():
        tail = statistics.quantiles(times, n=20)[-1]
        figure = f"median {medians[name]:.0f} ms, p95 {tail:.0f} ms, {max(times):.0f} ms at most"
        goal = "median <= 60 ms on a quiet machine, p95 < 100 ms" if name == "explorer" else ""
        yield f"key press to figure, {name}", figure, goal
    ratio = medians["explorer"] / medians["interactive_output"]
    yield "explorer / interactive_output", f"{ratio:.2f}", "<= 0.35"
    for name, counts in sizes.items():
        goal = "<= 20 kB" if name == "explorer" else ""
        yield f"bytes an update, {name}", f"{statistics.median(counts) / 1000:.1f} kB", goal


def _press(page: Any, place: str, key: str, received: list[int]) -> tuple[float, int]:
    page.locator(f"{place} [role=slider]").first.focus()
    before = len(received)
    page.keyboard.press(key)
    page.wait_for_function(SETTLED, arg=place, timeout=20_000)
    delay = float(page.evaluate(DELAY, place))
    page.wait_for_timeout(150)
    return delay, sum(received[before:])


def _drag(page: Any) -> Iterator[tuple[str, str, str]]:
    """Fifteen steps as a held key sends them; the last value must be on screen soon after."""
    place = PLACES["explorer"]
    page.locator(f"{place} [role=slider]").first.focus()
    page.evaluate("place => { wbSeen[place].heights.clear(); wbSeen[place].blank = 0; }", place)
    for _ in range(DRAG_STEPS):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(DRAG_GAP_MS)
    page.wait_for_timeout(1500)
    after = float(page.evaluate(AFTER_LAST, place))
    yield "dragged through 15 values: last one shown after", f"{after:.0f} ms", "<= 150 ms"
    seen = page.evaluate("p => [wbSeen[p].heights.size, wbSeen[p].blank]", place)
    yield "heights of the explorer while dragged", str(seen[0]), "1"
    yield "frames without a figure while dragged", str(seen[1]), "0"
