"""What two runs do unlike one another, and which operations they make."""

from types import SimpleNamespace
from typing import Any

import pytest
from torch.utils.flop_counter import flop_registry

from workbook.diagnosis.interventions.numerics import FULL_PRECISION, FULL_SUMS, NO_CUDNN
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.targets.contrasts import operations


def _run(*names: str, compiled: bool = False) -> Any:
    facts = {Fact.COMPILES} if compiled else set[Fact]()
    trace = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(outcomes=[{}], used=lambda *_: facts, trace=lambda _: trace)


def test_what_both_make_is_named() -> None:
    """The operations of both runs, each once."""
    made = operations(_run("aten.mm.default", "aten.add.Tensor"), _run("aten.mm.default"))
    assert made == {"aten.mm.default", "aten.add.Tensor"}


@pytest.mark.parametrize(
    "other",
    [
        None,
        _run(compiled=True),
        _run("torchvision.nms.default"),
        _run("aten.matmul.default"),
    ],
    ids=["none", "compiled", "library", "composite"],
)
def test_what_was_not_seen_is_not_left_out(other: Any) -> None:
    """No trace, a compiled run, another library or parts that none sees: any operation may be."""
    assert operations(_run("aten.add.Tensor"), other) is None
    assert FULL_PRECISION.acts_on(None)


def test_a_row_is_left_out_where_nothing_is_made_that_it_changes() -> None:
    """Sums alone are computed by no library of products, and a product by no convolution's."""
    assert not any(
        row.acts_on({"aten.sum.default"}) for row in (FULL_PRECISION, FULL_SUMS, NO_CUDNN)
    )
    assert FULL_SUMS.acts_on({"aten.sum.default", "aten.bmm.default"})
    assert not NO_CUDNN.acts_on({"aten.bmm.default"})
    assert NO_CUDNN.acts_on({"aten.convolution_backward.default"})


@pytest.mark.parametrize("operation", sorted(map(str, flop_registry)))
def test_torchs_own_list_of_products_is_known(operation: str) -> None:
    """Whatever torch counts as products may be computed with fewer bits where that is allowed."""
    assert FULL_PRECISION.acts_on({operation})
