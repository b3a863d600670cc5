"""Both forms of every operation: what is found, and what is said of it."""

from collections import Counter

import torch

from workbook.causes.in_place import BOTH_FORMS
from workbook.causes.in_place.both_forms import _verdict
from workbook.causes.in_place.operations import (
    make_operands,
    only_in_place,
    operations,
)
from workbook.experiment import run


def test_operations_that_everybody_knows_are_found() -> None:
    """Methods of Tensor with and without an underscore are among the operations."""
    names = {operation.name.split(".")[0] for operation in operations()}
    assert {"add_", "mul_", "relu_", "exp_", "clamp_", "scatter_", "baddbmm_", "dropout_"} <= names


def test_an_operation_that_has_no_plain_form_is_listed_apart() -> None:
    """Tensor has zero_ and uniform_, and neither zero nor uniform."""
    assert not hasattr(torch.Tensor, "zero") and not hasattr(torch.Tensor, "uniform")
    assert {"zero_", "uniform_"} <= set(only_in_place())


def test_the_arguments_that_were_found_are_those_of_the_operation() -> None:
    """Called with the arguments found, addmm_ is the matrix product that NumPy gives."""
    operands = make_operands(16, torch.float64, torch.device("cpu"))
    (addmm,) = (one for one in operations() if one.name == "addmm_")
    kept = {name: operand.clone() for name, operand in operands.items()}
    product = operands["matrix2"].numpy() @ operands["matrix2"].numpy()
    expected = operands["matrix"].numpy() + product
    torch.testing.assert_close(
        addmm.run(addmm.in_place, operands), torch.from_numpy(expected), rtol=1e-12, atol=0
    )
    assert all(torch.equal(operands[name], kept[name]) for name in kept)


def test_both_forms_agree_in_every_bit() -> None:
    """torch documents op_ as the in-place version of op: the results are one."""
    values = run(BOTH_FORMS).finding.values
    assert values["differing"] == []
    assert values["equal"] + len(values["other_draws"]) == values["tried"] > 150


def test_comparisons_keep_the_dtype_of_the_tensor() -> None:
    """eq gives bool; eq_ can only put it into the float tensor."""
    assert torch.ones(1).eq(1).dtype == torch.bool
    assert torch.ones(1).eq_(1).dtype == torch.float32
    assert run(BOTH_FORMS).finding.values["keeps_dtype"] > 0


def test_what_could_not_be_tried_has_a_reason() -> None:
    """float_power computes in float64, so that float32 refuses it in place and float64 does not."""
    refused = run(BOTH_FORMS).finding.values["not_tried"]
    assert any(name.startswith("float_power_") for name in refused)
    assert all(reason.strip() for reason in refused.values())
    refused = run(BOTH_FORMS, dtype="float64").finding.values["not_tried"]
    assert not any(name.startswith("float_power_") for name in refused)


def test_every_operation_has_a_cell_that_names_it() -> None:
    """The figure's texts name each operation once."""
    (cells,) = run(BOTH_FORMS).finding.chart.panels
    named = [text.split(":")[0] for line in cells.text for text in line if text]  # type: ignore[union-attr]
    assert named == [operation.name for operation in operations()]


def test_a_difference_would_be_said() -> None:
    """One operation that differs is enough for the verdict, and none tried is said as well."""
    assert "other bits" in _verdict(Counter({"agrees": 9, "first": 1, "wrong": 1}))
    assert "No operation" in _verdict(Counter({"not tried": 9}))
