"""The library that is written out, the texts that follow from it, and the lead that is safe."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from workbook.causes.temperature_zero import ALONE, MARGINS, decoding, library, margins, model
from workbook.conditions import Conditions
from workbook.experiment import run


@pytest.mark.parametrize("add", [library.halves, library.pairs])
@pytest.mark.parametrize("length", [1, 5, 8, 12])
def test_an_order_adds_every_entry_once(add, length: int) -> None:
    """Of whole numbers, where nothing is rounded, the sum is Python's."""
    terms = torch.arange(3.0 * length).view(3, length)
    assert add(terms).tolist() == [sum(row) for row in terms.tolist()]


def test_each_order_is_the_one_that_it_says() -> None:
    """NumPy's float16, added in that order, gives the same bits."""
    terms = np.array([1024.0, 0.75, -1024.0, 0.75], dtype=np.float16)
    tensor = torch.from_numpy(terms)
    assert library.halves(tensor).item() == (terms[0] + terms[2]) + (terms[1] + terms[3])
    assert library.pairs(tensor).item() == (terms[0] + terms[1]) + (terms[2] + terms[3])
    assert library.halves(tensor) != library.pairs(tensor)


def test_a_wide_accumulator_rounds_once() -> None:
    """Products of 16-bit numbers, added in float32, are within one rounding of the exact sum."""
    x, w = (torch.rand(1, 32).bfloat16() for _ in range(2))
    got = library.product(library.FIXED, library.WIDE)(x, w).item()
    exact = sum(
        Fraction(a) * Fraction(b) for a, b in zip(x[0].tolist(), w[0].tolist(), strict=True)
    )
    assert abs(Fraction(got) - exact) <= exact * Fraction(1, 2**8)


@pytest.mark.parametrize("seed", [2, 4, 5])
def test_only_the_order_by_rows_changes_texts(seed: int) -> None:
    """With one fixed order every text is the same; with the order by rows some are not."""
    assert run(ALONE, seed=seed).finding.values["changed"] > 0
    assert run(ALONE, seed=seed, order=library.FIXED).finding.values["changed"] == 0


def test_a_wide_accumulator_is_the_control() -> None:
    """With a float32 accumulator the changed order changes no text here."""
    assert run(ALONE, accumulator=library.WIDE).finding.values["changed"] == 0


def test_a_difference_that_the_cache_makes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that forgets gives other texts, and the verdict says with what they differ."""
    monkeypatch.setattr(model, "_remembered", lambda cache, number, k, v: (0 * k, 0 * v))
    result = run(ALONE, change=decoding.CACHE)
    assert result.finding.values["changed"] > 0
    assert "with a cache than without" in result.verdict


def test_attention_written_out_is_torchs() -> None:
    """In float64 both attentions agree, from one place over several."""
    q, k, v = torch.rand(2, 2, 1, 8), torch.rand(2, 2, 5, 8), torch.rand(2, 2, 5, 8)
    seen = torch.ones(2, 1, 1, 5, dtype=torch.bool)
    q, k, v = q.double(), k.double(), v.double()
    torch.testing.assert_close(library.attend(q, k, v, seen), model.attend(q, k, v, seen))


def test_no_token_above_the_line_changes() -> None:
    """In every format and accumulator, twice the largest change is a safe lead."""
    for dtype in ("float32", "bfloat16", "float16"):
        assert run(MARGINS, dtype=dtype).finding.values["above the line"] == 0
    assert run(MARGINS).finding.values["flips"] > 0


def test_a_token_that_jumps_the_line_is_said() -> None:
    """If a token changed with a safe lead, the verdict would say so."""
    assert margins._verdict(1) != margins._verdict(0)


def test_the_model_is_the_same_for_every_company() -> None:
    """In float64, with torch's product, the logits of a text do not depend on the others."""
    with Conditions(seed=0):
        small = model.build(32, layers=2, vocabulary=16, places=6, heads=2)
        tokens = torch.randint(16, (4, 6))
    small = small.to(torch.device("cpu"), torch.float64)
    torch.testing.assert_close(model.forward(small, tokens)[:1], model.forward(small, tokens[:1]))
