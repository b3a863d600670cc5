"""Pictures of charts: matplotlib Figures, PNGs, alt text and tables.

Owns how a `chart.Chart` looks. Knows nothing of experiments, widgets or notebooks; it is the only
place that imports matplotlib, and it never touches pyplot or global settings.
"""

from workbook import lab_extra

with lab_extra("workbook.plots"):
    from workbook.plots.drawing import HEIGHT, WIDTH, Drawing, figure, size_for
    from workbook.plots.provenance import static, static_size
    from workbook.plots.style import Theme
    from workbook.plots.words import alt, table_html

__all__ = [
    "HEIGHT",
    "WIDTH",
    "Drawing",
    "Theme",
    "alt",
    "figure",
    "size_for",
    "static",
    "static_size",
    "table_html",
]
