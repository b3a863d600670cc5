"""Where gradients do change the forward pass: another kernel is chosen.

Owns one experiment. The factor is whether gradients are recorded (or asked for); the module, its
weights and its input are the same object.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, compare, error_of
from workbook.conditions import Conditions
from workbook.conditions.switches import switched
from workbook.control import Choice, Seed, Toggle
from workbook.experiment import Experiment
from workbook.result import Finding
from workbook.trace import Trace
from workbook.wording import percent

WIDTH, HEADS, LENGTH, ROWS = 32, 4, 7, 3
ENCODER, DECODER = "encoder layer, no_grad", "decoder layer, no_grad"
LSTM, MASK = "LSTM, no_grad", "a mask that requires gradients"
Forward = Callable[[Tensor, bool], Tensor]


def two_kernels(where: Conditions, *, case: str, fast_path: bool) -> Finding:
    """Run one computation with and without gradients and hold both beside float64."""
    x = torch.rand(ROWS, LENGTH, WIDTH)
    forward, exact = CASES[case](x)
    fused = torch.backends.mha
    with switched(fused.get_fastpath_enabled, fused.set_fastpath_enabled, fast_path):
        with Trace() as usual:
            plain = forward(x, False)
        with Trace() as changed:
            other = forward(x, True)
    another = names(usual) != names(changed)
    truth = exact(x.double(), False).detach()
    compared = compare(other, plain, first=case, second="as usual")
    errors = tuple(
        error_of(out, truth, first=name, second="float64")
        for name, out in ((case, other), ("as usual", plain))
    )
    reading = f"{percent(compared.share)} of the numbers differ, by up to {compared.max_abs:.1g}; "
    reading += f"errors {errors[1].max_abs:.1g} and {errors[0].max_abs:.1g}"
    values = {
        "another_kernel": another,
        "differing": compared.differing,
        "max_abs": compared.max_abs,
    }
    chart = _chart(plain, other, truth)
    verdict = _verdict(another, compared)
    return Finding(verdict, reading, chart, values, (compared, *errors))


def names(trace: Trace) -> set[str]:
    """Give the names of the operations that torch ran: which kernel, on any processor."""
    return {operation.name for operation in trace}


def _layer(kind: type[nn.Module]) -> Callable[[Tensor], tuple[Forward, Forward]]:
    def made(x: Tensor) -> tuple[Forward, Forward]:
        layer = kind(WIDTH, HEADS, 2 * WIDTH, batch_first=True).eval()
        double = kind(WIDTH, HEADS, 2 * WIDTH, batch_first=True).eval().double()
        double.load_state_dict(layer.state_dict())
        return _without_grad(layer), _without_grad(double)

    return made


def _lstm(x: Tensor) -> tuple[Forward, Forward]:
    layer = nn.LSTM(WIDTH, WIDTH, num_layers=2, batch_first=True)
    double = nn.LSTM(WIDTH, WIDTH, num_layers=2, batch_first=True).double()
    double.load_state_dict(layer.state_dict())
    return _without_grad(layer), _without_grad(double)


def _without_grad(layer: nn.Module) -> Forward:
    def forward(x: Tensor, changed: bool) -> Tensor:
        inputs = (x, x.flip(0)) if isinstance(layer, nn.TransformerDecoderLayer) else (x,)
        with torch.set_grad_enabled(not changed):
            out = layer(*inputs)
            plain: Tensor = out[0] if isinstance(out, tuple) else out
            return plain.detach()

    return forward


def _masked(x: Tensor) -> tuple[Forward, Forward]:
    mask = torch.rand(LENGTH, LENGTH)

    def forward(x: Tensor, changed: bool) -> Tensor:
        heads = x.reshape(ROWS, LENGTH, HEADS, -1).transpose(1, 2)
        bias = mask.to(x.dtype, copy=True).requires_grad_(changed)  # the mask itself stays as it is
        return F.scaled_dot_product_attention(heads, heads, heads, attn_mask=bias).detach()

    return forward, forward


CASES = {
    ENCODER: _layer(nn.TransformerEncoderLayer),
    DECODER: _layer(nn.TransformerDecoderLayer),
    LSTM: _lstm,
    MASK: _masked,
}


def _verdict(another: bool, compared: Comparison) -> str:
    if not another:
        if compared.identical:
            return "Every bit is equal: the same kernel ran both times."
        return "The same operations ran and the bits changed: one chose another kernel inside."
    return "Another kernel ran, and it rounds in its own way."


def _chart(plain: Tensor, other: Tensor, truth: Tensor) -> Chart:
    errors = [(out.double() - truth).flatten()[:120] for out in (plain, other)]
    x = range(len(errors[0]))
    series = tuple(
        Series(name, x, values, "points")
        for name, values in zip(("as usual", "the other kernel"), errors, strict=True)
    )
    axes = Axis("number", 0, len(x)), Axis.around("error against float64", *errors, least=1e-9)
    return Chart((Panel(*axes, series),))


WITHOUT_GRADIENTS = Experiment(
    name="without_gradients",
    question="Can switching gradients off change the result?",
    factor="whether gradients are recorded",
    controls=(
        Choice("case", ENCODER, tuple(CASES)),
        Toggle(
            "fast_path",
            True,
            label="fast path allowed",
            help="may torch compute a whole Transformer encoder layer in one fused kernel?",
        ),
        Seed(),
    ),
    measure=two_kernels,
)
