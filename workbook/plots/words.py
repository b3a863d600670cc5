"""A chart for those who do not see its picture: a sentence and a table.

Owns the alt text and the table's HTML. Knows nothing of how pictures are drawn.
"""

from html import escape

from workbook.chart import Axis, Cells, Chart, Panel, rows
from workbook.plots.axes import limits, number

LONGEST = 400  # characters of an alt text
ROWS = 400  # rows of a table


def alt(chart: Chart, title: str, note: str = "") -> str:
    """Say what the picture shows in under 400 characters: the result, then what is plotted."""
    parts = [_sentence(title), _sentence(note)]
    told = [_panel_words(panel) for panel in chart.panels]
    if len(told) == 2:
        told = [f"Left: {told[0]}", f"Right: {told[1]}"]
    text = " ".join(part for part in [*parts, *told] if part)
    return text if len(text) < LONGEST else text[: LONGEST - 2].rsplit(" ", 1)[0] + "…"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text[-1] in ".!?…" else text + "."


def _panel_words(panel: Panel | Cells) -> str:
    if isinstance(panel, Cells):
        kinds = ", ".join(words for _, words in panel.legend)
        named = f" ({kinds})" if kinds else ""
        return _sentence(f"{len(panel.rows)} rows of cells{named}: {', '.join(panel.rows)}")
    x, y = limits(panel)
    series = ", ".join(f"{series.label or 'unnamed'} ({series.mark})" for series in panel.series)
    return _sentence(f"{_axis_words(panel.y, y)} against {_axis_words(panel.x, x)}: {series}")


def _axis_words(axis: Axis, ends: tuple[float, float]) -> str:
    """Describe an axis by its name, and from where to where it runs."""
    name = (axis.label or "values") + (" (logarithmic)" if axis.log else "")
    texts = [text for _, text in axis.ticks if text]
    if texts:
        return f"{name} from {texts[0]} to {texts[-1]}"
    return name if axis.ticks else f"{name} from {number(ends[0])} to {number(ends[1])}"


def table_html(chart: Chart, caption: str = "The figure's data") -> str:
    """Write the chart's data as an HTML table: caption, headings with a scope, at most 400 rows."""
    names, lines = rows(chart)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(_row(line) for line in lines[:ROWS])
    rest = len(lines) - ROWS
    more = f"<p>{rest} more rows are not shown.</p>" if rest > 0 else ""
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}"
    )


def _row(line: tuple[str, ...]) -> str:
    place, series, *values = (escape(text) for text in line)
    cells = "".join(f"<td>{value}</td>" for value in values)
    return f'<tr><td>{place}</td><th scope="row">{series}</th>{cells}</tr>'
