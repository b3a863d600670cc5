"""The part of the page that shows a figure and its words. Knows only bytes and strings."""

from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).parent


class View(anywidget.AnyWidget):
    """An image with alternative text, a status line, an error line and a table on request.

    Its script also gives every control of the explorer around it an accessible name and keeps
    JupyterLab's command keys away from them.
    """

    _esm = "".join((HERE / name).read_text("utf-8") for name in ("../theme.js", "view.js"))
    _css = HERE / "view.css"
    png = traitlets.Bytes(b"").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    reading = traitlets.Unicode("").tag(sync=True)
    unseen = traitlets.Unicode("").tag(sync=True)  # what could hide in rounding
    blind = traitlets.Bool(False).tag(sync=True)  # whether that is large
    where = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    measuring = traitlets.Bool(False).tag(sync=True)  # while true, all else is of the last settings
    table = traitlets.Unicode("").tag(sync=True)
    cover = traitlets.Unicode("").tag(sync=True)  # the question to answer before anything shows
    theme = traitlets.Enum(("light", "dark"), "light").tag(sync=True)  # of the page; it tells
    width = traitlets.Int(680).tag(sync=True)  # CSS pixels that the page has for a figure; it tells
    wants_table = traitlets.Bool(False).tag(sync=True)
