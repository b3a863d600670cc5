"""The few artists that every picture is made of: curves, dots, areas and labels.

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
from numpy.typing import ArrayLike, NDArray

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
    x: ArrayLike, y: ArrayLike, *, color: str, width: float, dash: tuple[float, ...] = ()
) -> Line2D:
    """A line through pixels; NaN breaks it."""
    return Line2D(
        np.asarray(x),
        np.asarray(y),
        color=color,
        linewidth=width * POINT,
        marker="",
        linestyle=(0, dash) if dash else "-",
        dash_capstyle="butt",
        solid_capstyle="butt",
        solid_joinstyle="round",
    )


def segments(
    x: tuple[ArrayLike, ArrayLike],
    y: tuple[ArrayLike, ArrayLike],
    *,
    color: str,
    width: float = style.HAIRLINE,
    dash: tuple[float, ...] = (),
) -> Line2D:
    """Many straight lines, each from its first x and y to its second; one number serves all."""
    x0, x1, y0, y1 = np.broadcast_arrays(*x, *y)
    gap = np.full(x0.shape, np.nan)
    across, down = (np.stack([*ends, gap], axis=-1).ravel() for ends in ((x0, x1), (y0, y1)))
    return curve(across, down, color=color, width=width, dash=dash)


def dots(
    x: ArrayLike,
    y: ArrayLike,
    marker: str | Path,
    color: str,
    *,
    size: float = 6,
    hollow: bool = False,
) -> Line2D:
    """Markers at pixels, filled or hollow; none where either is NaN."""
    return Line2D(
        np.asarray(x),
        np.asarray(y),
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


def boxes(left: ArrayLike, right: ArrayLike, top: ArrayLike, foot: ArrayLike) -> Path:
    """One path of many rectangles."""
    left, right, top, foot = np.broadcast_arrays(left, right, top, foot)
    corners = [(left, top), (right, top), (right, foot), (left, foot), (left, top)]
    points = np.array(corners, dtype=np.float64).reshape(5, 2, -1).transpose(2, 0, 1)
    one = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(points.reshape(-1, 2), one * len(points))


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
