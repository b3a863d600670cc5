"""The bound itself: limits add up, inputs stay, and conditions around it change nothing."""

from fractions import Fraction

import pytest
import torch

from workbook.bounds import Bound, matmul_bound, sum_bound
from workbook.bounds.arithmetic import undisturbed
from workbook.conditions.switches import flushes
from workbook.simulated import SimulatedAccelerator


def test_bounds_add():
    """Two results, each within its bound, differ by at most the sum; the name says both."""
    total = Bound(0.1, "a", "x") + Bound(0.2, "b", "y")
    assert Fraction(total.limit) >= Fraction(0.1) + Fraction(0.2)
    assert (total.name, total.source) == ("a + b", "x; y")
    twice = Bound(0.1, "a", "x") + Bound(0.1, "a", "x")
    assert (twice.name, twice.source) == ("2 * (a)", "x")


def test_bounds_add_shapes():
    """A number and a tensor of limits add up element by element."""
    total = Bound(1.0, "a", "x") + Bound(torch.tensor([1.0, 2.0]).double(), "b", "x")
    assert total.greatest == pytest.approx(3.0)


def test_likely_limits_add():
    """Where one of two bounds knows no likely limit, its certain one is taken."""
    known, unknown = Bound(1.0, "a", "x", 0.25), Bound(2.0, "b", "x")
    assert (known + known).probable == pytest.approx(0.5)
    assert (known + unknown).probable == pytest.approx(2.25)
    assert (unknown + unknown).likely is None


def test_scales_do_not_add():
    """Two results of the same terms are judged against the terms once."""
    x = torch.rand(50)
    bound = sum_bound(x, "float32")
    assert (bound + bound).scale == bound.scale
    assert (bound + bound).terms == 50


@pytest.mark.parametrize("limit", [-1.0, torch.tensor([1.0, -2.0])])
def test_bound_rejects_negative(limit):
    """No limit is negative."""
    with pytest.raises(ValueError, match="a limit must not be negative, got -"):
        Bound(limit, "a", "x")
    with pytest.raises(ValueError, match="a limit must not be negative, got -"):
        Bound(1.0, "a", "x", limit)


def test_bound_of_nothing():
    """The greatest of no limits is 0."""
    assert Bound(torch.empty(0), "a", "x").greatest == 0.0


@pytest.mark.parametrize(
    "x, message",
    [
        (torch.ones(2, dtype=torch.complex64), r"real numbers, got torch.complex64: take .real"),
        (torch.ones(2).to_sparse(), r"a dense tensor, got a sparse_coo one: call .to_dense\(\)"),
        (torch.ones(2, device="meta"), "values, got a meta tensor"),
        ([1.0, 2.0], "computed from a torch.Tensor, got list"),
    ],
)
def test_bad_terms(x, message):
    """What no bound can be computed from is refused in one sentence."""
    for bound in (lambda: sum_bound(x, "float32"), lambda: matmul_bound(x, x, "float32")):
        with pytest.raises(TypeError, match=message) as raised:
            bound()
        assert "\n" not in str(raised.value)


@pytest.mark.filterwarnings("ignore:.*quantize")  # torch says that they are deprecated
def test_quantized_terms():
    """A quantized tensor is refused, with what to call first."""
    engine = torch.backends.quantized.engine
    if engine == "none":
        pytest.skip("this torch has no quantized tensors")
    x = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    with pytest.raises(TypeError, match=r"a quantized one: call .dequantize\(\) first"):
        sum_bound(x, "float32")


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.float8_e5m2])
def test_other_terms(dtype):
    """Whole numbers, truth values and float8 numbers are numbers too."""
    x = torch.ones(6).to(dtype)
    assert sum_bound(x, "float32").greatest == 0.0
    assert float(sum_bound(x, "float32").scale) == 6.0


def test_inputs_unchanged():
    """Bounds leave their inputs alone, and need no gradient of them."""
    x = torch.tensor([[1.0, -2.0]], requires_grad=True)
    before = x.detach().clone()
    bound = matmul_bound(x, x.t(), "float32")
    assert not bound.limit.requires_grad
    assert torch.equal(x, before)


@pytest.mark.parametrize("float64", ["downcast", "refuse"])
def test_bounds_inside_the_simulated_accelerator(float64):
    """A simulated accelerator without float64 changes no bound, and stays in force."""
    a, b = torch.rand(5, 7), torch.rand(7, 4)

    def bounds():
        return (
            matmul_bound(a, b, "float32", inputs="tf32"),
            sum_bound(a, "float32", dim=0, depth="any"),
        )

    outside = bounds()
    accelerator = SimulatedAccelerator(float64=float64)
    with accelerator:
        inside = bounds()
        assert sum(accelerator.calls.values()) == 0
        a @ b
        assert sum(accelerator.calls.values()) == 1
    for one, other in zip(inside, outside, strict=True):
        assert one.limit.numpy().tobytes() == other.limit.numpy().tobytes()


def test_undisturbed_puts_back():
    """Flushing and modes are in force again after an exception, subnormals are kept meanwhile."""
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormals")
    accelerator = SimulatedAccelerator()
    try:
        with accelerator:
            with pytest.raises(KeyError), undisturbed():
                assert not flushes()
                raise KeyError
            torch.ones(2, 2) @ torch.ones(2, 2)
        assert flushes()
    finally:
        torch.set_flush_denormal(False)
    assert accelerator.calls["mm"] == 1
