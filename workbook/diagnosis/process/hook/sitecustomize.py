"""Start the hook in a Python process; Python imports a module of this name by itself.

Owns nothing but the call, and the running of the `sitecustomize` that this one shadows.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _shadowed() -> None:
    """Run the `sitecustomize` that would have been found without this folder, if there is one."""
    others = [folder for folder in sys.path if os.path.abspath(folder or ".") != _HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)


if os.environ.get("WORKBOOK_RUN"):
    with contextlib.suppress(Exception):  # a hook that fails must not fail the program
        importlib.import_module("workbook_hook").start()
_shadowed()
