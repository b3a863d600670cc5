"""Notebooks: which cell gives something else, run again or in another order; `%%why` for one cell.

Owns what needs IPython. `%load_ext workbook.notebook` brings the cell magic `%%why`.
"""

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Bring `%%why` to a notebook: called by `%load_ext workbook.notebook`."""
    from workbook.notebook.magic import why

    shell.register_magic_function(why, magic_kind="cell", magic_name="why")
