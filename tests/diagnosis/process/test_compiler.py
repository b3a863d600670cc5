"""The compiler is loaded when a program compiles, and not before."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import torch
from workbook.diagnosis.process import compiler
compiler.load_later()
weight = torch.nn.Parameter(torch.ones(2))
optimizer = torch.optim.Adam([weight])

def step():
    optimizer.zero_grad()
    weight.sum().backward()
    optimizer.step()

step()
print("torch._dynamo.eval_frame" in sys.modules)
fast = torch.compile(lambda x: x.sin() + 1, backend="eager")
print(torch.equal(fast(torch.ones(2)), torch.ones(2).sin() + 1))
print("torch._dynamo.eval_frame" in sys.modules)
step()
function = torch.optim.Optimizer.zero_grad.__wrapped__
print(vars(function)["__dynamo_disable"] is not function)
"""


def test_an_optimizer_does_not_load_it_and_a_compiled_function_does() -> None:
    """Steps of an optimizer load no compiler; compiling does, and the optimizer is passed by."""
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True"]
