"""The chapter's case: a test that fails on a GPU only, and five suspects.

Owns the program and the rows. Each outcome is looked up in what `tensor_float` recorded on a GPU:
the program multiplies the same numbers, drawn in the same order.
"""

from collections.abc import Callable, Iterable

from workbook.question.case import Case, Suspect, Trial, trial
from workbook.recording import recorded

CONV, EVERY, VARIES, ORDER, TRUTH = "conv", "every", "varies", "order", "truth"
TOLERANCE, SIZE = 1e-5, 1024
PROGRAM = f"""\
import torch
import torch.nn.functional as F

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


def test_convolution():
    assert convolution() == 0
"""
_CODE = "{}\nfirst, second = {}(), torch.tensor(0.0)"


def _missed(name: str) -> Callable[[], float]:
    """Make a look-up of how far a recorded error was above the test's tolerance."""

    def look_up() -> float:
        found = recorded("tf32")[0].find("tf32", {"size": SIZE})
        return max(0.0, float(found.finding.values["errors"][name]) - TOLERANCE)

    return look_up


def _trial(title: str, before: str, name: str, removes: Iterable[str] = ()) -> Trial:
    run = "convolution" if name.startswith("conv") else "product"
    return trial(title, _CODE.format(before, run).strip(), removes, recorded=_missed(name))


_PRODUCTS = 'torch.backends.cuda.matmul.fp32_precision = "{}"'
ON_THE_GPU = Case(
    name="on_the_gpu",
    title="A case: the test that fails on the GPU",
    story=(
        "`test_convolution` passes on every CPU and fails on the GPU, where its result is further "
        "from float64 than the tolerance allows. A colleague has written: *GPUs round, make the "
        "tolerance larger.* `first` is by how much the tolerance is missed; `second` is what it "
        "should be, 0. RECORDED on an NVIDIA H100 80GB HBM3 with torch 2.11.0: each trial shows "
        "what was measured there."
    ),
    file="test_layers.py",
    program=PROGRAM,
    symptom=_trial("run the test", "", "conv, as it comes"),
    suspects=(
        Suspect(
            ORDER,
            "a GPU adds in another order",
            "It does, and that is rounding in `float32`: a product of longer rows adds in another "
            "order as well and misses nothing.",
        ),
        Suspect(CONV, "convolutions round their inputs to TF32"),
        Suspect(
            EVERY,
            "all `float32` products on this GPU round their inputs to TF32",
            "Then a matrix product would miss the tolerance too. It does only when its own switch "
            "is turned on.",
        ),
        Suspect(
            VARIES,
            "the convolution varies from run to run",
            "Then no switch of a format would mend it, and a matrix product, which was not seen "
            "to vary, would not show as large an error when its format is made coarser.",
        ),
        Suspect(
            TRUTH,
            "the `float64` results are not exact enough to judge by",
            "They have 29 bits more than the results. With the same judge, other results pass.",
        ),
    ),
    trials=(
        _trial(
            "ask for IEEE arithmetic in convolutions",
            'torch.backends.cudnn.conv.fp32_precision = "ieee"',
            "conv, ieee",
            {CONV, EVERY},
        ),
        _trial(
            "test a matrix product in place of the convolution",
            "",
            "matmul, as it comes",
            {CONV, VARIES},
        ),
        _trial(
            "the same, and ask for IEEE arithmetic in matrix products",
            _PRODUCTS.format("ieee"),
            "matmul, ieee",
            {CONV, VARIES, EVERY},
        ),
        _trial(
            "the same, and ask for TF32 in matrix products",
            _PRODUCTS.format("tf32"),
            "matmul, tf32",
            {VARIES},
        ),
    ),
    budget=2,
    culprit=CONV,
    lesson=(
        "There are two switches, and as torch comes only that of convolutions is on. With it off, "
        "the result is within the tolerance, hundreds of times nearer; so the tolerance was right, "
        "and a larger one would have hidden real faults. Choose: IEEE arithmetic in the test, or a "
        "tolerance that is derived from 11 bits."
    ),
)
