"""Pictures of charts: a persistent figure, its alt text and its table.

Owns how a `chart.Chart` looks. Knows nothing of experiments, widgets or notebooks; it is the only
place that imports matplotlib, and it never touches pyplot or global settings.
"""

from workbook import lab_extra

with lab_extra("workbook.plots"):
    from workbook.plots.drawing import HEIGHT, WIDTH, Drawing
    from workbook.plots.words import alt, table_html

__all__ = ["HEIGHT", "WIDTH", "Drawing", "alt", "table_html"]
