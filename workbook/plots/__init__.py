"""Pictures of charts: matplotlib Figures, PNGs, alt text and tables.

Owns how a `chart.Chart` looks. Knows nothing of experiments, widgets or notebooks; it is the only
place that imports matplotlib, and it never touches pyplot or global settings.
"""

from workbook import lab_extra

with lab_extra("workbook.plots"):
    from workbook.plots.drawing import WIDTH, Drawing, figure, static, static_size
    from workbook.plots.style import Theme
    from workbook.plots.words import alt, table_html

__all__ = [
    "WIDTH",
    "Drawing",
    "Theme",
    "alt",
    "figure",
    "static",
    "static_size",
    "table_html",
]
