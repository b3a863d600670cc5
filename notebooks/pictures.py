"""Whether a picture in a notebook is the one that `plots` draws from the data kept beside it.

Owns the comparison of two PNGs of one result. Knows nothing of notebooks.

Another machine may move an edge: a coordinate that lies half way between two pixels is rounded up
by one processor and down by another, so that an edge lies one pixel further, never two. So each
pixel of either picture must have a color between those of the nine pixels around the same place of
the other. Texts may go further where the PNG says that another font rasterizer drew it: one that
hints otherwise makes a text up to 3 % longer or shorter, which is the room that `plots` leaves.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from PIL import Image

from workbook import plots
from workbook.result import Result

STRETCH = 0.03
Box = tuple[int, int, int, int]  # left, top, right, foot in pixels


def differing(committed: bytes, result: Result) -> int:
    """Count the pixels of a PNG that no machine draws from this result; 0 if it is its picture.

    A PNG of another size differs in every pixel. ValueError for bytes that are no picture.
    """
    with _texts() as boxes:
        drawn, here = _read(plots.static(result))
    try:
        shown, there = _read(committed)
    except OSError as error:
        raise ValueError(f"its picture cannot be read: {error}") from error
    if shown.shape != drawn.shape:
        return int(shown.shape[0] * shown.shape[1])
    if np.array_equal(shown, drawn):
        return 0
    strange = _strange(shown, drawn, 1)
    if here != there:
        height, width, _ = drawn.shape
        chart = height * plots.HEIGHT // plots.STATIC_SIZE["height"]
        texts = [box for tall, box in boxes if tall == chart]
        for box in [*texts, (0, chart, width, height)]:
            reach = 1 + math.ceil(STRETCH * (box[2] - box[0]))
            left, top, right, foot = _grown(box, reach, drawn.shape)
            place = slice(top, foot), slice(left, right)
            strange[place] = _strange(shown[place], drawn[place], reach)
    return int(strange.sum())


def _read(png: bytes) -> tuple[Any, str | None]:
    """Read the pixels as rows of red, green and blue, and what drew them."""
    picture = Image.open(io.BytesIO(png))
    return np.asarray(picture.convert("RGB")), picture.info.get("Software")


def _strange(first: Any, second: Any, across: int, down: int = 1) -> Any:
    """Mark the pixels of either whose color lies outside those around it in the other."""
    strange: Any = np.zeros(first.shape[:2], dtype=bool)
    for one, other in ((first, second), (second, first)):
        low, high = (_around(other, pick, across, down) for pick in (np.minimum, np.maximum))
        strange |= ((one < low) | (one > high)).any(axis=2)
    return strange


def _around(pixels: Any, pick: np.ufunc, across: int, down: int) -> Any:
    """Take the least or the greatest color, channel by channel, up to so many pixels away."""
    for axis, reach in ((0, down), (1, across)):
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
def _texts() -> Iterator[list[tuple[int, Box]]]:
    """Note where texts are drawn, whoever draws them, with the height of their canvas."""
    boxes: list[tuple[int, Box]] = []
    draw_text: Any = RendererAgg.draw_text

    def noting(
        self: Any, gc: Any, x: float, y: float, text: str, font: Any, *more: Any, **named: Any
    ) -> None:
        width, height, descent = self.get_text_width_height_descent(text, font, False)
        ends = x, y + descent - height, x + width, y + descent
        box = (*map(math.floor, ends[:2]), *map(math.ceil, ends[2:]))
        boxes.append((int(self.height), box))
        draw_text(self, gc, x, y, text, font, *more, **named)

    with mock.patch.object(RendererAgg, "draw_text", noting):
        yield boxes
