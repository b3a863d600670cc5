"""Whether a picture in a notebook is the one that `plots` draws from the data kept beside it.

Owns the comparison of two PNGs of one result. Knows nothing of notebooks.

Another machine may move an edge: a coordinate that lies half way between two pixels is rounded up
by one processor and down by another, so that an edge lies one pixel further, never two. So each
pixel of either picture must have a color between those of the nine pixels around the same place of
the other.

Where the PNG says that another version of matplotlib or FreeType drew it, more may move. Hinting
rounds the width of each letter to whole pixels, so that a text of n letters may be n / 2 pixels
longer, and its letters lighter. And the palette has room for 16 colors: which shades of edges it
keeps depends on the letters, so that a shade counts as its neighbor. Two colors are one shade where
they are nearer than half the way from the paper to the palest fill.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from threading import Lock
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from workbook import plots
from workbook.result import Result

SHADE = 25  # of 255: the palest fill is 51 darker than the paper in one channel
INK = 127  # a letter is there, or not
DRAWING = Lock()  # matplotlib's settings are one for all threads
Box = tuple[int, int, int, int]  # left, top, right, foot in pixels


def differing(committed: bytes, result: Result) -> int:
    """Count the pixels of a PNG that no machine draws from this result; 0 if it is its picture.

    A PNG of another size differs in every pixel. ValueError for bytes that are no picture.
    """
    with DRAWING, _texts() as boxes:
        drawn, here = _read(plots.static(result))
    try:
        shown, there = _read(committed)
    except OSError as error:
        raise ValueError(f"its picture cannot be read: {error}") from error
    if shown.shape != drawn.shape:
        return int(shown.shape[0] * shown.shape[1])
    if np.array_equal(shown, drawn):
        return 0
    strange = _strange(shown, drawn, slack=0 if here == there else SHADE)
    if here != there:
        for box, letters in boxes:
            reach = 1 + math.ceil(letters / 2)
            left, top, right, foot = _grown(box, reach, drawn.shape)
            place = slice(top, foot), slice(left, right)
            strange[place] = _strange(shown[place], drawn[place], reach, slack=INK)
        # No mark is thinner than two pixels, so that one that is missing leaves squares.
        strange = strange[1:, 1:] & strange[:-1, 1:] & strange[1:, :-1] & strange[:-1, :-1]
    return int(strange.sum())


def _read(png: bytes) -> tuple[Any, str | None]:
    """Read the pixels as rows of red, green and blue, and what drew them."""
    picture = Image.open(io.BytesIO(png))
    return np.asarray(picture.convert("RGB"), dtype=np.int16), picture.info.get("Software")


def _strange(first: Any, second: Any, across: int = 1, *, slack: int) -> Any:
    """Mark the pixels of either whose color lies outside those around it in the other."""
    strange: Any = np.zeros(first.shape[:2], dtype=bool)
    for one, other in ((first, second), (second, first)):
        low, high = (_around(other, pick, across) for pick in (np.minimum, np.maximum))
        strange |= ((one < low - slack) | (one > high + slack)).any(axis=2)
    return strange


def _around(pixels: Any, pick: np.ufunc, across: int) -> Any:
    """Take the least or the greatest color so many pixels across and one down, by channel."""
    for axis, reach in ((0, 1), (1, across)):
        size = pixels.shape[axis]
        places = np.arange(size)
        shifted = (np.clip(places + step, 0, size - 1) for step in range(-reach, reach + 1))
        pixels = reduce(pick, (pixels.take(place, axis) for place in shifted))
    return pixels


def _grown(box: Box, reach: int, shape: tuple[int, ...]) -> Box:
    left, top, right, foot = box
    ends = min(shape[1], right + reach), min(shape[0], foot + 1)
    return max(0, left - reach), max(0, top - 1), *ends


@contextmanager
def _texts() -> Iterator[list[tuple[Box, int]]]:
    """Note where texts are drawn: the place, and how many letters."""
    boxes: list[tuple[Box, int]] = []
    draw_text: Any = RendererAgg.draw_text

    def noting(
        self: Any, gc: Any, x: float, y: float, text: str, font: Any, *more: Any, **named: Any
    ) -> None:
        width, height, descent = self.get_text_width_height_descent(text, font, False)
        ends = x, y + descent - height, x + width, y + descent
        box = (*map(math.floor, ends[:2]), *map(math.ceil, ends[2:]))
        boxes.append((box, len(text)))
        draw_text(self, gc, x, y, text, font, *more, **named)

    with mock.patch.object(RendererAgg, "draw_text", noting):
        yield boxes
