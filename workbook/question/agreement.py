"""Whether an answer is the expected value, and in words where it is not.

Owns the sentences about differing values that checks share. A mismatch is a value here too: the
sentence says what differs, never how to repair it.
"""

from __future__ import annotations

from typing import Any

import torch

from workbook.floats import bits_equal
from workbook.question.form import Form


def agree(got: Any, expected: Any) -> bool | str:
    """True if two values agree in every bit; otherwise a sentence that says what differs.

    Tensors must have the same shape, dtype and bits, so that 0.0 and -0.0 differ and a NaN agrees
    with the same NaN. Other values are compared with `==`. The sentence does not give the expected
    values away.

    >>> agree(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]))
    '1 of 2 values differs from the expected one, the first at index 1.'
    """
    if not isinstance(expected, torch.Tensor):
        return bool(got == expected)
    dtype = str(expected.dtype).removeprefix("torch.")
    misfit = Form("tensor", shape=tuple(expected.shape), dtype=dtype).misfit(got, "The result")
    if misfit is not None:
        return misfit
    if bits_equal(got, expected):
        return True
    same = (got == expected) | ((got != got) & (expected != expected))  # NaN is not itself
    differing = (~same).nonzero().tolist()
    if not differing:
        return "The values are equal, but not in every bit: look at the sign of zeros, and at NaN."
    place = ", ".join(map(str, differing[0])) or "0"
    verb = "differs" if len(differing) == 1 else "differ"
    return (
        f"{len(differing)} of {expected.numel()} values {verb} from the expected one, "
        f"the first at index {place}."
    )
