"""Three programs that blame nn.Linear, rebuilt."""

import math

import pytest
import torch
from torch import nn

from workbook.causes.linear_init import DEVICES, RUNS, names, programs
from workbook.causes.linear_init.programs import (
    BEFORE_LAYER,
    BUILT_THERE,
    EACH,
    NEVER,
    NO_SEED,
    ONE,
    OTHER,
    ROUNDED,
    SAME,
    TOP,
)
from workbook.conditions import Conditions
from workbook.experiment import run
from workbook.result import Finding

OPENS = {
    NO_SEED: "The three outputs differ, and the next run has three others.",
    TOP: "The next run repeats every number, and still the three outputs differ.",
    EACH: "All three outputs are equal, and the next run repeats them.",
}


def table(finding: Finding) -> dict[tuple[str, str], str]:
    """The figure's cells by row and column."""
    (cells,) = finding.chart.panels
    rows = zip(cells.rows, cells.text, strict=True)
    return {(r, c): t for r, line in rows for c, t in zip(cells.columns, line, strict=True)}


@pytest.mark.parametrize("seeding", OPENS)
def test_where_the_seed_is_set_decides(seeding: str) -> None:
    """No seed: nothing repeats; one: runs repeat; one before each layer: the layers are equal."""
    assert run(RUNS, seeding=seeding).verdict == OPENS[seeding]


def test_one_layer_gives_one_output() -> None:
    """Called 1000 times with one input, a layer that was built once gives one result."""
    values = run(RUNS, layers=ONE).finding.values
    assert values["distinct"] == values["distinct_of_1000_calls"] == 1


def test_the_input_follows_the_seed() -> None:
    """Drawn after a seeded layer, the input is the same in the next run."""
    assert run(RUNS, seeding=EACH).finding.values["input_repeats"]


def test_names_stand_for_equal_numbers() -> None:
    """Run by hand with one seed, three layers have three weights; the figure names them so."""
    cells = table(run(RUNS, seeding=TOP).finding)
    torch.manual_seed(0)
    first = nn.Linear(10, 5)
    torch.rand(1, 10)
    second = nn.Linear(10, 5)
    assert not torch.equal(first.weight, second.weight)
    assert cells["run 1", "weights 1"] == cells["run 2", "weights 1"] == "W1"
    assert cells["run 1", "weights 2"] == "W2"


def test_names_count_different_values() -> None:
    """Equal values share a name, and only the first of them is new."""
    assert [(cell.text, cell.kind) for cell in names.named([7, 9, 7], "y")] == [
        ("y1", names.NEW),
        ("y2", names.NEW),
        ("y1", names.SEEN),
    ]


@pytest.mark.parametrize("inputs", [2, 64, 1024])
def test_a_device_changes_the_output_by_rounding(inputs: int) -> None:
    """From the same bits, another order of additions stays within the derived bound."""
    result = run(DEVICES, inputs=inputs)
    values = result.finding.values
    assert values["cpu"]["input"] == values["cpu"]["weights"] == SAME
    assert values["cpu"]["output"] in (SAME, ROUNDED)
    assert set(values["again"].values()) == {SAME}
    assert "no more than rounding" in result.verdict


def test_on_the_cpu_nothing_differs() -> None:
    """With the CPU as the device, all three runs agree in every bit."""
    values = run(DEVICES, device="cpu").finding.values
    assert {*values["cpu"].values(), *values["again"].values()} == {SAME}


@pytest.mark.parametrize(("reset", "weights"), [(BEFORE_LAYER, SAME), (NEVER, OTHER)])
def test_another_input_is_no_matter_of_devices(reset: str, weights: str) -> None:
    """Without a reset before the input, the runs have other inputs, and the verdict says so."""
    result = run(DEVICES, reset=reset, device="cpu")
    assert result.finding.values["cpu"]["input"] == OTHER
    assert result.finding.values["cpu"]["weights"] == weights
    assert "start from other numbers (input" in result.verdict


def test_weights_of_a_devices_own_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a device draws other weights, they are named; here every other draw is another."""
    honest, count = programs._draw, iter(range(9))

    def drawn(where: Conditions, seed: int, *rest: str | int) -> object:
        x, layer = honest(where, seed, *rest)  # type: ignore[arg-type]
        return (x, layer) if next(count) % 2 == 0 else (x, nn.Linear(layer.in_features, 20))

    monkeypatch.setattr(programs, "_draw", drawn)
    assert "other numbers (weights)" in run(DEVICES, built=BUILT_THERE).verdict


def test_more_than_rounding_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An output beyond the bound is not called rounding."""
    honest = programs._output

    def shifted(where: Conditions, x: torch.Tensor, layer: nn.Linear) -> programs.Run:
        found = honest(where, x, layer)
        return found if where.device == "cpu" else {**found, "output": found["output"] + 1}

    monkeypatch.setattr(programs, "_output", shifted)
    assert "by more than rounding" in run(DEVICES).verdict


def test_a_product_is_a_sum_of_products() -> None:
    """The output is within the bound of Python's exactly rounded sum of exact products."""
    with Conditions(seed=1, threads=1):
        x, layer = torch.rand(1, 64), nn.Linear(64, 3)
    found = programs._output(Conditions(device="cpu"), x, layer)
    weights = found["weights"].double()
    row = [*x[0].double().tolist(), 1.0]
    exact = [math.fsum(a * b for a, b in zip(row, w, strict=True)) for w in weights.tolist()]
    gaps = (found["output"][0].double() - torch.tensor(exact, dtype=torch.float64)).abs()
    assert bool((gaps <= programs._bound(found).limit[0]).all())
