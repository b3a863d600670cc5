"""The chapter's experiments on the simulated accelerator, held against other sources of truth."""

import itertools
import math

import numpy as np
import pytest
import torch

from workbook.causes.directml import (
    ACCELERATOR,
    ENVIRONMENT,
    EPSILON,
    NINE_WAYS,
    PROGRAMS,
    SAME_INPUTS,
    WHOSE_DEFAULT,
)
from workbook.causes.directml.bits import PORTABLE, digest, digests, in_a_child
from workbook.causes.directml.environment import VARIABLES
from workbook.causes.directml.programs import ONCE, PRINTED
from workbook.conditions import Conditions
from workbook.experiment import run


def test_numpys_default_is_float64_and_torchs_is_not():
    """What the experiment reads is what NumPy and torch say of themselves."""
    values = run(WHOSE_DEFAULT).finding.values
    assert values["numpy"] == np.array([0.1]).dtype.name
    assert values["default"] == str(torch.get_default_dtype()).removeprefix("torch.")


def test_another_default_dtype_changes_the_label():
    """Told to make float64, torch does, and the verdict says who was told."""
    result = run(WHOSE_DEFAULT, default_dtype="float64")
    assert result.verdict.startswith("PyTorch was told to make float64")
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("operation", ["copy", "a + b", "a * b", "sum", "matmul"])
def test_the_cpus_epsilons_are_torchs(dtype, operation):
    """On the CPU each operation is as fine as torch.finfo says."""
    found = run(EPSILON).finding.values[f"{dtype} CPU {operation}"]
    assert found == torch.finfo(getattr(torch, dtype)).eps


def test_the_label_says_float64_and_the_arithmetic_is_float32():
    """On the simulated accelerator sums and products of float64 have the epsilon of float32."""
    values = run(EPSILON).finding.values
    single = torch.finfo(torch.float32).eps
    assert [values[f"float64 device {name}"] for name in ("sum", "matmul")] == [single, single]


def test_a_device_that_refuses_is_told_apart():
    """Set to refuse, it refuses every operation in float64 and none in float32."""
    values = run(EPSILON, float64="refuses").finding.values
    refused = {name for name, value in values.items() if value == "refused"}
    assert refused == {
        f"float64 device {name}" for name in ("copy", "a + b", "a * b", "sum", "matmul")
    }


def test_a_device_with_float64_gets_another_sentence():
    """On the CPU the verdict does not speak of a missing float64."""
    assert run(EPSILON, device="cpu").verdict.startswith("Sums and products have the epsilon")


def test_the_program_measures_its_own_draws():
    """As printed, two runs on the CPU are as far apart as CPU and device, in either dtype."""
    values = run(PROGRAMS, inputs=PRINTED).finding.values
    for dtype in ("float64", "float32"):
        assert 0.2 < values[f"again {dtype}"] / values[f"device {dtype}"] < 5


def test_drawn_once_the_cpu_repeats_itself():
    """With one draw two runs on the CPU are equal and the device is within the bound."""
    result = run(PROGRAMS, inputs=ONCE)
    assert [result.finding.values[f"again {dtype}"] for dtype in ("float64", "float32")] == [0, 0]
    assert {one.verdict for one in result.finding.comparisons} <= {"identical", "rounding"}


def test_float32_arithmetic_is_far_from_float64():
    """Under the label float64 the device's product is off by float32's rounding, not float64's."""
    gap = run(PROGRAMS, inputs=ONCE).finding.values["device float64"]
    assert 1e-9 < gap < 1e-2


@pytest.mark.parametrize(("device", "unit"), [("simulated", 2.0**-24), ("cpu", 2.0**-53)])
def test_the_limit_is_that_of_the_arithmetic(device, unit):
    """Under the label float64, rounding explains what the format that the device adds in rounds."""
    compared, *_ = run(PROGRAMS, inputs=ONCE, device=device).finding.comparisons
    limit, size, largest = compared.bound, 256, 256.0  # of a sum of products below 1
    assert compared.dtype == "float64" and size * unit < limit < 2 * size * unit * largest


@pytest.mark.parametrize("start", range(1, 10))
def test_nine_ways_are_numpys(start):
    """NumPy's float32 scalars give as many results over the same nine groupings."""
    whole = np.arange(start, start + 3, dtype=np.float32)
    tenths = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    ways = [
        [(x[i] + x[(i + 1) % 3]) + x[(i + 2) % 3] for i in range(3)]
        for x in (whole + tenths, whole * tenths)
    ]
    wanted = len({float(p + q) for p, q in itertools.product(*ways)})
    assert run(NINE_WAYS, start=start).finding.values["distinct"] == wanted


def test_the_printed_numbers_cannot_show_an_order():
    """From 1 there is one result; from 3 there are more."""
    assert run(NINE_WAYS, start=1).finding.values["distinct"] == 1
    assert run(NINE_WAYS, start=3).finding.values["distinct"] > 1


@pytest.mark.parametrize("operation", SAME_INPUTS.control("operation").values())
def test_the_cpu_is_its_own_control(operation):
    """With the CPU on both sides every bit is the same."""
    assert run(SAME_INPUTS, device="cpu", operation=operation).finding.comparisons[0].identical


@pytest.mark.parametrize("operation", SAME_INPUTS.control("operation").values())
def test_what_the_accelerator_changes_is_rounding(operation):
    """Products, sums and gradients are within the bound that is derived for them."""
    found = run(SAME_INPUTS, operation=operation).finding.comparisons[0]
    assert found.verdict in ("identical", "rounding")


def test_pairwise_addition_errs_less_than_a_plain_loop():
    """With single products per tile, joining tiles in pairs lowers the largest error."""
    worst = [
        run(ACCELERATOR, tile=1, order=order).finding.values["simulated worst"]
        for order in ("sequential", "pairwise")
    ]
    assert worst[1] < worst[0]


def test_errors_are_in_ulps_of_the_exact_result():
    """The largest error is the one that math.ulp gives for the same matrices."""
    found = run(ACCELERATOR, size=16, tile=1).finding
    with Conditions(seed=0):
        a, b = torch.rand(16, 16), torch.rand(16, 16)
    worst = 0.0
    for row, column in itertools.product(a.numpy(), b.numpy().T):
        exact = math.fsum(float(x) * float(y) for x, y in zip(row, column, strict=True))
        loop = np.add.accumulate(row * column)[-1]
        gap = math.ulp(exact) * 2.0**29  # float32 has 29 fraction bits less
        worst = max(worst, abs(float(loop) - exact) / gap)
    assert found.values["simulated worst"] == pytest.approx(worst, rel=1e-6)


def test_the_same_environment_gives_the_same_bits():
    """Two processes without a difference agree in every check."""
    assert run(ENVIRONMENT, variable=VARIABLES[-1]).finding.values["changed"] == ()


def test_single_operations_keep_their_bits():
    """The first variable changes no check that is made of single IEEE operations."""
    changed = run(ENVIRONMENT, variable=VARIABLES[0]).finding.values["changed"]
    assert not set(changed) & set(PORTABLE)


def test_a_process_that_fails_says_why():
    """A second process that cannot start its work leaves its last line in the error."""
    with pytest.raises(RuntimeError, match="the second process failed: "):
        in_a_child({"PYTHONHOME": "/nowhere"})


def test_a_digest_follows_one_bit():
    """Two tensors that differ in one bit have different digests; equal ones have the same."""
    cpu = torch.device("cpu")
    with Conditions(threads=1):
        assert digests(cpu) == digests(cpu)
        one = torch.ones(3)
        assert digest(one) != digest(torch.nextafter(one, 2 * one)) != digest(one.double())
