"""Change one condition of a PyTorch computation, and measure the difference in bits.

Importing this package loads nothing, torch included; its modules are imported by name. The plain
installation has what the command line needs; `plots`, `explorer` and `lesson` need the extra `lab`.
`workbook.diagnose(...)` and `workbook.deterministic(...)` are those of `workbook.diagnosis` and
`workbook.recipe`, imported when they are first used.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__version__ = "0.1.0"


_HANDED_ON = {"diagnose": "diagnosis", "deterministic": "recipe"}


def __getattr__(name: str) -> Any:
    if name in _HANDED_ON:
        return getattr(importlib.import_module(f"workbook.{_HANDED_ON[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def lab_extra(part: str) -> Iterator[None]:
    """Name the extra to install where an import inside the block finds no library.

    `part` is the module that needs the library. Raises ModuleNotFoundError, with its `name` kept;
    a missing module of this package is a fault of ours, and passes as it is.

    >>> with lab_extra("workbook.plots"):
    ...     import a_library_that_nobody_has  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ModuleNotFoundError: workbook.plots needs a_library_that_nobody_has, which comes with the ...
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if str(missing.name).partition(".")[0] == __name__:
            raise
        raise ModuleNotFoundError(
            f"{part} needs {missing.name}, which comes with the extra `lab`: in the folder of the "
            "workbook, type `python -m pip install '.[lab]'`",
            name=missing.name,
        ) from missing
