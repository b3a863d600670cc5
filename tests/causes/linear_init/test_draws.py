"""The stream of draws."""

import pytest
import torch
from torch import nn

from workbook.causes.linear_init import LEDGER, PREFIX, draws
from workbook.causes.linear_init.draws import EACH, EVAL, LOADER, OWN, SWAPPED, UNUSED
from workbook.experiment import run


def test_a_layer_takes_a_draw_for_every_number() -> None:
    """Linear takes inputs * outputs + outputs draws, rand one for each number."""
    taken = run(LEDGER).finding.values["taken"]
    assert taken == {UNUSED: 2 * 1 + 1, "hidden": 3 * 2 + 2, "output": 2 * 1 + 1, "input": 3}


def test_an_unused_layer_shifts_everything() -> None:
    """With one seed at the top, every part after it gets other numbers."""
    assert not any(run(LEDGER, edit=UNUSED).finding.values["kept"].values())


def test_places_are_those_of_the_stream() -> None:
    """Each weight of the edited hidden layer is the draw at its place, scaled to the bound."""
    torch.manual_seed(0)
    stream = torch.rand(32, dtype=torch.float32)
    torch.manual_seed(0)
    nn.Linear(2, 1)
    weights = nn.Linear(3, 2).weight.detach().flatten()
    (cells,) = run(LEDGER, edit=UNUSED).finding.chart.panels
    line = cells.text[cells.rows.index("hidden, edited")]
    places = [place for place, text in enumerate(line) if text]
    scaled = (2 * stream[places][:6] - 1) / 3**0.5
    assert torch.allclose(weights, scaled, rtol=0, atol=1e-6)


def test_swapping_leaves_what_comes_after() -> None:
    """Swapped layers get other numbers; the input, after as many draws, keeps its own."""
    kept = run(LEDGER, edit=SWAPPED).finding.values["kept"]
    assert kept == {"hidden": False, "output": False, "input": True}


def test_dropout_in_eval_mode_draws_nothing() -> None:
    """In eval mode a dropout takes no draw, so that nothing is shifted."""
    values = run(LEDGER, edit=EVAL).finding.values
    assert values["taken"][EVAL] == 0 and all(values["kept"].values())


def test_reading_a_loader_draws() -> None:
    """A DataLoader that shuffles nothing still takes its base seed from the stream."""
    values = run(LEDGER, edit=LOADER).finding.values
    assert values["taken"][LOADER] > 0 and not any(values["kept"].values())


@pytest.mark.parametrize(("seeding", "shared"), [(EACH, True), (OWN, False)])
@pytest.mark.parametrize("edit", draws.EDITS)
def test_a_seed_for_each_part_shields_it(edit: str, seeding: str, shared: bool) -> None:
    """Seeded before each part, nobody is shifted; with one seed for all, parts share draws."""
    values = run(LEDGER, edit=edit, seeding=seeding).finding.values
    assert all(values["kept"].values()) and values["shared_start"] is shared


def test_the_ledger_gives_back_what_it_looks_at() -> None:
    """Looking ahead counts the draws that are gone and leaves the stream where it was."""
    stream = torch.rand(32, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    torch.rand(5)
    before = torch.get_rng_state()
    assert draws._ahead(stream) == 5
    assert torch.equal(torch.get_rng_state(), before)


def test_uniform_numbers_are_a_prefix() -> None:
    """rand(n) begins rand(n + 1) at every n; randn(n) does so only below n = 15."""
    values = run(PREFIX).finding.values
    assert values["rand"] and not values["randn"]
    assert min(values["broken"]) == 15


def test_short_normal_draws_are_prefixes() -> None:
    """Up to eight numbers, both kinds are, and the verdict says so."""
    assert run(PREFIX, longest=8).verdict.startswith("Up to here")


def test_unstable_uniform_numbers_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were rand to change with its length, the verdict would say so."""
    monkeypatch.setattr(draws, "_shared", lambda *_: [0] * 48)
    assert run(PREFIX).verdict.startswith("Even uniform numbers")
