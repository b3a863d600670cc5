"""The word for the results of one operation on equal inputs, from norms and sums alone."""

from __future__ import annotations

import pytest
import torch

from workbook.trace import tensor_hash
from workbook.trace.reading import kind
from workbook.tracefile.limits import judged
from workbook.tracefile.sketch import sketched
from workbook.tracefile.tape import Entry, Value

X = torch.rand(16, 4096, generator=torch.Generator().manual_seed(0))
Y = torch.rand(4096, 16, generator=torch.Generator().manual_seed(1))
IMAGE, KERNEL = X.view(1, 16, 64, 64), Y.reshape(-1)[: 8 * 16 * 9].view(8, 16, 3, 3)


def _value(tensor: torch.Tensor) -> Value:
    return Value(0, tensor_hash(tensor), kind(tensor.shape, tensor.dtype), sketched(tensor))


def _entry(name: str, inputs: list[torch.Tensor], made: torch.Tensor) -> Entry:
    values = tuple(_value(each) for each in inputs)
    return Entry(0, f"aten.{name}", "", "", 0, 0, values, (_value(made),))


def _word(name: str, inputs: list[torch.Tensor], one: torch.Tensor, other: torch.Tensor) -> str:
    return judged(_entry(name, inputs, one), _entry(name, inputs, other)).word


@pytest.mark.parametrize(
    ("name", "inputs", "exact"),
    [
        ("mm.default", [X, Y], X.double() @ Y.double()),
        ("addmm.default", [torch.rand(16), X, Y], X.double() @ Y.double()),
        ("convolution.default", [IMAGE, KERNEL], torch.conv2d(IMAGE.double(), KERNEL.double())),
        ("sum.dim_IntList", [X.t()], X.t().double().sum(0)),
        ("mean.dim", [X], X.double().mean(0)),
        ("exp.default", [X], X.double().exp()),
        ("add.Tensor", [X, X], X.double() + X.double()),
    ],
)
def test_one_rounding_of_the_exact_result_is_rounding(
    name: str, inputs: list[torch.Tensor], exact: torch.Tensor
) -> None:
    """The exact result rounded up and rounded down; and one per cent more, which is wrong."""
    exact = exact if exact.numel() >= 64 else exact.repeat(8)
    made = exact.float()
    above = torch.nextafter(made, torch.tensor(float("inf")))
    assert _word(name, inputs, made, made) == "identical"
    assert _word(name, inputs, made, above) == "rounding"
    assert _word(name, inputs, made, 1.01 * made) == "wrong"


def test_between_likely_and_certain_it_is_doubtful() -> None:
    """4096 additions go as far for certain as 600 unit roundoffs; they are not likely to."""
    made = X @ Y
    assert _word("mm.default", [X, Y], made, made * (1 + 2000 * 2**-24)) == "doubtful"


def test_without_a_limit_the_size_decides_and_says_so() -> None:
    """An operation that no limit is derived for is judged by its size, or not at all."""
    made = X.cumsum(1)
    near = judged(_entry("x", [X], made), _entry("x", [X], made * (1 + 2**-22)))
    far = judged(_entry("x", [X], made), _entry("x", [X], 2 * made))
    assert (near.word, far.word) == ("rounding", "cannot tell")
    assert near.why.startswith("by its size")


def test_infinity_against_a_number_left_the_range() -> None:
    """A result that overflowed on one side alone has its own word; on both sides, no word."""
    made, over = X.exp(), X.exp()
    over[0, 0] = float("inf")
    again = over.clone()
    again[1, 1] = 0
    assert _word("exp.default", [X], made, over) == "left the range"
    assert _word("exp.default", [X], over, again) == "cannot tell"


def test_tf32_is_allowed_for_where_it_was_allowed() -> None:
    """Products from TF32 are rounding where a device may have used it, and wrong elsewhere."""
    x, y = X[:, :64], Y[:64]
    entries = [_entry("mm.default", [x, y], (x @ y) * by) for by in (1, 1 + 2**-11)]
    assert judged(*entries, short_products=True).word == "rounding"
    assert judged(*entries).word == "wrong"


def test_a_plain_number_cannot_be_told() -> None:
    """Of a number that leaves torch a file keeps a hash alone."""
    one = Entry(0, "aten._local_scalar_dense.default", "", "", 0, 5, (), ())
    other = Entry(0, "aten._local_scalar_dense.default", "", "", 0, 6, (), ())
    assert judged(one, other).word == "cannot tell"
