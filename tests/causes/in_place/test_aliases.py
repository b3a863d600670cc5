"""Who sees a write."""

import numpy as np
import torch

from workbook.causes.in_place import ALIASES
from workbook.causes.in_place.aliases import _verdict
from workbook.experiment import run


def test_the_names_that_change_are_those_that_share_memory() -> None:
    """NumPy says which arrays share memory: views do, advanced indexing and clone do not."""
    x = np.ones((4, 3), dtype=np.float32)
    seen = run(ALIASES).finding.values["in_place"]
    assert np.shares_memory(x, x.T) and "x.t()" in seen
    assert np.shares_memory(x, x.reshape(12)) and "x.reshape(12)" in seen
    assert not np.shares_memory(x, x[[0]]) and "x[[0]]" not in seen
    assert not np.shares_memory(x, x.copy()) and "x.clone()" not in seen


def test_reshape_of_a_transposed_tensor_copies() -> None:
    """As in NumPy: rows of a transposed matrix have no strides as one vector."""
    x = np.ones((3, 4)).T
    assert not np.shares_memory(x, x.reshape(12))
    seen = run(ALIASES, layout="transposed").finding.values["in_place"]
    assert "x.reshape(12)" not in seen and "x.contiguous()" not in seen and "x.t()" in seen


def test_a_conversion_to_the_same_dtype_is_no_copy() -> None:
    """Tensor.float() returns self where nothing is to be converted."""
    x = torch.ones(2, dtype=torch.float32)
    assert x.float() is x
    for dtype, shared in (("float32", "x.float()"), ("float64", "x.double()")):
        seen = run(ALIASES, dtype=dtype).finding.values["in_place"]
        assert {"x.float()", "x.double()"} & set(seen) == {shared}


def test_a_new_tensor_changes_no_other_name() -> None:
    """Python binds x to another object, so that nobody else sees x + 1."""
    assert run(ALIASES).finding.values["out_of_place"] == []


def test_in_place_takes_no_new_memory() -> None:
    """Twelve float32 numbers take 48 bytes, once more for x + 1."""
    values = run(ALIASES).finding.values
    assert (values["new_bytes_in_place"], values["new_bytes_out_of_place"]) == (0, 12 * 4)


def test_each_outcome_has_its_words() -> None:
    """Should no name or a wrong name change, the verdict says so."""
    assert len({_verdict(*pair) for pair in ((True, False), (False, False), (True, True))}) == 3
