"""What nn.Linear draws: how the numbers are spread, and what its dtype does to them.

Owns two experiments. The factor of the first is the number of inputs, of the second the moment of
the conversion: the layer is built in a dtype, or built in float32 and converted.
"""

import math

import torch
from torch import Tensor, nn

from workbook.chart import Axis, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.control import DeviceChoice, Dtype, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import format_of
from workbook.result import Finding

WIDTHS = tuple(2**power for power in range(11))
NUMBERS, OUTPUTS, WIDTH = 4096, 20, 16
MISS = 1e-6  # how often an even spread may look uneven: once in a million seeds


def spread_of(where: Conditions, *, inputs: int) -> Finding:
    """Build layers of many widths; hold the numbers of one against an even spread."""
    drawn = {n: _numbers(n, OUTPUTS if n != inputs else NUMBERS // n + 1, where) for n in WIDTHS}
    inside = all(float(x.abs().amax()) <= _limit(n) for n, x in drawn.items())
    numbers = drawn[inputs]
    limit = _limit(inputs)
    # Massart (1990): with probability 1 - MISS no gap of the two distributions is larger.
    allowed = math.sqrt(math.log(2 / MISS) / (2 * len(numbers)))
    gap = _gap(numbers, limit)
    reading = f"{len(numbers):,} numbers, inputs = {inputs}: largest {numbers.abs().amax():.6f}, "
    reading += f"1/√{inputs} = {1 / math.sqrt(inputs):.6f}"
    values = {"inside": inside, "even": gap <= allowed, "gap": gap, "allowed": allowed}
    values["largest_over_limit"] = float(numbers.abs().amax()) * math.sqrt(inputs)
    return Finding(_spread_verdict(inside, gap <= allowed), reading, values=values)


def _numbers(inputs: int, outputs: int, where: Conditions) -> Tensor:
    layer = nn.Linear(inputs, outputs, device=where.torch_device)
    return torch.cat([layer.weight.flatten(), layer.bias]).detach().cpu().double()


def _limit(inputs: int) -> float:
    """Compute 1 / sqrt(inputs), up to three roundings of float32: of ends and scaled draw."""
    return (1 + 3 * format_of("float32").unit_roundoff) / math.sqrt(inputs)


def _gap(numbers: Tensor, limit: float) -> float:
    """Find the largest distance between the numbers' distribution function and the even one's."""
    expected = (numbers.sort().values + limit) / (2 * limit)
    steps = torch.arange(len(numbers) + 1, dtype=torch.float64) / len(numbers)
    return float(torch.maximum((steps[1:] - expected).abs(), (steps[:-1] - expected).abs()).amax())


def _spread_verdict(inside: bool, even: bool) -> str:
    if not inside:
        return "Some numbers lie outside ±1/√inputs."
    if even:
        return "All weights and biases lie within ±1/√inputs, as evenly as that many draws can."
    return "All weights and biases lie within ±1/√inputs, but they are not spread evenly."


def built_or_converted(where: Conditions, *, inputs: int) -> Finding:
    """Build in float32 and in another dtype from one seed; convert the first to the second."""
    single, built = (_built(inputs, where, dtype) for dtype in (torch.float32, where.torch_dtype))
    converted = single.to(where.torch_dtype)
    same = built == converted
    share = float(same.double().mean())
    limit = 1.05 / math.sqrt(inputs)
    series = tuple(
        Series(label, single[:400], y[:400], "points")
        for label, y in ((f"built in {where.dtype}", built), ("converted", converted))
    )
    axes = Axis("float32 weight", -limit, limit), Axis(f"{where.dtype} weight", -limit, limit)
    apart = float((built.double() - converted.double()).abs().amax())
    other = int((~same).sum())
    reading = f"built in {where.dtype}: {other or 'none'} of {len(same)} weights "
    reading += "differ from the converted ones" + f", by up to {apart:.2g}" * (other > 0)
    exact = bool((converted.double() == single.double()).all())
    values = {"share_kept": share, "largest_gap": apart, "converted_exact": exact}
    verdict = _dtype_verdict(str(where.dtype), share, exact)
    return Finding(verdict, reading, Chart((Panel(*axes, series),)), values)


def _built(inputs: int, where: Conditions, dtype: torch.dtype) -> Tensor:
    torch.manual_seed(where.seed or 0)
    return nn.Linear(inputs, WIDTH, dtype=dtype).weight.detach().flatten()


def _dtype_verdict(name: str, share: float, exact: bool) -> str:
    moved = "keeps every value" if exact else "rounds every value"
    if share == 1:
        return f"Built in {name}, the layer has the float32 weights, rounded, as converting gives."
    if share < 0.1:
        return f"Built in {name}, the layer has unrelated weights; converting {moved}."
    return f"Built in {name}, some weights are others; converting {moved}."


DISTRIBUTION = Experiment(
    name="initial_weights",
    question="Which numbers does a new nn.Linear hold?",
    factor="number of inputs",
    controls=(LogRange("inputs", 64, 0, 10, base=2), Seed(), DeviceChoice()),
    measure=spread_of,
)
DTYPE = Experiment(
    name="built_in_dtype",
    question="Is a float64 layer the float32 layer with more digits?",
    factor="when it is converted",
    controls=(
        Dtype("float64", ("float64", "bfloat16", "float16")),
        LogRange("inputs", 16, 0, 8, base=2),
        Seed(),
    ),
    measure=built_or_converted,
)
