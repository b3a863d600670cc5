"""What was measured, arranged for showing: axes, series and cells as plain data.

Owns the shape of a figure. Knows nothing of matplotlib (plots draws it), of experiments or of
tensors: numbers arrive as Python floats. Being data, a chart is also its own table and travels
through JSON with its result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Mark = Literal["line", "points", "bars", "steps", "rule", "band"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True)
class Axis:
    """One axis: its label, its limits, and whether it is logarithmic.

    On a logarithmic axis `low` must be positive; a value at or below it (an error of exactly 0,
    say) is drawn at the edge, which is then labeled 0. `ticks` are (position, text) pairs that
    replace the automatic ones. Limits of None are taken from the data.
    """

    label: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    def __post_init__(self) -> None:
        if self.log and self.low is not None and self.low <= 0:
            raise ValueError(f"a logarithmic axis starts above 0, got {self.low}")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"an axis runs from low to high, got {self.low} to {self.high}")


@dataclass(frozen=True)
class Series:
    """Points of one kind: `x` and `y` of equal length, and the mark that draws them.

    line, points and steps join or mark the points; bars stand on 0 at each x; a rule is a
    horizontal line at y[0] over the whole panel (a derived bound, say); a band fills between `y`
    and `upper`. A NaN leaves a gap.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    mark: Mark = "line"
    upper: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.mark not in MARKS:
            raise ValueError(f"a mark is one of {', '.join(MARKS)}, got {self.mark!r}")
        if self.mark == "rule":
            if len(self.y) != 1:
                raise ValueError(f"a rule has one y, got {len(self.y)}")
        elif len(self.x) != len(self.y):
            raise ValueError(f"x and y have equal lengths, got {len(self.x)} and {len(self.y)}")
        if self.mark == "band" and len(self.upper) != len(self.y):
            raise ValueError(f"a band has as many upper as y, got {len(self.upper)}")


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its series, drawn in the order given."""

    x: Axis
    y: Axis
    series: tuple[Series, ...]
    title: str = ""


@dataclass(frozen=True)
class Cells:
    """A grid of labeled cells: the bits of a value, a table of what changed.

    `shades` holds a small whole number for each cell: which kind it is (0 is plain). `kinds` names
    them, in that order, for the legend; `text` is what each cell says, so that no meaning rests on
    the shade alone. An empty text with shade -1 leaves the place blank (rows of unequal length).
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shades: tuple[tuple[int, ...], ...]
    text: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        for name, grid in (("shades", self.shades), ("text", self.text)):
            if len(grid) != len(self.rows):
                raise ValueError(f"{name} has one row per label, got {len(grid)}")
            for line in grid:
                if len(line) != len(self.columns):
                    raise ValueError(f"{name} has one cell per column, got {len(line)}")


@dataclass(frozen=True)
class Chart:
    """One or two panels side by side."""

    panels: tuple[Panel | Cells, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.panels) <= 2:
            raise ValueError(f"a chart has 1 or 2 panels, got {len(self.panels)}")

    def to_json(self) -> dict[str, Any]:
        """Give the chart as plain data; NaN and infinities become strings."""
        return {"panels": [_panel_to_json(panel) for panel in self.panels]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Chart:
        """Read the chart that `to_json` wrote; raises ValueError for anything else."""
        try:
            return cls(tuple(_panel_from_json(panel) for panel in data["panels"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not a chart: {error!r}") from error


def rows(chart: Chart) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Give the figure's data as a table: column names, then one row for each point or cell.

    Numbers are written with the shortest digits that name them.
    """
    table: list[tuple[str, ...]] = []
    for number, panel in enumerate(chart.panels, start=1):
        place = panel.title or f"panel {number}"
        if isinstance(panel, Cells):
            for label, line in zip(panel.rows, panel.text, strict=True):
                pairs = zip(panel.columns, line, strict=True)
                table += [(place, label, column, text) for column, text in pairs if text]
        else:
            for series in panel.series:
                table += [(place, series.label, *point) for point in _points(series)]
    return ("panel", "series", "x", "y"), table


def _points(series: Series) -> list[tuple[str, str]]:
    if series.mark == "rule":
        return [("everywhere", f"{series.y[0]!r}")]
    if series.mark == "band":
        pairs = zip(series.x, series.y, series.upper, strict=True)
        return [(f"{x!r}", f"{low!r} to {high!r}") for x, low, high in pairs]
    return [(f"{x!r}", f"{y!r}") for x, y in zip(series.x, series.y, strict=True)]


def plain(value: Any) -> Any:
    """Give a value as JSON can hold it: tuples become lists, NaN and infinities become strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def restored(value: Any) -> Any:
    """Undo `plain`; lists come back as tuples."""
    if isinstance(value, dict):
        if set(value) == {"float"}:
            return float(value["float"])
        return {key: restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(restored(item) for item in value)
    return value


def _panel_to_json(panel: Panel | Cells) -> dict[str, Any]:
    if isinstance(panel, Cells):
        return {"kind": "cells", **{name: plain(value) for name, value in vars(panel).items()}}
    series = [{name: plain(value) for name, value in vars(one).items()} for one in panel.series]
    axes = {name: {k: plain(v) for k, v in vars(getattr(panel, name)).items()} for name in "xy"}
    return {"kind": "panel", "title": panel.title, "series": series, **axes}


def _panel_from_json(data: dict[str, Any]) -> Panel | Cells:
    fields = {name: restored(value) for name, value in data.items() if name != "kind"}
    if data["kind"] == "cells":
        return Cells(**fields)
    series = tuple(Series(**one) for one in fields["series"])
    return Panel(Axis(**fields["x"]), Axis(**fields["y"]), series, fields["title"])
