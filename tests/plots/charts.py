"""Charts and pictures for the tests of plots."""

import io

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from workbook.chart import PARTS, Axis, Cell, Cells, Chart, Panel, Series
from workbook.plots import Drawing

TITLE = "Both sums are right, yet most elements differ: only the order changed."
LONG = (
    "Both sums are right within the bound that is derived for 10,000 terms, yet 7 in 10 elements "
    "differ: only the order of the additions changed, not one value at all."
)


def pixels(png):
    """A PNG as rows of red, green and blue."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def panel(*series, x=None, y=None, title=""):
    """A panel with fixed limits 0 to 10."""
    return Panel(x or Axis("x", 0, 10), y or Axis("y", 0, 10), tuple(series), title)


def chart(*series, **options):
    """A chart of one panel."""
    return Chart((panel(*series, **options),))


def bits(*rows, kinds=("sign", "exponent", "fraction")):
    """Rows of bits as cells: the first is a sign, then three exponent bits, then the fraction."""
    table = {
        f"row {number}": {
            str(n): Cell(bit.strip(), PARTS[(n > 0) + (n > 3)]) for n, bit in enumerate(row)
        }
        for number, row in enumerate(rows)
    }
    return Cells.of(table, dict(zip(PARTS, kinds, strict=False)))


def frames(drawing, scale=1.5):
    """Each panel's data area as last drawn: left, top, width, height in CSS pixels."""
    boxes = [(ax.bbox, ax.figure.bbox.y1) for ax in drawing._stage.axes]
    return [
        (box.x0 / scale, (top - box.y1) / scale, box.width / scale, box.height / scale)
        for box, top in boxes
    ]


def ink(png, frame, scale=1.5, beyond=0.0):
    """The dark pixels inside a frame, or up to `beyond` CSS pixels around it."""
    left, top, width, height = frame
    rows = slice(round((top - beyond) * scale), round((top + height + beyond) * scale))
    columns = slice(round((left - beyond) * scale), round((left + width + beyond) * scale))
    return pixels(png)[rows, columns].min(axis=2) < 200


def drawn(some_chart, title=TITLE, **options):
    """The picture's pixels and the drawing that made it."""
    drawing = Drawing(**options)
    return pixels(drawing.png(some_chart, title)), drawing


POINT = Series("a", (5.0,), (5.0,), "points")


def rgb(color):
    """A color's red, green and blue from 0 to 255."""
    return tuple(round(255 * part) for part in to_rgb(color))
