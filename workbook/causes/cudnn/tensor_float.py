"""TF32: a product of float32 numbers with 11 bits of each, and the switches that allow it.

Owns two experiments. The factor is the switch: operands and device stay. The truth is float64 on
the CPU. `fp32_precision` is used where torch has it (from 2.9 on), else the older switches.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.bounds import Bound, matmul_bound
from workbook.causes.cudnn.catalogue import DEVICE
from workbook.causes.cudnn.series import quiet
from workbook.chart import Axis, Chart, Panel, Series
from workbook.comparison import Comparison, error_of
from workbook.conditions import Changes, Conditions, tf32
from workbook.control import LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import bits, round_to
from workbook.result import Finding

AS_IT_COMES, IEEE, TENSOR, MEDIUM, BY_HAND = ("as it comes", "ieee", "tf32", "medium", "by hand")
# What each allows at worst: the format to which operands may be rounded.
INPUTS = {AS_IT_COMES: "tf32", IEEE: None, TENSOR: "tf32", MEDIUM: "bfloat16", BY_HAND: "tf32"}
MATMUL, CONV, RNN = ("cuda", "matmul"), ("cuda", "conv"), ("cuda", "rnn")
# The older switches that say the same.
OLDER: dict[tuple[tf32.Key, str], Changes] = {
    (MATMUL, IEEE): {"matmul_precision": "highest"},
    (MATMUL, TENSOR): {"matmul_precision": "high"},
    (CONV, IEEE): {"cudnn_tf32": False},
    (CONV, TENSOR): {"cudnn_tf32": True},
}
IMAGES, CHANNELS, SIDE, LOST, WIDE = 4, 64, 32, 13, 256
COARSE = 20  # times the error of IEEE arithmetic: TF32 errs hundreds of times more


def under(where: Conditions, key: tf32.Key, word: str, call: Callable[[], Tensor]) -> Tensor:
    """Run a call with one switch set, bring its result to the CPU, and put the switch back.

    Away from CUDA, and in a torch that lacks it, the older switch is set in its place.
    """
    newer = tf32.has_newer() and where.device == "cuda"
    with quiet(), where if newer else where.replace(**OLDER.get((key, word), {})):
        if newer and word in (IEEE, TENSOR):
            for each in (CONV, RNN) if key == CONV else (key,):
                tf32.set_newer(each, word)
        return call().cpu()


def compare_switches(where: Conditions, *, size: int) -> Finding:
    """Multiply two matrices, and convolve an image, under every switch; measure the errors."""
    a, b = torch.rand(size, size) - 0.5, torch.rand(size, size) - 0.5
    image = torch.rand(IMAGES, CHANNELS, SIDE, SIDE) - 0.5
    filters = torch.rand(CHANNELS, CHANNELS, 3, 3) - 0.5
    at = [operand.to(where.torch_device) for operand in (a, b, image, filters)]
    products = {word: under(where, MATMUL, word, lambda: at[0] @ at[1])
                for word in (AS_IT_COMES, IEEE, TENSOR)}  # fmt: skip
    products[MEDIUM] = under(
        where.replace(matmul_precision="medium"), MATMUL, MEDIUM, lambda: at[0] @ at[1]
    )
    products[BY_HAND] = round_to(a, "tf32") @ round_to(b, "tf32")
    images = {word: under(where, CONV, word, lambda: F.conv2d(at[2], at[3]))
              for word in (AS_IT_COMES, IEEE, TENSOR)}  # fmt: skip
    patches, flat = F.unfold(image.double(), 3).transpose(1, 2), filters.double().flatten(1).T
    convolved = {w: each.flatten(2).transpose(1, 2).contiguous() for w, each in images.items()}
    judged = {f"matmul, {word}": each for word, each in _judged(where, products, a, b).items()}
    for word, each in _judged(where, convolved, patches, flat).items():
        judged[f"conv, {word}"] = each
    errors = {name: each.error for name, each in judged.items()}
    compared = tuple(each.comparison for each in judged.values())
    coarse = [name for name, error in errors.items() if error > COARSE * errors["matmul, ieee"]]
    values = {"errors": errors, "coarse": coarse, **_identity(where, at[0])}
    digits = {name: f"{error:.1e}" for name, error in errors.items()}
    by_kind = (
        f"{kind} {digits[f'{kind}, {AS_IT_COMES}']} (ieee {digits[f'{kind}, {IEEE}']})"
        for kind in ("matmul", "conv")
    )
    reading = f"errors as it comes: {', '.join(by_kind)}; by hand {digits[f'matmul, {BY_HAND}']}"
    return Finding(_verdict(compared), reading, _chart(judged), values, compared)


def _identity(where: Conditions, matrix: Tensor) -> dict[str, float]:
    """Count the share of a matrix that times the identity changes, and that lost 13 bits."""
    eye = torch.eye(len(matrix), device=matrix.device)
    product = under(where, MATMUL, TENSOR, lambda: matrix @ eye)
    changed = float((product != matrix.cpu()).double().mean())
    short = float((bits(product) % 2**LOST == 0).double().mean())
    return {"identity_changes": changed, "identity_ends_in_zeros": short}


@dataclass(frozen=True)
class Judged:
    """A product's relative error in the Frobenius norm, what its bound allows, and the two side
    by side, element by element."""

    error: float
    allowed: float
    comparison: Comparison


def _judged(
    where: Conditions, products: dict[str, Tensor], a: Tensor, b: Tensor
) -> dict[str, Judged]:
    """Hold each product of a and b against float64, within the bound of what its switch allows."""
    exact, bounds, judged = a.double() @ b.double(), dict[tuple[str | None, bool], Bound](), {}
    for word, product in products.items():
        inputs = INPUTS[word]
        key = inputs, inputs is not None and word != BY_HAND and where.device == "cuda"
        if key not in bounds:
            bounds[key] = matmul_bound(a, b, "float32", inputs=inputs, tensor_cores=key[1])
        error = float((product.double() - exact).norm() / exact.norm())
        allowed = float(torch.as_tensor(bounds[key].probable).norm() / exact.norm())
        judged[word] = Judged(error, allowed, error_of(product, exact, bound=bounds[key]))
    return judged


def _verdict(compared: tuple[Comparison, ...]) -> str:
    if not all(one.within for one in compared):
        return "A product is further off than the format that its switch allows explains."
    return "Every product stays within the bound of the format that its switch allows."


def _chart(judged: dict[str, Judged]) -> Chart:
    places = range(len(judged))
    series = (
        Series("relative error", places, (each.error for each in judged.values()), "points"),
        Series("its bound", places, (each.allowed for each in judged.values()), "points"),
    )
    names = (name.replace("matmul, ", "") for name in judged)
    return Chart((Panel(Axis.of("", names), Axis("error", 1e-8, 1, log=True), series),))


def _rnn(kind: Callable[..., object], gates: int) -> Callable[..., Tensor]:
    def call(x: Tensor, w: Tensor) -> Tensor:
        start = x.new_zeros(1, len(x), WIDE)
        weights = [w.repeat(gates, 1) - 0.5, w.flip(0).repeat(gates, 1) - 0.5]
        first = (start, start) if gates == 4 else start
        whole: Tensor = kind(x, first, weights, False, 1, 0.0, False, False, True)[0]  # type: ignore[index]
        return whole

    return call


def _adaptive(x: Tensor, w: Tensor) -> Tensor:
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(256, 64, [16], device=x.device)
    for weights in layer.parameters():
        weights.data.copy_(w[: weights.shape[0], : weights.shape[1]])
    return layer.log_prob(x[:, 0])


REACHED: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "matmul": lambda x, w: x @ w.T,
    "Linear": F.linear,
    "tensordot": lambda x, w: torch.tensordot(x, w, dims=([2], [1])),
    "cdist": lambda x, w: torch.cdist(x, w[:64]),
    "attention, math": lambda x, w: F.scaled_dot_product_attention(x, x, x),
    "adaptive log-softmax": _adaptive,
    "affine_grid": lambda x, w: F.affine_grid(x[:, :2, :3], [32, 1, 64, 64], align_corners=True),
    "grid_sample": lambda x, w: F.grid_sample(
        x[:, None], x[:, :32, :128].reshape(32, 64, 32, 2), align_corners=True
    ),
    "conv2d": lambda x, w: F.conv2d(x.reshape(32, 64, 16, 8), w.reshape(-1, 64, 4, 4)),
    "LSTM": _rnn(torch.lstm, 4),
    "GRU": _rnn(torch.gru, 3),
}
SWITCHED = "switch of products", "switch of convolutions"


def follow_switches(where: Conditions) -> Finding:
    """Run what is said to use TF32 with both switches at "ieee", and with each at "tf32"."""
    x, w = (torch.rand(shape).to(where.torch_device) for shape in ((32, 32, WIDE), (WIDE, WIDE)))
    still = where.replace(cudnn_tf32=False, matmul_precision="highest")
    reached: dict[str, list[str]] = {name: [] for name in SWITCHED}
    for row, call in REACHED.items():
        with torch.no_grad():
            first, *others = (
                under(still, key, word, lambda: call(x, w))  # noqa: B023
                for key, word in ((MATMUL, IEEE), (MATMUL, TENSOR), (CONV, TENSOR))
            )
        for column, other in zip(SWITCHED, others, strict=True):
            reached[column] += [row] * (not torch.equal(bits(first), bits(other)))
    reading = "; ".join(f"{name}: {', '.join(rows) or 'none'}" for name, rows in reached.items())
    verdict = "No switch for TF32 changed a bit of these."
    if any(reached.values()):
        verdict = "The switches for TF32 reach some of these, each its own."
    return Finding(verdict, reading, values={"reached": reached})


TF32 = Experiment(
    name="tf32",
    question="Which products use TF32, and what does it cost in digits?",
    factor="the switch",
    controls=(LogRange("size", 128, 5, 10, base=2), Seed(), DEVICE),
    measure=compare_switches,
    recorded={"size": 1024},
)
TF32_REACH = Experiment(
    name="tf32_reach",
    question="Which functions do the two switches for TF32 reach?",
    factor="the switch",
    controls=(DEVICE,),
    measure=follow_switches,
)
