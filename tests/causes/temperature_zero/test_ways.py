"""Rows of torch's own product, ways to compute one prompt, and samples in a batch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from workbook.causes.temperature_zero import (
    ALONE,
    ROWS,
    WAYS_TO_COMPUTE,
    library,
    rows,
    sampling,
    ways,
)
from workbook.experiment import run
from workbook.recording import recorded


def test_tiles_are_the_product() -> None:
    """Rows in tiles are NumPy's product, for any number of rows."""
    x, w = torch.rand(19, 12).double(), torch.rand(5, 12).double()
    assert np.allclose(rows.tiled(x, w).numpy(), x.numpy() @ w.numpy().T)


def test_a_tile_always_has_one_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes, the library sees eight rows."""
    seen = []
    real = F.linear
    monkeypatch.setattr(F, "linear", lambda x, w: (seen.append(len(x)), real(x, w))[1])
    rows.tiled(torch.rand(19, 4), torch.rand(2, 4))
    assert set(seen) == {rows.TILE}


def test_rows_beyond_the_bound_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product that adds something for few rows is not called rounding."""

    def faulty(x: Tensor, w: Tensor) -> Tensor:
        return F.linear(x, w) + (len(x) < 4)

    monkeypatch.setitem(rows.WAYS, rows.PLAIN, faulty)
    assert "more than rounding explains" in run(ROWS).verdict


def test_the_recorded_gpu_shows_it_in_every_format() -> None:
    """With 4096 features rows differ in three formats on the recorded GPU; in tiles none does."""
    (recording,) = (r for r in recorded(ROWS.name) if r.provenance["device"] == "cuda")
    shares = recording.find(ROWS.name, ROWS.checked(dict(ROWS.recorded))).finding.values["shares"]
    for name, line in shares.items():
        assert (max(line.values()) > 0) == name.endswith(rows.PLAIN)
    for features in (16, 64, 256, 1024):
        narrow = ROWS.checked({**ROWS.recorded, "features": features})
        shares = recording.find(ROWS.name, narrow).finding.values["shares"]
        assert max(shares[f"float32, {rows.PLAIN}"].values()) > 0
        for name in ("bfloat16", "float16"):
            assert max(shares[f"{name}, {rows.PLAIN}"].values()) == 0


def test_no_text_changed_on_the_recorded_gpu() -> None:
    """With torch's own product every recorded text is the same, up to a width of 512."""
    (recording,) = (r for r in recorded(ALONE.name) if r.provenance["device"] == "cuda")
    own = [r for r in recording.results if r.settings.get("order") == library.TORCH]
    assert max(each.settings["width"] for each in own) == 512
    assert [each.finding.values["changed"] for each in own] == [0] * len(own)


@pytest.mark.parametrize("seed", range(3))
def test_only_half_hidden_padding_is_another_computation(seed: int) -> None:
    """Mask without positions and positions without mask change values, the rest does not."""
    values = run(WAYS_TO_COMPUTE, seed=seed).finding.values
    other = {name for name, word in values.items() if word == ways.OTHER}
    assert other == {ways.ONLY_MASK, ways.ONLY_PLACES}


def test_a_broken_cache_is_no_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A way that forgets the tokens before is named."""
    monkeypatch.setitem(
        ways.WAYS, ways.CACHE, lambda model, tokens: ways.forward(model, tokens[:, -1:])[:, -1]
    )
    assert ways.CACHE in run(WAYS_TO_COMPUTE).verdict


def test_a_seed_belongs_to_the_first_row() -> None:
    """The first row keeps its sample in every seed, the sixth hardly ever."""
    torch.manual_seed(0)
    assert sampling.kept(0) == 1
    assert sampling.kept(5) < 0.5


def test_ties_need_few_digits() -> None:
    """Of the same draws bfloat16 has ties, and float32 hardly any."""
    torch.manual_seed(0)
    assert sampling.ties(torch.bfloat16, draws=200) > 0.01
    assert sampling.ties(torch.float32, draws=200) < 0.01
