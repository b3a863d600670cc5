"""The trace: it only looks, its hash sees order, sign and place, and two traces find the origin."""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from workbook.trace import Trace, align, origin, tensor_hash
from workbook.trace.places import elsewhere, line_of

LISTS = st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=40)


def _training() -> list[torch.Tensor]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(3):
        optimizer.zero_grad()
        (model(torch.rand(4, 6)) - 1).square().mean().backward()
        optimizer.step()
    return [p.detach().clone() for p in model.parameters()]


def test_tracing_leaves_every_bit() -> None:
    """Training under a trace gives the bits that it gives without."""
    plain = _training()
    with Trace():
        traced = _training()
    assert all(torch.equal(a, b) for a, b in zip(plain, traced, strict=True))


def test_a_label_for_the_profiler_is_no_operation() -> None:
    """A loader labels its batches: what two loaders compute has the same operations."""
    with Trace() as trace, torch.profiler.record_function("next batch"):
        torch.ones(2) + 1
    assert [operation.name for operation in trace] == ["aten.ones.default", "aten.add.Tensor"]


def test_a_deep_copy_is_the_same_whatever_lay_in_its_memory() -> None:
    """A buffer's copy is given memory before it is written: that is no result."""
    traces = []
    for value in (1.0, 2.0):
        norm = nn.BatchNorm1d(3)
        left = [torch.full((size,), value) for size in range(1, 9)]
        del left
        with Trace() as trace:
            copy.deepcopy(norm)
        traces.append(trace)
    assert len(traces[0]) and origin(*traces) is None
    assert not any(operation.name.startswith("aten.set_.") for operation in traces[0])


def test_a_thread_of_torchs_own_is_on_the_users_line() -> None:
    """Backward on a device runs in a thread without Python frames: the main thread has them."""
    found = []
    thread = threading.Thread(target=lambda: found.append(elsewhere()))
    thread.start()
    thread.join()
    assert line_of(found[0]).startswith("test_trace.py:")
    assert elsewhere() is None


@pytest.mark.parametrize("grad", [True, False])
def test_tracing_leaves_the_transformers_fast_path(grad: bool) -> None:
    """An encoder in eval mode has the same bits traced, with and without gradients."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True).eval()
    x = torch.rand(2, 5, 16)
    with torch.set_grad_enabled(grad):
        plain = layer(x)
        with Trace():
            traced = layer(x)
    assert torch.equal(plain, traced)


@given(LISTS)
def test_the_hash_is_of_values_not_of_objects(values: list[float]) -> None:
    """Two tensors of equal bits have one hash."""
    assert tensor_hash(torch.tensor(values)) == tensor_hash(torch.tensor(values).clone())


@given(LISTS, st.integers(0, 39), st.integers(0, 31))
def test_the_hash_moves_with_every_bit(values: list[float], place: int, bit: int) -> None:
    """Flipping any one bit of any element changes the hash."""
    tensor = torch.tensor(values, dtype=torch.float32)
    flipped = tensor.clone()
    raw = flipped.numpy().view(np.uint32)
    raw[place % len(values)] ^= np.uint32(1 << bit)
    assert tensor_hash(flipped) != tensor_hash(tensor)


@pytest.mark.parametrize("size", [2, 3, 1000, 70_001, 300_000])
def test_the_hash_sees_order(size: int) -> None:
    """Swapping the first and the last element changes the hash, also across blocks."""
    x = torch.arange(size, dtype=torch.float32)
    y = x.clone()
    y[0], y[-1] = x[-1], x[0]
    assert tensor_hash(x) != tensor_hash(y)


def test_the_hash_does_not_see_small_layouts() -> None:
    """A transposed view and its contiguous copy have one hash."""
    x = torch.arange(12.0).reshape(3, 4).t()
    assert tensor_hash(x) == tensor_hash(x.contiguous())


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.int8, torch.bfloat16, torch.float16, torch.complex64, torch.float64]
)
def test_every_dtype_has_a_hash(dtype: torch.dtype) -> None:
    """Two different tensors of any dtype have different hashes."""
    one, other = torch.tensor([0, 1, 1]).to(dtype), torch.tensor([1, 0, 1]).to(dtype)
    assert tensor_hash(one) != tensor_hash(other)


def test_an_operation_knows_its_line_and_module() -> None:
    """The record names the submodule and the line of the caller's file."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    with Trace() as trace:
        model(torch.ones(1, 2))
    last = trace[len(trace) - 1]
    assert (last.name, last.module) == ("aten.tanh.default", "1")
    assert last.line.startswith("test_trace.py:") and "float32[1,2]" in last.signature


def test_the_ledger_names_every_generator() -> None:
    """Draws from torch, NumPy and random are noted with their line and count, in order."""
    with Trace() as trace:
        torch.rand(3)
        np.random.rand(2)
        random.random()
        torch.rand(2, generator=torch.Generator())
        np.random.default_rng(0).normal(size=4)
        random.Random(1).random()
    rows = [(draw.generator, draw.count) for draw in trace.draws if draw.count]
    assert rows == [
        ("torch", 3),
        ("numpy", 2),
        ("random", 1),
        ("own torch", 2),
        ("own numpy", 4),
        ("own random", 1),
    ]
    assert all(draw.line.startswith("test_trace.py:") for draw in trace.draws)


def test_watching_changes_no_draw() -> None:
    """NumPy's and random's numbers are the same with and without a trace."""

    def draw() -> list[float]:
        np.random.seed(0)
        random.seed(0)
        return [
            float(np.random.rand()),
            random.gauss(0, 1),
            float(np.random.default_rng(2).random()),
        ]

    plain = draw()
    with Trace():
        assert draw() == plain
    assert np.random.rand.__name__ == "rand" and type(random.Random(0)) is random.Random


def test_what_is_kept_stays_below_200_bytes() -> None:
    """Ten thousand operations are kept in under 200 bytes each, samples included."""
    x = torch.ones(4)
    with Trace(samples=True) as trace:
        for _ in range(10_000):
            x = x + 1
    codes, hashes, sampled = trace._codes, trace._hashes, trace._samples
    assert sampled is not None
    kept = sum(len(part) * part.itemsize for part in (codes, hashes, sampled))
    assert len(trace) >= 10_000 and kept / len(trace) < 200


def test_writing_through_a_view_is_seen() -> None:
    """After an in-place write through another view, the inputs' hash is another one."""
    x = torch.zeros(4)
    with Trace() as trace:
        x.exp()
        x[1:].add_(1)
        x.exp()
    first, second = [o for o in trace if o.name == "aten.exp.default"]
    assert first.inputs != second.inputs


def _network(gain: float, extra: bool) -> Trace:
    with Trace(samples=True) as trace:
        x = torch.arange(6.0)
        if extra:
            torch.zeros(3).sum()
        y = x.mul(2)
        z = y.mul(gain)
        z.cos()
    return trace


def test_the_origin_is_found_past_extra_operations() -> None:
    """The first operation with equal inputs and other outputs is found where one run has more."""
    with Trace() as one:
        torch.manual_seed(0)
        x = torch.arange(6.0).mul(2)
        (x + torch.rand(6)).cos()
    with Trace() as other:
        torch.manual_seed(1)
        x = torch.arange(6.0).mul(2)
        torch.zeros(3).sum()
        (x + torch.rand(6)).cos()
    found = origin(one, other)
    assert found is not None and (found.kind, found.first.name) == (
        "operation",
        "aten.rand.default",
    )
    assert "test_trace.py:" in found.place


def test_a_differing_input_comes_before() -> None:
    """Where the runs are given different numbers, the origin is an input."""
    found = origin(_network(3.0, False), _network(4.0, False))
    assert found is not None and (found.kind, found.first.name) == ("input", "aten.mul.Tensor")


def test_equal_runs_have_no_origin() -> None:
    """Two equal runs, one with more operations, agree at every matched pair."""
    one, other = _network(3.0, False), _network(3.0, True)
    assert origin(one, other) is None
    assert len(align(one, other)) == len(one)


def test_a_trace_survives_the_disk(tmp_path: Path) -> None:
    """What is saved is what is loaded, without pickles."""
    trace = _network(3.0, True)
    trace.save(tmp_path / "t.npz")
    assert repr(list(Trace.load(tmp_path / "t.npz"))) == repr(list(trace))


def test_a_place_outside_is_refused() -> None:
    """Indexing past the end raises and says the range."""
    with pytest.raises(IndexError, match="0 to"):
        _network(1.0, False)[10_000]


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64, torch.float32, torch.bfloat16])
def test_the_hash_sees_signs_that_come_in_pairs(dtype: torch.dtype) -> None:
    """Negating an even number of elements, or conjugating them, changes the hash."""
    x = torch.arange(1, 65).to(dtype)
    y = x.clone()
    y[3::4] *= -1
    assert tensor_hash(y) != tensor_hash(x) and tensor_hash(-x) != tensor_hash(x)
    z = torch.complex(torch.ones(8), torch.ones(8))
    assert tensor_hash(z.conj()) != tensor_hash(z)


def test_the_hash_sees_where_a_single_one_is() -> None:
    """All 512 one-hot vectors of float32 have hashes of their own."""
    assert len({tensor_hash(row) for row in torch.eye(512)}) == 512


def _two_sums(write: Callable[[torch.Tensor], None], x: torch.Tensor) -> tuple[int, int]:
    with Trace() as trace:
        x.exp()
        write(x)
        x.exp()
    first, second = [o for o in trace if o.name == "aten.exp.default"]
    return first.inputs, second.inputs


def _through_data(x: torch.Tensor) -> None:
    x.data.add_(1)


def _through_numpy(x: torch.Tensor) -> None:
    x.numpy()[0] = 7


def _through_asarray(x: torch.Tensor) -> None:
    np.asarray(x)[0] = 7


@pytest.mark.parametrize("write", [_through_data, _through_numpy, _through_asarray])
def test_writes_without_a_version_are_seen(write: Callable[[torch.Tensor], None]) -> None:
    """What .data and NumPy write between two operations changes the second one's inputs."""
    first, second = _two_sums(write, torch.zeros(4))
    assert first != second


def test_writing_to_an_array_given_to_torch_is_seen() -> None:
    """Memory that NumPy owns is read again, however old the array is."""
    array = np.zeros(4, dtype=np.float32)
    first, second = _two_sums(lambda _: array.__setitem__(0, 7), torch.from_numpy(array))
    assert first != second


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize(
    "view",
    [
        lambda x: x.t(),
        lambda x: x[:, ::2],
        lambda x: x[1:, 1:],
        lambda x: x.expand(2, *x.shape),
        lambda x: x.unfold(0, 2, 1),
        lambda x: x.mH,
        lambda x: torch.complex(x.real.float(), x.real.float()).conj().imag,
        lambda x: x.clone().requires_grad_(),
        lambda x: x[:, :0],
    ],
)
def test_a_view_has_the_hash_of_its_values(
    view: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype
) -> None:
    """Strided, overlapping, conjugated and negated views hash as the tensor that they stand for."""
    seen = view(torch.arange(1, 25).reshape(4, 6).to(dtype))
    packed = torch.empty(seen.shape, dtype=seen.dtype).copy_(seen.detach())
    assert tensor_hash(seen) == tensor_hash(packed)


@pytest.mark.parametrize("pair", [(-1, -2), (0.0, -0.0), (1, 1.0)])
def test_plain_arguments_count(pair: tuple[float, float]) -> None:
    """Numbers that Python hashes alike are told apart among the inputs."""
    seen = []
    for number in pair:
        with Trace() as trace:
            torch.ones(2).mul(number)
        seen += [o.inputs for o in trace if o.name.startswith("aten.mul")]
    assert seen[0] != seen[1]
