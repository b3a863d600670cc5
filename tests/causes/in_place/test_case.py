"""The case of this chapter: which table a call writes to is decided by how they are stored."""

import torch

from workbook.causes.in_place.case import PROGRAM


def test_a_call_writes_to_the_scale_alone() -> None:
    """After a call the other three tables are what the file holds."""
    names: dict = {}
    exec(PROGRAM + "\npredict()", names)
    kept = dict(zip(("ROWS", "SHIFT", "SCALE", "WEIGHTS"), names["tables"](), strict=True))
    changed = [name for name, table in kept.items() if not torch.equal(names[name], table)]
    assert changed == ["SCALE"]
