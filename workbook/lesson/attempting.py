"""Running one line that may raise, so that a cell's text does not tell whether it does.

Owns the words for an error. Knows nothing of questions.
"""

from collections.abc import Callable
from typing import Any


def attempt(function: Callable[[], Any]) -> Any:
    """Give what `function()` returns, or the error that it raises, in words.

    >>> attempt(lambda: 1 / 2), attempt(lambda: 1 / 0)
    (0.5, 'ZeroDivisionError: division by zero')
    """
    try:
        return function()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
