"""What was measured, arranged for showing: axes, series and cells as plain data.

Owns the shape of a figure, and the words of the one color code: what `KINDS` of cells there are.
Knows nothing of matplotlib (plots draws, and gives each kind its color and pattern), of experiments
or of torch: numbers arrive as anything that has `tolist` or can be iterated. Being data, a chart is
also its own table and travels through JSON with its result.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

Mark = Literal["line", "points", "bars", "steps", "rule", "band"]
MARKS: tuple[Mark, ...] = get_args(Mark)

# The one color code: plain cells judge nothing; from "agrees" on, a kind is a judgment; "first" to
# "fifth" are parts that a table tells apart without judging them, such as sign and exponent; where
# a row has no cell, the place is blank.
Kind = Literal[
    "plain", "agrees", "within the bound", "doubtful", "wrong", "differs", "raises", "not tried",
    "first", "second", "third", "fourth", "fifth", "blank",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
LARGEST_POWER = 1023  # of two, that a float holds
PARTS: tuple[Kind, ...] = ("first", "second", "third", "fourth", "fifth")


class Array(Protocol):
    """What tensors and NumPy's arrays have in common here."""

    def tolist(self) -> Any:
        """Give the values as Python numbers, in nested lists if there are several dimensions."""


Numbers = Iterable[float] | Array | float


def floats(numbers: Numbers) -> tuple[float, ...]:
    """Make a tuple of floats of numbers of any sort: a tensor or array of at most one dimension, an
    iterable, or a number. TypeError for more dimensions.

    >>> floats(range(3)), floats(0.5)
    ((0.0, 1.0, 2.0), (0.5,))
    """
    listed = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    return tuple(map(float, listed)) if isinstance(listed, Iterable) else (float(listed),)


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

    @classmethod
    def around(cls, label: str, *numbers: Numbers, least: float = 1.0) -> "Axis":
        """Make an axis from -L to L around every number; L is a power of two, at least `least`.

        So the limits rarely move while a control does. Infinities and NaN are left out.

        >>> Axis.around("ULPs", (0.5, -3.0)).high
        4.0
        """
        return cls(label, -(high := reach(*numbers, least=least)), high)

    @classmethod
    def of(cls, label: str, names: Iterable[object], *, room: float = 0.6) -> "Axis":
        """Make an axis of names at 0, 1, 2 and so on, with some room at both ends.

        >>> Axis.of("way", ("in place", "out of place")).ticks
        ((0.0, 'in place'), (1.0, 'out of place'))
        """
        ticks = tuple((float(place), str(name)) for place, name in enumerate(names))
        return cls(label, -room, len(ticks) - 1 + room, ticks=ticks)


def reach(*numbers: Numbers, least: float = 1.0) -> float:
    """Find the smallest power of two that is at least `least` and above every number's size.

    A number within 7 % below a power of two counts as reaching it, and gets the next one, so that
    no mark stands on the edge.

    >>> reach((0.5, -3.0)), reach(3.9), reach((), least=0.2)
    (4.0, 8.0, 0.25)
    """
    sizes = (abs(number) for each in numbers for number in floats(each))
    powers = [math.ceil(math.log2(size) + 0.1) for size in sizes if 0 < size < math.inf]
    return 2.0 ** min(max([*powers, math.ceil(math.log2(least))]), LARGEST_POWER)


@dataclass(frozen=True, init=False)
class Series:
    """Points of one kind: `x` and `y` of equal length, and the mark that draws them.

    line, points and steps join or mark the points; bars stand on 0 at each x; a rule is a
    horizontal line at y over the whole panel (a derived bound, say) and needs no x; a band fills
    between `y` and `upper`. A NaN leaves a gap. Numbers of any sort become floats.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    mark: Mark
    upper: tuple[float, ...]

    def __init__(
        self, label: str, x: Numbers, y: Numbers, mark: Mark = "line", upper: Numbers = ()
    ) -> None:
        numbers = {"x": floats(x), "y": floats(y), "upper": floats(upper)}
        for name, value in {"label": label, "mark": mark, **numbers}.items():
            object.__setattr__(self, name, value)
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
    """One pair of axes with its series, drawn in the order given; bars need a linear x axis."""

    x: Axis
    y: Axis
    series: tuple[Series, ...]
    title: str = ""

    def __post_init__(self) -> None:
        if self.x.log and any(series.mark == "bars" for series in self.series):
            raise ValueError("bars have one width and need a linear x axis, got a logarithmic one")


@dataclass(frozen=True)
class Cell:
    """One cell: what it says, and which of KINDS it is."""

    text: str
    kind: Kind = "plain"


BLANK = Cell("", "blank")
Row = Mapping[str, Cell] | Sequence[Cell]


@dataclass(frozen=True)
class Cells:
    """A grid of labeled cells: the bits of a value, a table of what changed.

    `kinds` holds one of KINDS for each cell and `text` what the cell says, so that no meaning rests
    on the color alone. `legend` says what the kinds mean in this table, as pairs of kind and words;
    ValueError if it leaves out a kind that is there (plain and blank need no words).
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    kinds: tuple[tuple[Kind, ...], ...]
    text: tuple[tuple[str, ...], ...]
    legend: tuple[tuple[Kind, str], ...] = ()
    title: str = ""

    @classmethod
    def of(
        cls, table: Mapping[str, Row], legend: Mapping[Kind, str] | None = None, title: str = ""
    ) -> "Cells":
        """Make the grid of a table {row: {column: cell}}; columns stand in the rows' order.

        A row may be a sequence of cells: then its columns have no names. What a row lacks is blank.

        >>> Cells.of({"x": {"a": Cell("1"), "b": Cell("2")}, "y": {"b": Cell("3")}}).text
        (('1', '2'), ('', '3'))
        """
        lines = {label: _named(row) for label, row in table.items()}
        columns = tuple(dict.fromkeys(column for line in lines.values() for column in line))
        grid = [[line.get(column, BLANK) for column in columns] for line in lines.values()]
        return cls(
            tuple(lines),
            tuple("" if isinstance(column, int) else column for column in columns),
            tuple(tuple(cell.kind for cell in line) for line in grid),
            tuple(tuple(cell.text for cell in line) for line in grid),
            tuple((legend or {}).items()),
            title,
        )

    def __post_init__(self) -> None:
        for name, grid in (("kinds", self.kinds), ("text", self.text)):
            if len(grid) != len(self.rows):
                raise ValueError(f"{name} has one row per label, got {len(grid)}")
            for line in grid:
                if len(line) != len(self.columns):
                    raise ValueError(f"{name} has one cell per column, got {len(line)}")
        used = {kind for line in self.kinds for kind in line}
        unknown = (used | {kind for kind, _ in self.legend}) - set(KINDS)
        if unknown:
            raise ValueError(f"a kind is one of {', '.join(KINDS)}; got {sorted(unknown)}")
        silent = used - {kind for kind, _ in self.legend} - {"plain", "blank"}
        if silent and self.legend:
            raise ValueError(f"the legend has words for each kind, it lacks {sorted(silent)}")


def _named(row: Row) -> dict[Any, Cell]:
    return dict(row if isinstance(row, Mapping) else enumerate(row))


@dataclass(frozen=True)
class Chart:
    """One or two panels side by side; none where a measurement is told in words alone."""

    panels: tuple[Panel | Cells, ...] = ()

    def __post_init__(self) -> None:
        if len(self.panels) > 2:
            raise ValueError(f"a chart has at most 2 panels, got {len(self.panels)}")

    def to_json(self) -> dict[str, Any]:
        """Give the chart as plain data; NaN and infinities become strings."""
        return {"panels": [_panel_to_json(panel) for panel in self.panels]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Chart":
        """Read the chart that `to_json` wrote; raises ValueError for anything else."""
        try:
            return cls(tuple(_panel_from_json(panel) for panel in data["panels"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not a chart: {error!r}") from error


NO_CHART = Chart()


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
    series = [{name: plain(value) for name, value in vars(row).items()} for row in panel.series]
    axes = {name: {k: plain(v) for k, v in vars(getattr(panel, name)).items()} for name in "xy"}
    return {"kind": "panel", "title": panel.title, "series": series, **axes}


def _panel_from_json(data: dict[str, Any]) -> Panel | Cells:
    fields = {name: restored(value) for name, value in data.items() if name != "kind"}
    if data["kind"] == "cells":
        return Cells(**fields)
    series = tuple(Series(**row) for row in fields["series"])
    return Panel(Axis(**fields["x"]), Axis(**fields["y"]), series, fields["title"])
