"""Training, TF32, flags and circumstances."""

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn import circumstances, flags, tensor_float, training
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES, FRAGMENTS, OFFSET
from workbook.causes.cudnn.flags import FLAGGED, PROGRAMS
from workbook.causes.cudnn.tensor_float import TF32
from workbook.causes.cudnn.training import ADAPTIVE, PLAIN, TRAINING
from workbook.experiment import run


def drawn() -> list[Tensor]:
    """Images, labels and weights as the experiment has them, for two images."""
    weights = [torch.rand(shape) - 0.5 for shape in ((16, 3, 3, 3), (32, 16, 3, 3), (10, 128))]
    return [torch.rand(2, 3, 32, 32), torch.tensor([1, 2]), *weights]


def test_the_descent_is_torch_sgd() -> None:
    """Three steps end where torch's own optimizer ends, in float64, where rounding is small."""
    images, labels, *weights = there = [t.double() if t.is_floating_point() else t for t in drawn()]
    leaves = [w.clone().requires_grad_() for w in weights]
    optimizer = torch.optim.SGD(leaves, lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        x = F.max_pool2d(F.conv2d(images, leaves[0], padding=1).relu(), 2)
        x = F.adaptive_avg_pool2d(F.conv2d(x, leaves[1], padding=1).relu(), 2)
        F.cross_entropy(x.flatten(1) @ leaves[2].T, labels).backward()
        optimizer.step()
    end = torch.cat([w.detach().reshape(-1) for w in leaves])
    assert torch.allclose(training._descent(there, 3, 0.1, ADAPTIVE)[-1], end, rtol=1e-9)


def test_both_averages_are_one_function() -> None:
    """The two names compute the same average at this size."""
    there = drawn()
    ends = [training._descent(there, 2, 0.1, name)[-1] for name in (ADAPTIVE, PLAIN)]
    assert torch.allclose(*ends, atol=1e-6)


def test_runs_that_come_apart_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise in the gradient shows as six results, and a switch that stops it is named."""
    plain, noise = training._descent, itertools.count()

    def noisy(there: list[Tensor], *settings: object) -> Tensor:
        path = plain(there, *settings)  # type: ignore[arg-type]
        return path if torch.backends.cudnn.deterministic else path + 2**-10 * next(noise)

    monkeypatch.setattr(training, "_descent", noisy)
    result = run(TRAINING)
    assert result.finding.values["distinct"]["as torch comes"] == 6
    assert result.verdict.endswith("with cudnn.deterministic they agree in every bit.")


@pytest.mark.parametrize(
    ("counts", "words"),
    [((1, 1, 1, 1, 1), "the same bits"), ((6, 6, 6, 6, 0), "no switch mends it")],
)
def test_training_has_its_sentences(counts: tuple[int, ...], words: str) -> None:
    """Equal runs and runs that nothing mends are said as they are."""
    assert words in training._verdict(dict(zip(training.SETTINGS, counts, strict=True)))


def test_a_setting_that_raises_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is refused has no line, and the legend says so."""

    def refused(*_: object) -> Tensor:
        raise RuntimeError("does not have a deterministic implementation")

    monkeypatch.setattr(training, "_six", refused)
    chart = run(TRAINING).finding.chart
    assert {one.label.split(": ")[1] for one in chart.panels[0].series} == {"raises"}  # type: ignore[union-attr]


def test_rounding_to_tf32_costs_digits() -> None:
    """Inputs of 11 bits give errors thousands of times larger, and within their own bound."""
    errors = run(TF32).finding.values["errors"]
    assert errors["matmul, by hand"] > 100 * errors["matmul, ieee"]
    assert errors["matmul, by hand"] < 2**-10


def test_a_product_outside_its_bound_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong product is not called rounding."""
    monkeypatch.setattr(tensor_float, "round_to", lambda x, _: x * 1.1)
    assert "further off" in run(TF32, size=32).verdict


def test_flags_on_a_cpu_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU each row has one result under all flags."""
    monkeypatch.setattr(flags, "REPEATS", 3)
    assert set(run(FLAGGED).finding.values["by_flags"].values()) == {1}


def test_a_flag_that_mattered_would_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the flags to change a program, the verdict would not hide it."""
    shapes = flags.ROWS[PROGRAMS[0]][1]
    by_flag = (lambda *there: there[0] + torch.backends.cudnn.benchmark, shapes)
    monkeypatch.setattr(flags, "ROWS", dict.fromkeys(PROGRAMS, by_flag))
    result = run(FLAGGED)
    assert result.verdict.startswith("A flag changes bits")
    assert result.finding.values["by_flags"] == dict.fromkeys(PROGRAMS, 2)


def test_views_hold_the_same_numbers_elsewhere() -> None:
    """Each view starts one number later, at another offset, with equal values."""
    numbers = torch.rand(64)
    views = circumstances._views(numbers)
    assert [view.storage_offset() for view in views] == list(range(circumstances.STARTS))
    assert all(torch.equal(view, numbers) for view in views)


def test_fragmented_memory_changes_no_bit() -> None:
    """However memory was taken before, results are the same; a CPU has no streams."""
    found = run(CIRCUMSTANCES).finding
    assert found.values["other"][FRAGMENTS] == []
    assert found.chart.panels[0].text[0][2] == "not here"  # type: ignore[union-attr]


def test_a_result_that_moves_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation that depends on where its numbers lie is named, and judged by the bound."""

    def by_address(x: Tensor) -> Tensor:
        return x.sum().reshape(1) * (1 + x.storage_offset() * 2**-20)

    monkeypatch.setattr(circumstances, "OPERATIONS", {"sum": (by_address, 2)})
    result = run(CIRCUMSTANCES)
    assert "sum" in result.finding.values["other"][OFFSET]
    assert result.verdict == "A result changed by more than rounding."


def test_circumstances_have_their_sentence() -> None:
    """Bits that moved with memory are said to have."""
    other = {FRAGMENTS: ["sum"], circumstances.AT_ONCE: [], OFFSET: []}
    assert circumstances._verdict(other, []).startswith("Bits changed with fragmented memory;")
