"""Build the reference: one page for each public package, made from the docstrings by pdoc.

`python docs/build.py FOLDER` writes HTML that needs no network; without FOLDER into docs/reference.
What a package lists in `__all__` is public and on its page; the rest is private. A warning is an
error: pdoc warns where it cannot read an annotation, say.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render

PUBLIC = (
    "workbook.floats",
    "workbook.bounds",
    "workbook.comparison",
    "workbook.conditions",
    "workbook.testing",
    "workbook.recipe",
    "workbook.experiment",
    "workbook.trace",
    "workbook.diagnosis",
)
PRIVATE = r"!workbook\.\w+\..+"
FOLDER = Path(__file__).parent / "reference"


def build(folder: Path) -> None:
    """Write the pages into `folder`.

    Raises pdoc's UserWarning as it comes, and RuntimeError for a package without `__all__`.
    """
    for name in PUBLIC:
        package = importlib.import_module(name)
        if not hasattr(package, "__all__"):
            raise RuntimeError(f"{name} must list its public names in __all__")
        for public in package.__all__:  # pdoc does not see what is imported at its first use
            setattr(package, public, getattr(package, public))
    pdoc.render.configure(docformat="markdown", footer_text="Why did my PyTorch numbers change?")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc(*PUBLIC, PRIVATE, output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
