"""Three programs that blame nn.Linear, rebuilt so that one thing changes at a time.

Owns two experiments. In the first the factor is where the seed is set, in the second the device of
the product: input and weights are drawn by one generator and copied, unless the reader asks for
the two differences that spoil the comparison.
"""

import torch
from torch import Tensor, nn

from workbook.bounds import Bound, matmul_bound
from workbook.causes.linear_init.names import KINDS, key, named
from workbook.chart import Cell, Cells, Chart
from workbook.comparison import compare
from workbook.conditions import Conditions
from workbook.control import Choice, DeviceChoice, LogRange, Seed
from workbook.experiment import Experiment
from workbook.floats import bits_equal
from workbook.result import Finding

NO_SEED, TOP, EACH = SEEDING = "no seed", "one seed at the top", "the seed before each layer"
THREE, ONE = LAYERS = "three layers", "one layer, called three times"
INPUTS, OUTPUTS, CALLS = 10, 5, 1000
COLUMNS = ("weights 1", "weights 2", "weights 3", "input", "output 1", "output 2", "output 3")
MOVED, BUILT_THERE = BUILT = "on the CPU, then moved", "on the device"
BEFORE_INPUT, BEFORE_LAYER, NEVER = RESETS = "before the input", "before the layer only", "never"
SAME, ROUNDED, OTHER = "same bits", "rounding", "other numbers"
Run = dict[str, Tensor]  # input, weights and output of one run, on the CPU


def two_runs(where: Conditions, *, seeding: str, layers: str) -> Finding:
    """Run the program twice and give equal weights, inputs and outputs the same name."""
    runs = [_program(where, seeding, layers) for _ in range(2)]
    table: dict[str, dict[str, Cell]] = {"run 1": {}, "run 2": {}}
    for group, symbol in (("weights", "W"), ("input", "x"), ("output", "y")):
        places = [(r, c) for r in range(2) for c, n in enumerate(COLUMNS) if n.startswith(group)]
        cells = named([runs[r][COLUMNS[c]] for r, c in places], symbol)
        for (r, c), cell in zip(places, cells, strict=True):
            table[f"run {r + 1}"][COLUMNS[c]] = cell
    outputs = [[run[name] for name in COLUMNS[4:]] for run in runs]
    values = {
        "distinct": len(set(outputs[0])),
        "runs_agree": outputs[0] == outputs[1],
        "input_repeats": runs[0]["input"] == runs[1]["input"],
        "distinct_of_1000_calls": len(runs[0]["calls"]),
    }
    reading = f"different outputs in run 1: {len(set(outputs[0]))}; in {CALLS:,} more calls of its "
    reading += f"last layer: {len(runs[0]['calls'])}"
    chart = Chart((Cells.of(table, KINDS, "equal names: equal in every bit"),))
    return Finding(
        _verdict(values["distinct"] == 1, outputs[0] == outputs[1]), reading, chart, values
    )


def _program(where: Conditions, seeding: str, layers: str) -> dict[str, tuple[object, ...]]:
    """Run the program once: weights, input and outputs by name, and what 1000 more calls gave."""
    if seeding == NO_SEED:
        torch.seed()  # an arbitrary state, as a new process has
    elif seeding == TOP:
        torch.manual_seed(where.seed or 0)
    kept: dict[str, tuple[object, ...]] = {}
    with torch.no_grad():
        for number in (1, 2, 3):
            if number == 1 or layers == THREE:
                if seeding == EACH:
                    torch.manual_seed(where.seed or 0)
                layer = nn.Linear(INPUTS, OUTPUTS)
            if number == 1:
                x = torch.rand(1, INPUTS)
                kept["input"] = key(x)
            kept[f"weights {number}"] = key(_parameters(layer))
            kept[f"output {number}"] = key(layer(x))
        kept["calls"] = tuple({key(layer(x)) for _ in range(CALLS)})
    return kept


def _parameters(layer: nn.Linear) -> Tensor:
    """Join the weights and the bias, as a last column."""
    return torch.cat([layer.weight, layer.bias[:, None]], dim=1).detach()


def _verdict(equal: bool, repeats: bool) -> str:
    if equal and repeats:
        return "All three outputs are equal, and the next run repeats them."
    if repeats:
        return "The next run repeats every number, and still the three outputs differ."
    if equal:
        return "A run's three outputs are equal; the next run has others."
    return "The three outputs differ, and the next run has three others."


def three_runs(where: Conditions, *, built: str, reset: str, inputs: int) -> Finding:
    """Draw an input and a layer three times; compute on the device, on the CPU, on the device."""
    cpu = Conditions(device="cpu")
    drawn = [_draw(place, where.seed or 0, built, reset, inputs) for place in (where, cpu, where)]
    first, third = _output(where, *drawn[0]), _output(where, *drawn[2])
    with cpu:
        second = _output(cpu, *drawn[1])
    limit = _bound(first)
    other, again = (_against(run, first, limit) for run in (second, third))
    compared = compare(
        second["output"], first["output"], bound=limit, first="CPU", second=str(where.device)
    )
    reading = f"outputs of runs 1 and 2: {compared.differing} of {compared.count} differ, "
    reading += f"by at most {compared.max_abs:.2g}"
    values = {"cpu": other, "again": again, "largest": compared.max_abs}
    return Finding(_device_verdict(other, again), reading, values=values, comparisons=(compared,))


def _draw(
    where: Conditions, seed: int, built: str, reset: str, inputs: int
) -> tuple[Tensor, nn.Linear]:
    if reset == BEFORE_INPUT:
        torch.manual_seed(seed)
    x = torch.rand(1, inputs)
    if reset == BEFORE_LAYER:
        torch.manual_seed(seed)
    place = where.torch_device if built == BUILT_THERE else None
    return x, nn.Linear(inputs, OUTPUTS * 4, device=place)


def _output(where: Conditions, x: Tensor, layer: nn.Linear) -> Run:
    there = where.torch_device
    with torch.no_grad():
        output = layer.to(there)(x.to(there)).cpu()
    return {"input": x, "weights": _parameters(layer).cpu(), "output": output}


def _bound(run: Run) -> Bound:
    """Bound two ways to add up n products and a bias, each a dot product of length n + 1."""
    limit = matmul_bound(
        torch.cat([run["input"], torch.ones(1, 1)], 1), run["weights"].T, "float32"
    )
    return limit + limit


def _against(run: Run, first: Run, limit: Bound) -> dict[str, str]:
    words = {
        name: SAME if bits_equal(run[name], first[name]) else OTHER
        for name in ("input", "weights", "output")
    }
    if compare(run["output"], first["output"], bound=limit).verdict == "rounding":
        words["output"] = ROUNDED
    return words


def _device_verdict(cpu: dict[str, str], again: dict[str, str]) -> str:
    started = [line[name] for line in (cpu, again) for name in ("input", "weights")]
    if OTHER in started:
        names = [name for name in ("input", "weights") if OTHER in (cpu[name], again[name])]
        return (
            f"The runs start from other numbers ({' and '.join(names)}): no output can be judged."
        )
    if OTHER in (cpu["output"], again["output"]):
        return "The runs start from the same bits, and outputs differ by more than rounding."
    return "All runs start from the same bits, and their outputs differ by no more than rounding."


RUNS = Experiment(
    name="two_runs",
    question="Three layers, one input: which outputs are equal, and does the next run repeat them?",
    factor="where the seed is set",
    controls=(Choice("seeding", NO_SEED, SEEDING), Choice("layers", THREE, LAYERS)),
    measure=two_runs,
)
DEVICES = Experiment(
    name="three_runs",
    question="The same seed on the CPU and on a device: what is different?",
    factor="device of the product",
    controls=(
        DeviceChoice("simulated"),
        Choice("built", MOVED, BUILT, label="layer built"),
        Choice("reset", BEFORE_INPUT, RESETS, label="seed reset"),
        LogRange("inputs", 64, 1, 10, base=2),
        Seed(),
    ),
    measure=three_runs,
)
