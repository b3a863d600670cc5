"""Plain texts with code in backquotes and emphasis between asterisks, as HTML."""

import html
import re

EMPHASIS = re.compile(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")


def inline(text: str) -> str:
    """Escape the text; mark what stands in backquotes as code, and in asterisks as emphasis.

    >>> inline("`a * b < c` holds *here*")
    '<code>a * b &lt; c</code> holds <em>here</em>'
    """
    parts = re.split(r"`([^`]+)`", html.escape(text, quote=False))
    parts[::2] = [EMPHASIS.sub(r"<em>\1</em>", part) for part in parts[::2]]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)
