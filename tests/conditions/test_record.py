"""The record of the conditions: what it may hold, its copies, and its JSON."""

import dataclasses
import json
import pickle

import pytest
import torch

from workbook.conditions import Changes, Conditions
from workbook.devices import DeviceUnavailable, device

ALL = Conditions(
    seed=2**32 - 1,
    dtype="float16",
    device="cuda",
    threads=256,
    mode="eval",
    grad="inference",
    deterministic="warn",
    cudnn_benchmark=True,
    cudnn_deterministic=False,
    cudnn_tf32=True,
    matmul_precision="medium",
    fill_uninitialized=False,
    default_dtype="float64",
    flush_denormal=False,
    batch_size=1,
    layout="channels_last",
)

REFUSED = {
    "seed -1": ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
    "seed 2**32": (
        {"seed": 2**32},
        "seed must be a whole number from 0 to 4294967295, got 4294967296",
    ),
    "seed 0.5": ({"seed": 0.5}, "seed must be a whole number from 0 to 4294967295, got 0.5"),
    "seed True": ({"seed": True}, "seed must be a whole number from 0 to 4294967295, got True"),
    "threads 0": ({"threads": 0}, "threads must be a whole number from 1 to 256, got 0"),
    "threads 257": ({"threads": 257}, "threads must be a whole number from 1 to 256, got 257"),
    "threads text": ({"threads": "2"}, "threads must be a whole number from 1 to 256, got '2'"),
    "batch 0": ({"batch_size": 0}, "batch_size must be a whole number from 1 to 1048576, got 0"),
    "dtype": (
        {"dtype": "float"},
        "dtype must be one of float64, float32, bfloat16, float16, got 'float'",
    ),
    "dtype object": (
        {"dtype": torch.float32},
        "dtype must be one of float64, float32, bfloat16, float16, got torch.float32",
    ),
    "default dtype": (
        {"default_dtype": "int64"},
        "default_dtype must be one of float64, float32, bfloat16, float16, got 'int64'",
    ),
    "device": (
        {"device": "tpu"},
        "device must be one of cpu, cuda, mps, xpu, directml, simulated, got 'tpu'",
    ),
    "no device": (
        {"device": None},
        "device must be one of cpu, cuda, mps, xpu, directml, simulated, got None",
    ),
    "mode": ({"mode": "test"}, "mode must be one of train, eval, got 'test'"),
    "grad": ({"grad": True}, "grad must be one of grad, no_grad, inference, got True"),
    "deterministic": (
        {"deterministic": "yes"},
        "deterministic must be one of off, warn, on, got 'yes'",
    ),
    "precision": (
        {"matmul_precision": "low"},
        "matmul_precision must be one of highest, high, medium, got 'low'",
    ),
    "layout": (
        {"layout": ["contiguous"]},
        "layout must be one of contiguous, transposed, channels_last, got ['contiguous']",
    ),
    "benchmark": ({"cudnn_benchmark": 1}, "cudnn_benchmark must be True or False, got 1"),
    "flush": ({"flush_denormal": "on"}, "flush_denormal must be True or False, got 'on'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_value_is_refused(case):
    """A value that is not allowed is answered with the rule and what came."""
    fields, message = REFUSED[case]
    with pytest.raises(ValueError) as raised:
        Conditions(**fields)
    assert str(raised.value) == message


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_value_is_refused_in_json(case):
    """A damaged record is answered with the same sentence as a wrong argument."""
    fields, message = REFUSED[case]
    with pytest.raises(ValueError) as raised:
        Conditions.from_json(fields)
    assert str(raised.value) == message


def test_a_record_of_another_machine_can_be_read_here():
    """Making a record asks nothing of this machine: only entering it does."""
    assert ALL.device == "cuda"
    assert ALL.threads == 256


def test_a_record_cannot_be_changed():
    """A record is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ALL.seed = 1


def test_fields_are_named():
    """Positions mean nothing: every field is given by name."""
    with pytest.raises(TypeError):
        Conditions(0)


def test_replace_changes_what_is_named():
    """A copy differs in the fields named, and the original in none."""
    changed = Conditions(seed=1, threads=2).replace(seed=None, mode="eval")
    assert changed == Conditions(threads=2, mode="eval")


def test_replace_refuses_an_unknown_field():
    """The message lists the fields and names the stranger."""
    with pytest.raises(ValueError, match=r"conditions must be among seed, .*, got 'sede'"):
        Conditions().replace(sede=1)


def test_replace_is_typed_with_every_field():
    """The types that replace declares are those of the record, field for field."""
    fields = {field.name: field.type for field in dataclasses.fields(Conditions)}
    assert {name: hint.__forward_arg__ for name, hint in Changes.__annotations__.items()} == fields


@pytest.mark.parametrize("conditions", [ALL, Conditions(), Conditions(seed=0, cudnn_tf32=False)])
def test_json_both_ways(conditions):
    """What is written as JSON text reads back as an equal record."""
    assert Conditions.from_json(json.loads(json.dumps(conditions.to_json()))) == conditions


def test_json_holds_what_is_set():
    """Fields that are left as they are do not fill the record."""
    assert Conditions(threads=1).to_json() == {"device": "cpu", "threads": 1}


@pytest.mark.parametrize("data", [[], "seed", None, 3])
def test_json_of_another_kind(data):
    """Something other than named fields is refused in a sentence."""
    with pytest.raises(ValueError, match="must be an object with named fields"):
        Conditions.from_json(data)


@pytest.mark.parametrize("data", [{"sede": 1}, {1: 2}, {"FIELDS": 1}])
def test_json_with_an_unknown_field(data):
    """A field of a later version, or a slip, is refused in a sentence."""
    with pytest.raises(ValueError, match="conditions must be among seed"):
        Conditions.from_json(data)


def test_records_travel_between_processes():
    """A record can be pickled, hashed and compared."""
    assert pickle.loads(pickle.dumps(ALL)) == ALL
    assert len({ALL, ALL.replace()}) == 1


def test_the_dtype_as_torch_names_it():
    """The dtype's name is torch's own; without one it is the default dtype asked for."""
    assert Conditions(dtype="bfloat16").torch_dtype is torch.bfloat16
    assert Conditions(default_dtype="float64").torch_dtype is torch.float64
    assert Conditions().torch_dtype is torch.get_default_dtype()


def test_the_device_as_torch_names_it():
    """The CPU and its simulated accelerator hold their tensors on torch's CPU."""
    assert Conditions().torch_device == torch.device("cpu")
    assert Conditions(device="simulated").torch_device == torch.device("cpu")


@pytest.mark.skipif(device("mps").absent() is None, reason="this machine has an Apple GPU")
def test_an_absent_device_has_no_torch_device():
    """Asking for the torch device of absent hardware gives the reason."""
    with pytest.raises(DeviceUnavailable, match="mps is not available here"):
        _ = Conditions(device="mps").torch_device
