"""The simulated device: at work inside its conditions, and nowhere else."""

import pytest
import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from workbook.conditions import Conditions
from workbook.simulated import SimulatedAccelerator

TERMS = torch.tensor([1.0, *[2.0**-24] * 127])  # in one lane after the other, the small ones vanish


def simulated_sum():
    """Add up the terms with the accelerator entered by hand."""
    with SimulatedAccelerator():
        return TERMS.sum().item()


def test_the_simulated_device_computes():
    """Inside the simulated device a sum is the accelerator's; around it, the CPU's."""
    plain = TERMS.sum().item()
    with Conditions(device="simulated"):
        assert TERMS.sum().item() == simulated_sum()
    assert TERMS.sum().item() == plain


def test_entering_the_simulated_device_twice_is_entering_it_once():
    """A second accelerator inside the first would imitate the imitation."""
    where = Conditions(device="simulated")
    with where, where:
        assert len(torch_modes()) == 1


def test_another_device_inside_suspends_the_simulation():
    """A reference computed on the CPU, inside simulated conditions, is the CPU's own."""
    with Conditions(device="simulated"):
        with Conditions(device="cpu"):
            assert imitates() is False
            with Conditions(device="simulated"):
                assert imitates() is True
            assert imitates() is False
        assert imitates() is True
    assert imitates() is False


def test_an_accelerator_entered_by_hand_is_left_alone():
    """Conditions do not suspend what the caller entered without them."""
    with SimulatedAccelerator(), Conditions(seed=0):
        assert imitates() is True


def test_a_suspended_simulation_resumes_after_an_error():
    """An error inside the CPU's block gives the simulation back."""
    with Conditions(device="simulated"):
        with pytest.raises(KeyError), Conditions(device="cpu"):
            raise KeyError
        assert imitates() is True


def imitates():
    """Say whether float64 sums are made in float32 now, as the accelerator makes them."""
    terms = torch.tensor([1.0, 2.0**-40], dtype=torch.float64)
    return bool(terms.sum().item() == 1.0)


def torch_modes():
    """Give the dispatch modes that torch has entered."""
    return _get_current_dispatch_mode_stack()
