"""A live part of the page: what the reader sees with a kernel, and what is there without one.

Owns the parts that widgets of a lesson share: files in page.js and page.css, and the bundle that
carries plain text and a covered answer beside the widget.
"""

from pathlib import Path
from typing import Any

import anywidget

from workbook.result import KEPT

HERE = Path(__file__).parent


def joined(name: str) -> str:
    """Join the shared file and the widget's own: `joined("predictor.js")`."""
    shared = HERE / f"page{Path(name).suffix}"
    return shared.read_text("utf-8") + (HERE / name).read_text("utf-8")


class Page(anywidget.AnyWidget):
    """A widget with a plain text (its `repr`) and an HTML for readers without a kernel."""

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle or {})
        data["text/plain"] = repr(self)
        data["text/html"] = self._covered_html()
        return data, {KEPT: text} if (text := self._kept()) else {}

    def _kept(self) -> str:
        """Give what was measured, as a notebook keeps it; empty where nothing is kept."""
        return ""

    def _covered_html(self) -> str:
        raise NotImplementedError
