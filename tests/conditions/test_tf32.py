"""TF32: the older and the newer switches, which torch stores apart."""

import subprocess
import sys

import pytest
import torch

from tests.conditions.observing import observe
from workbook.conditions import Conditions, tf32

needs_newer = pytest.mark.skipif(
    not hasattr(torch._C, "_set_fp32_precision_setter"),
    reason="this torch has only the older TF32 switches",
)


def stored(key, value):
    """Set a newer TF32 switch."""
    torch._C._set_fp32_precision_setter(*key, value)


@needs_newer
@pytest.mark.parametrize("parent", ["none", "ieee", "tf32"])
@pytest.mark.parametrize("child", ["none", "ieee", "tf32"])
@pytest.mark.parametrize("older", ["highest", "high", "medium"])
def test_both_sets_of_tf32_switches_are_put_back(parent, child, older):
    """Whatever the older and newer switches held, also at odds, they hold again, and inherit."""
    with Conditions():
        torch.backends.cudnn.allow_tf32 = child == "ieee"
        torch.set_float32_matmul_precision(older)
        stored(("generic", "all"), parent)
        stored(("cuda", "matmul"), child)
        stored(("mkldnn", "all"), child)
        stored(("cuda", "conv"), child)
        stored(("cuda", "rnn"), parent)
        parents = {("generic", "all"): parent, ("cuda", "all"): "none", ("mkldnn", "all"): child}
        before = tf32_under(parents)
        with Conditions(matmul_precision="high", cudnn_tf32=False):
            assert torch.get_float32_matmul_precision() == "high"
            assert torch.backends.cudnn.allow_tf32 is False
        assert tf32_under(parents) == before


def tf32_under(parents):
    """Read the switches while each parent in turn is moved, so that inheriting shows."""
    seen = [observe()["tf32"]]
    for parent, value in parents.items():
        for other in ("ieee", "tf32"):
            stored(parent, other)
            seen.append(observe()["tf32"])
        stored(parent, value)
    return seen


@needs_newer
def test_cudnns_first_state_survives():
    """In a fresh process cuDNN's newer switches inherit and yet say tf32; a block keeps that."""
    program = """
import torch
from workbook.conditions import Conditions
read, write = torch._C._get_fp32_precision_getter, torch._C._set_fp32_precision_setter
write("generic", "all", "ieee")
inherited = read("cuda", "conv")  # "ieee"; in torch 2.11 "tf32": there this state inherits nothing
with Conditions(matmul_precision="high"):
    pass
with Conditions():
    write("cuda", "all", "tf32")
seen = [read("cuda", "conv")]
write("generic", "all", "none")
with Conditions(cudnn_tf32=True):
    pass
seen += [read("cuda", "conv"), read("cuda", "rnn"), torch.backends.cudnn.allow_tf32]
write("cuda", "all", "ieee")
seen.append(read("cuda", "rnn"))
assert seen == [inherited, "tf32", "tf32", True, inherited], seen
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_a_torch_with_the_older_switches_alone(monkeypatch):
    """Where torch has no newer switches, the older ones are applied and put back."""
    with Conditions():  # the whole of this torch's switches is put back by this one
        monkeypatch.setattr(tf32, "has_newer", lambda: False)
        with Conditions(matmul_precision="medium", cudnn_tf32=False):
            assert torch.get_float32_matmul_precision() == "medium"
            assert torch.backends.cudnn.allow_tf32 is False
        assert tf32.read() == tf32.Precisions("highest", True, {})
        monkeypatch.undo()
