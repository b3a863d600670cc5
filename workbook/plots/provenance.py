"""The figure that stays in a notebook: a drawn chart, and below it where it was measured.

Owns the lines of provenance. Uses `Drawing` as everybody else does, and knows nothing of notebooks.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib import ft2font, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from workbook.plots.drawing import WIDTH, Drawing, size_for

if TYPE_CHECKING:  # what it needs takes a second to import
    from workbook.result import Result

Pixels = NDArray[np.uint8]
LINE = 20  # CSS pixels: the height of a line of provenance
EDGE = 8
POINTS = 9.0
SOFT, PAPER = "#595959", "#ffffff"  # 7:1


def static(result: Result) -> bytes:
    """Draw a result for readers without a kernel: a PNG of `static_size` CSS pixels.

    It is opaque and light, so that it reads on any page, and it says LIVE, RECORDED or SIMULATED
    and the machine. The same result gives the same bytes.
    """
    finding = result.finding
    drawing = Drawing(*size_for(finding.chart))
    chart = drawing.png(finding.chart, finding.verdict, finding.reading)
    return captioned(chart, *_lines(result))


def static_size(result: Result) -> dict[str, int]:
    """Give the size of a result's static figure in CSS pixels, as a notebook's metadata has it."""
    width, height = size_for(result.finding.chart)
    return {"width": width, "height": height + LINE * len(_lines(result))}


def _lines(result: Result) -> tuple[str, ...]:
    """Give what stands below: where it was measured, and what could hide in its rounding."""
    return tuple(filter(None, (result.where, result.finding.unseen)))


def captioned(png: bytes, *texts: str) -> bytes:
    """Put lines of text below a PNG that is `WIDTH` CSS pixels wide; long ones are smaller."""
    above: Image.Image = Image.open(io.BytesIO(png))
    above = above if above.mode == "P" else above.quantize(256)
    rows = np.asarray(above)
    colors = np.array(above.getpalette(), dtype=np.uint8).reshape(-1, 3)[: rows.max() + 1]
    lines = [_nearest(_line(text, above.width), colors) for text in texts]
    whole = Image.fromarray(np.concatenate([rows, *lines]))
    whole.putpalette(colors.tobytes())
    file = io.BytesIO()
    whole.save(file, "PNG", pnginfo=_signed())
    return file.getvalue()


def _line(text: str, width: int) -> Pixels:
    scale = width / WIDTH
    dpi = 96 * scale
    with rc_context({"text.usetex": False, "text.hinting": "force_autohint"}):
        figure = Figure((width / dpi, round(LINE * scale) / dpi), dpi, facecolor=PAPER)
        canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
        font = FontProperties(family="DejaVu Sans", size=POINTS)
        written = figure.text(0, 0.35, text, fontproperties=font, color=SOFT, parse_math=False)
        written.set_x(EDGE / WIDTH)
        room = width * (1 - 2 * EDGE / WIDTH)
        written.set_fontsize(POINTS * min(1.0, room / written.get_window_extent().width))
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3]


def _nearest(pixels: Pixels, colors: Pixels) -> Pixels:
    """Find the chart's own color nearest to each pixel: a PNG of few colors is small."""
    apart = pixels[:, :, None].astype(int) - colors
    return np.asarray((apart**2).sum(axis=3).argmin(axis=2), dtype=np.uint8)


def _signed() -> PngInfo:
    """Name what drew the picture: another version may hint and smooth letters otherwise."""
    signed = PngInfo()
    version = f"matplotlib {matplotlib.__version__}, FreeType {ft2font.__freetype_version__}"
    signed.add_text("Software", version)
    return signed
