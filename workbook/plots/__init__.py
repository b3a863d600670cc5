"""Pictures of charts: a persistent figure, its alt text and its table.

Owns how a `chart.Chart` looks. Knows nothing of experiments, widgets or notebooks; it is the only
place that imports matplotlib, and it never touches pyplot or global settings.
"""

from workbook import lab_extra

with lab_extra("workbook.plots"):
    from workbook.plots.drawing import HEIGHT, WIDTH, Drawing
    from workbook.plots.provenance import STATIC_SIZE, static
    from workbook.plots.words import alt, table_html

__all__ = ["HEIGHT", "STATIC_SIZE", "WIDTH", "Drawing", "alt", "static", "table_html"]
