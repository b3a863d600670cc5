"""The chapter's case: a test that fails on a GPU only, and five suspects.

Owns the program and the rows. Each outcome is looked up in what `tensor_float` recorded on a GPU:
the program multiplies the same numbers, drawn in the same order.
"""

from collections.abc import Callable, Sequence, Set

from workbook.question.case import Case, Suspect, Trial
from workbook.recording import recorded

CONV, PRODUCTS, BOTH, ORDER, LENGTH = "conv", "products", "both", "order", "length"
TOLERANCE, SIZE = 1e-5, 1024
PROGRAM = f"""\
import torch
import torch.nn.functional as F

import cluster  # loaded on all GPU machines; it may throw any of torch's switches

TOLERANCE = {TOLERANCE:g}
torch.manual_seed(0)
A, B = torch.rand({SIZE}, {SIZE}) - 0.5, torch.rand({SIZE}, {SIZE}) - 0.5
IMAGES = torch.rand(4, 64, 32, 32) - 0.5
FILTERS = torch.rand(64, 64, 3, 3) - 0.5


def missed(result, exact):
    error = (result.cpu().double() - exact).norm() / exact.norm()
    return (error - TOLERANCE).clamp(min=0)


def convolution():
    return missed(F.conv2d(IMAGES.cuda(), FILTERS.cuda()),
                  F.conv2d(IMAGES.double(), FILTERS.double()))


def product():
    return missed(A.cuda() @ B.cuda(), A.double() @ B.double())


def test_layers():
    assert max(convolution(), product()) == 0
"""
_EACH = {"conv": "convolution()", "matmul": "product()"}


def _missed(names: Sequence[str]) -> Callable[[], float]:
    """Make a look-up of how far the largest of recorded errors was above the test's tolerance."""

    def look_up() -> float:
        errors = recorded("tf32")[0].find("tf32", {"size": SIZE}).finding.values["errors"]
        return max(0.0, *(float(errors[name]) - TOLERANCE for name in names))

    return look_up


def _trial(title: str, before: str, *names: str, removes: Set[str] = frozenset()) -> Trial:
    runs = [_EACH[name.split(",")[0]] for name in names]
    largest = f"max({', '.join(runs)})" if len(runs) > 1 else runs[0]
    code = f"{before}first, second = {largest}, torch.tensor(0.0)"
    return Trial(title, code, removes, recorded=_missed(names))


_CONV = 'torch.backends.cudnn.conv.fp32_precision = "ieee"\n'
_MATMUL = 'torch.backends.cuda.matmul.fp32_precision = "ieee"\n'
ON_THE_GPU = Case(
    name="on_the_gpu",
    title="A case: the test that fails on the GPU",
    story=(
        "`test_layers` passes on every CPU and fails on the GPU machines, where a result is "
        "further from float64 than the tolerance allows. A colleague has written: *GPUs round, "
        "make the tolerance larger.* What `cluster` switches is not known. In a trial's code "
        "`first` is by how much the tolerance is missed; `second` is what it should be, 0. "
        "RECORDED on an NVIDIA H100 80GB HBM3 with torch 2.11.0: each trial shows what was "
        "measured there."
    ),
    file="test_layers.py",
    program=PROGRAM,
    symptom=_trial("run the test", "", "conv, ieee", "matmul, tf32"),
    suspects=(
        Suspect(
            CONV,
            "convolutions round their inputs to TF32",
            "As torch comes, they do. Here the convolution passes when it is tested by itself.",
        ),
        Suspect(PRODUCTS, "matrix products round their inputs to TF32"),
        Suspect(
            BOTH,
            "convolutions and matrix products round their inputs to TF32",
            "Then the convolution would fail by itself, and it passes.",
        ),
        Suspect(
            ORDER,
            "a GPU adds in another order",
            "It does, and that is rounding in `float32`: with IEEE arithmetic it still adds in "
            "another order, and the test passes.",
        ),
        Suspect(
            LENGTH,
            f"sums of {SIZE} products are too long for this tolerance",
            "They are as long with IEEE arithmetic, and the test passes.",
        ),
    ),
    trials=(
        _trial(
            "ask for IEEE arithmetic in both",
            _CONV + _MATMUL,
            "conv, ieee",
            "matmul, ieee",
            removes={CONV, PRODUCTS, BOTH},
        ),
        _trial("test the convolution only", "", "conv, ieee", removes={PRODUCTS, LENGTH}),
        _trial("test the matrix product only", "", "matmul, tf32", removes={CONV}),
        _trial(
            "ask for IEEE arithmetic in convolutions",
            _CONV,
            "conv, ieee",
            "matmul, tf32",
            removes={CONV},
        ),
    ),
    budget=2,
    culprit=PRODUCTS,
    lesson=(
        "`cluster` had turned both switches over: as torch comes, convolutions round to TF32 and "
        "matrix products do not. What is true of torch need not be true of the process that you "
        "are in. The tolerance was right, and a larger one would have hidden real faults. Choose: "
        "IEEE arithmetic in the test, or a tolerance that is derived from 11 bits."
    ),
)
