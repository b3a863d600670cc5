"""Plain texts with code in backquotes, as HTML."""

from __future__ import annotations

import html
import re


def inline(text: str) -> str:
    """Escape the text, and mark what stands in backquotes as code.

    >>> inline("`a < b` holds")
    '<code>a &lt; b</code> holds'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
