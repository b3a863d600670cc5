"""The accelerator as a switch: what it imitates, refuses, passes through and puts back."""

import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import _get_current_dispatch_mode

from workbook.simulated import ORDERS, Reduction, SimulatedAccelerator
from workbook.simulated.products import matmul
from workbook.simulated.reduction import total

HOW = Reduction(tile=1, order="reverse", lanes=2)
REFUSAL = r"^The GPU device does not support Double \(Float64\) operations!$"


def accelerator(float64="downcast"):
    """The accelerator that adds as HOW says."""
    return SimulatedAccelerator(tile=1, order="reverse", lanes=2, float64=float64)


def matrix(*shape, seed=0, dtype=torch.float32):
    """Numbers on both sides of zero, the same on every CPU."""
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) - 0.5).to(dtype)


def product(a, b):
    """The product of two matrices as HOW says."""
    return matmul(a[None], b[None], HOW)[0]


def same(a, b):
    """Whether two float tensors agree in shape, dtype and every bit but the sign of a zero."""
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(a, b)


A, B, C = matrix(5, 90), matrix(90, 7, seed=1), matrix(5, 7, seed=2)
V, W = matrix(90, seed=3), matrix(5, seed=4)
BATCHES = matrix(3, 5, 90, seed=5), matrix(3, 90, 7, seed=6)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(lambda: A @ B, product(A, B), id="mm"),
        pytest.param(lambda: torch.bmm(*BATCHES), matmul(*BATCHES, HOW), id="bmm"),
        pytest.param(lambda: A @ V, product(A, V[:, None])[:, 0], id="mv"),
        pytest.param(lambda: V @ V, product(V[None], V[:, None])[0, 0], id="dot"),
        pytest.param(lambda: torch.vdot(V, V), product(V[None], V[:, None])[0, 0], id="vdot"),
        pytest.param(lambda: torch.addmm(C, A, B), product(A, B) + C, id="addmm"),
        pytest.param(
            lambda: torch.addmm(C, A, B, beta=3, alpha=0.1),
            product(A, B) * 0.1 + C * 3,
            id="scaled",
        ),
        pytest.param(
            lambda: torch.addmm(C * float("nan"), A, B, beta=0), product(A, B), id="beta=0"
        ),
        pytest.param(lambda: torch.baddbmm(C, *BATCHES), matmul(*BATCHES, HOW) + C, id="baddbmm"),
        pytest.param(lambda: torch.addmv(W, A, V), product(A, V[:, None])[:, 0] + W, id="addmv"),
        pytest.param(lambda: C.clone().addmm_(A, B), product(A, B) + C, id="addmm_"),
        pytest.param(lambda: torch.einsum("ik,kj->ij", A, B), product(A, B), id="einsum"),
        pytest.param(lambda: functional.linear(A, B.T), product(A, B), id="linear"),
        pytest.param(lambda: torch.mm(A, B, out=torch.empty(0)), product(A, B), id="out"),
        pytest.param(lambda: A.sum(), total(A.flatten(), HOW), id="sum"),
        pytest.param(lambda: A.sum(0), total(A, HOW), id="sum of columns"),
        pytest.param(lambda: A.sum(-1, keepdim=True), total(A.T, HOW)[:, None], id="keepdim"),
        pytest.param(
            lambda: BATCHES[0].sum((2, 0)),
            total(BATCHES[0].permute(0, 2, 1).reshape(-1, 5), HOW),
            id="sum over two",
        ),
        pytest.param(lambda: A.mean(), total(A.flatten(), HOW) / 450, id="mean"),
        pytest.param(lambda: A.mean(1), total(A.T, HOW) / 90, id="mean of rows"),
        pytest.param(
            lambda: torch.sum(A, 0, out=torch.empty(90)), total(A, HOW), id="sum into out"
        ),
        pytest.param(lambda: torch.tensor(2.5).sum(0), torch.tensor(2.5), id="0 dimensions"),
        pytest.param(lambda: torch.zeros(0, 3).sum(0), torch.zeros(3), id="no rows"),
    ],
)
def test_an_operator_of_the_table_is_imitated(call, expected):
    """What is imitated has the bits of the reduction, which its own tests hold to loops."""
    with accelerator() as imitated:
        result = call()
    assert same(result, expected)
    assert imitated.calls.total() == 1


def test_the_mean_of_nothing_is_nan():
    """The mean of no values is 0 / 0, as everywhere."""
    with accelerator():
        assert torch.zeros(0).mean().isnan()


def test_backward_is_imitated():
    """The gradients of a layer are products added as the accelerator adds them."""
    layer = torch.nn.Linear(90, 7)
    x = A.clone().requires_grad_()
    with accelerator() as imitated:
        layer(x).backward(C)
    assert imitated.calls == {"addmm": 1, "mm": 2, "sum": 1}
    assert same(layer.weight.grad, product(C.T, A))
    assert same(x.grad, product(C, layer.weight.detach()))
    assert same(layer.bias.grad, total(C, HOW))


def test_backward_outside_is_not_imitated():
    """A backward pass after the accelerator was left belongs to the CPU."""
    layer = torch.nn.Linear(90, 7)
    with accelerator() as imitated:
        output = layer(A)
    before = dict(imitated.calls)
    output.backward(C)
    assert imitated.calls == before
    assert same(layer.weight.grad, C.T @ A)


@pytest.mark.parametrize("grad", [torch.no_grad, torch.inference_mode])
def test_modes_without_gradients_are_imitated_too(grad):
    """Without gradients torch hands over whole layers; they are taken apart all the same."""
    with accelerator() as imitated, grad():
        result = functional.linear(A[None], B.T)
    assert same(result[0].clone(), product(A, B))
    assert imitated.calls.total() == 1


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: torch.exp(A), id="exp"),
        pytest.param(lambda: torch.softmax(A, 1), id="softmax"),
        pytest.param(lambda: A.cumsum(0), id="cumsum"),
        pytest.param(lambda: functional.conv1d(A[None], A[None, :, :3]), id="conv1d"),
        pytest.param(
            lambda: torch.ones(3, 3, dtype=torch.int64) @ torch.eye(3).long(), id="int mm"
        ),
        pytest.param(lambda: torch.arange(10).sum(), id="int sum"),
        pytest.param(lambda: (A > 0).sum(), id="bool sum"),
        pytest.param(lambda: torch.complex(A, A).sum(), id="complex sum"),
        pytest.param(lambda: A.sum(dtype=torch.complex64), id="sum as complex"),
        pytest.param(lambda: torch.complex(A, A) @ torch.complex(B, B), id="complex mm"),
        pytest.param(lambda: A.to_sparse() @ B, id="sparse mm"),
        pytest.param(lambda: torch.zeros(2, 3, device="meta").sum().shape, id="meta"),
    ],
)
def test_other_operators_pass_through_untouched(call):
    """What is not in the table, or not of its dtypes, is the CPU's own result."""
    expected = call()
    with accelerator() as imitated:
        result = call()
    assert result == expected if isinstance(result, torch.Size) else same(result, expected)
    assert not imitated.calls


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: torch.mm(A, A), id="inner lengths"),
        pytest.param(lambda: torch.mm(A, B.double()), id="dtypes"),
        pytest.param(lambda: torch.mm(BATCHES[0], BATCHES[1]), id="dimensions"),
        pytest.param(lambda: torch.bmm(BATCHES[0], BATCHES[1][:2]), id="batches"),
        pytest.param(lambda: torch.addmm(C.double(), A, B), id="dtype of the addend"),
        pytest.param(lambda: torch.addmm(C[:3], A, B), id="shape of the addend"),
        pytest.param(lambda: torch.mm(A, B, out=torch.empty(5, 7).double()), id="dtype of out"),
        pytest.param(lambda: A.sum(2), id="no such dimension"),
        pytest.param(lambda: A.sum((0, 0)), id="dimension twice"),
        pytest.param(lambda: torch.arange(3).mean(), id="mean of whole numbers"),
    ],
)
def test_an_ill_formed_call_is_refused_in_torchs_words(call):
    """A call that torch refuses is refused with the same type and message."""
    with pytest.raises((RuntimeError, IndexError)) as plain:
        call()
    with accelerator(), pytest.raises(plain.type) as imitated:
        call()
    assert str(imitated.value) == str(plain.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_arithmetic_is_float32_and_the_label_stays(dtype):
    """Products and sums of another dtype are the float32 ones, cast to that dtype at the end."""
    a, b = matrix(4, 30, dtype=dtype), matrix(30, 4, seed=1, dtype=dtype)
    with accelerator():
        assert same(a @ b, product(a.float(), b.float()).to(dtype))
        assert same(a.sum(0), total(a.float(), HOW).to(dtype))
        assert same(a.mean(0), (total(a.float(), HOW) / 4).to(dtype))


def test_downcast_float64_loses_what_float32_cannot_hold():
    """1 + 2**-40 is not 1 in float64; on this accelerator its sum and its product are."""
    value = torch.tensor([1 + 2.0**-40], dtype=torch.float64)
    with accelerator():
        results = value.sum(), value @ value, value.sum(dtype=torch.float64)
    assert [result.item() for result in results] == [1.0, 1.0, 1.0]
    assert {result.dtype for result in results} == {torch.float64}


def test_a_sum_into_another_dtype_is_cast_first():
    """sum(dtype=...) of whole numbers is the accelerator's float32 sum of the cast values."""
    numbers = torch.arange(90)
    with accelerator():
        assert same(numbers.sum(dtype=torch.float32), total(numbers.float(), HOW))


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda x: x @ x, id="mm"),
        pytest.param(lambda x: x + 1, id="add"),
        pytest.param(lambda x: torch.cat([x, x]), id="cat"),
        pytest.param(lambda x: torch.ones(2, dtype=torch.float64), id="ones"),
        pytest.param(lambda x: torch.ones(2).double(), id="cast to float64"),
        pytest.param(lambda x: torch.ones(2).sum(dtype=torch.float64), id="sum as float64"),
        pytest.param(lambda x: x.to("cpu", copy=True), id="copy"),
    ],
)
def test_refuse_refuses_float64(call):
    """Whatever takes or makes float64 raises the sentence of torch-directml."""
    x = torch.ones(2, 2, dtype=torch.float64)
    with accelerator("refuse"), pytest.raises(RuntimeError, match=REFUSAL):
        call(x)


def test_refuse_sees_the_default_dtype():
    """A factory that makes float64 by default is refused as well."""
    torch.set_default_dtype(torch.float64)
    try:
        with accelerator("refuse"), pytest.raises(RuntimeError, match=REFUSAL):
            torch.ones(2)
    finally:
        torch.set_default_dtype(torch.float32)


def test_refuse_lets_float64_be_cast_away():
    """The way out, a cast to float32 first, is open, and float32 is imitated as ever."""
    x = torch.ones(2, 2, dtype=torch.float64)
    with accelerator("refuse"):
        assert (x.float() @ x.float()).tolist() == [[2.0, 2.0], [2.0, 2.0]]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("fma", [False, True])
def test_repeats_are_bit_equal_at_any_number_of_threads(order, fma):
    """Twice the same call gives the same bits, with one thread and with two."""
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 2):
            torch.set_num_threads(count)
            with SimulatedAccelerator(order=order, fma=fma):
                results.append((A @ B, BATCHES[0].sum((0, 2))))
    finally:
        torch.set_num_threads(threads)
    assert all(same(*pair) for pair in zip(results[0], results[1], strict=True))
    assert all(same(*pair) for pair in zip(results[0], results[2], strict=True))


@pytest.mark.parametrize("float64", ["downcast", "refuse"])
def test_nothing_stays_switched_after_an_exception(float64):
    """After an error inside, in torch or in the caller, no accelerator is left entered."""
    for culprit in (lambda: torch.mm(A, A), lambda: 1 / 0):
        with pytest.raises((RuntimeError, ZeroDivisionError)), accelerator(float64):
            culprit()
        assert _get_current_dispatch_mode() is None


def test_the_inner_of_two_accelerators_computes():
    """Nested accelerators do not add up: the inner one computes, then the outer one again."""
    outer, inner = accelerator(), SimulatedAccelerator(tile=4)
    with outer:
        with inner:
            nested = A @ B
        after = A @ B
    assert same(nested, matmul(A[None], B[None], Reduction(tile=4))[0])
    assert same(after, product(A, B))


def test_the_arguments_are_left_alone():
    """Sums and products write into none of their inputs, whatever the order."""
    before = [t.clone() for t in (A, B, C)]
    for order in ORDERS:
        with SimulatedAccelerator(tile=2, lanes=1, order=order):
            torch.addmm(C, A, B).sum() + A.sum(0).mean() + B.sum()
    assert all(same(t, copy) for t, copy in zip((A, B, C), before, strict=True))


def test_an_unknown_answer_to_float64_is_refused():
    """The message lists both answers, and what came."""
    rule = "float64 must be one of downcast, refuse, got 'double'"
    with pytest.raises(ValueError, match=rule):
        SimulatedAccelerator(float64="double")


def test_a_wrong_setting_is_refused_before_anything_is_switched():
    """The settings of the reduction are checked when the accelerator is made."""
    with pytest.raises(ValueError, match="tile must be a whole number from 1 to 65536, got 0"):
        SimulatedAccelerator(tile=0)
    assert _get_current_dispatch_mode() is None
