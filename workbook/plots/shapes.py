"""The few artists that every picture is made of: curves, dots, areas, boxes and labels.

Owns how lengths and styles reach matplotlib. Knows nothing of charts. Coordinates are CSS pixels
from the left upper corner, y downward; so are widths and sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from numpy.typing import NDArray

from workbook.plots import style

Places = NDArray[np.float64]
POINT = 0.75  # points to a CSS pixel


@dataclass(frozen=True)
class Frame:
    """A rectangle on the figure: the data area of one panel."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def foot(self) -> float:
        """The lower edge."""
        return self.top + self.height

    def x(self, places: Places) -> Places:
        """Pixels across, for places from 0 (left) to 1 (right)."""
        return np.asarray(self.left + places * self.width)

    def y(self, places: Places) -> Places:
        """Pixels down, for places from 0 (foot) to 1 (top)."""
        return np.asarray(self.foot - places * self.height)


def curve(
    x: Places, y: Places, *, color: str, width: float, dash: tuple[float, ...] = ()
) -> Line2D:
    """A line through pixels; NaN breaks it."""
    line = Line2D(x, y, color=color, linewidth=width * POINT, marker="", linestyle="-")
    line.set_solid_capstyle("butt")
    line.set_solid_joinstyle("round")
    if dash:
        line.set_dashes(dash)
        line.set_dash_capstyle("butt")
    return line


def dots(
    x: Places, y: Places, marker: str | Path, color: str, *, size: float = 6, hollow: bool = False
) -> Line2D:
    """Markers at pixels, filled or hollow; none where either is NaN."""
    return Line2D(
        x,
        y,
        linestyle="none",
        marker=marker,
        markersize=size * POINT,
        color=color,
        markerfacecolor=style.PAPER if hollow else color,
        markeredgecolor=color,
        markeredgewidth=1.4 * POINT if hollow else 0,
        fillstyle="full",
    )


def area(
    path: Path,
    *,
    fill: str,
    line: str = "none",
    hatch: str = "",
    alpha: float = 1,
    width: float = 1,
) -> PathPatch:
    """A filled outline; its hatch has the line's color."""
    return PathPatch(
        path,
        facecolor=fill,
        edgecolor=line,
        linewidth=width * POINT,
        alpha=alpha,
        hatch=hatch or None,
        joinstyle="miter",
    )


def boxes(left: Places, right: Places, top: Places, foot: Places) -> Path:
    """One path of many rectangles."""
    corners = np.empty((len(left), 5, 2))
    corners[:, (0, 3, 4), 0] = left[:, None]
    corners[:, (1, 2), 0] = right[:, None]
    corners[:, (0, 1, 4), 1] = top[:, None]
    corners[:, (2, 3), 1] = foot[:, None]
    one = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(corners.reshape(-1, 2), np.tile(np.array(one, dtype=np.uint8), len(left)))


def box(left: float, right: float, top: float, foot: float) -> Path:
    """One rectangle."""
    return boxes(*(np.array([edge]) for edge in (left, right, top, foot)))


def label(
    x: float,
    y: float,
    text: str,
    *,
    align: Literal["left", "center", "right"] = "left",
    size: float = style.TEXT,
    color: str = style.INK,
    bold: bool = False,
) -> Text:
    """A line of text whose baseline starts, ends or is centered at a pixel."""
    return Text(
        x,
        y,
        text,
        color=color,
        fontproperties=style.font(size, bold),
        parse_math=False,
        horizontalalignment=align,
        verticalalignment="baseline",
    )
