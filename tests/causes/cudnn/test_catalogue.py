"""The catalogue, its switches and the documented list, with operations made to vary."""

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from workbook.causes.cudnn import catalogue, documentation, switches
from workbook.causes.cudnn.catalogue import CATALOGUE, FAMILIES
from workbook.causes.cudnn.documentation import DOCUMENTED, listed, said_of
from workbook.causes.cudnn.operations import Operation, batch, rand
from workbook.causes.cudnn.switches import ALL, BENCHMARK, CUDNN, SWITCHES
from workbook.chart import Cells
from workbook.experiment import run
from workbook.result import Result

ROWS = [row for family in FAMILIES.values() for row in family]
COUNTER = itertools.count()
NOT_DETERMINISTIC = "this operation does not have a deterministic implementation"


def varying(x: Tensor) -> Tensor:
    """Another result at every call, unless deterministic algorithms are asked for."""
    steady = torch.are_deterministic_algorithms_enabled()
    return x + (0 if steady else next(COUNTER))


def varying_in_cudnn(x: Tensor) -> Tensor:
    """Another result at every call, unless cudnn.deterministic or all of torch says otherwise."""
    return x + 0 if torch.backends.cudnn.deterministic else varying(x)


def raising(x: Tensor) -> Tensor:
    """Never varies, and is refused all the same."""
    if torch.are_deterministic_algorithms_enabled():
        raise RuntimeError(NOT_DETERMINISTIC)
    return x * 2


def by_batch(x: Tensor) -> Tensor:
    """Other bits for a row alone."""
    return x + len(x)


def absent(x: Tensor) -> Tensor:
    """No kernel for it."""
    raise NotImplementedError


CASES = (
    Operation("varies", (rand(9),), varying),
    Operation("varies in cuDNN", (rand(9),), varying_in_cudnn),
    Operation("raises", (rand(9),), raising, entry=("put_", "accumulate=False")),
    Operation("by batch", (batch(4, 3),), by_batch, other=torch.neg),
    Operation("absent", (rand(9),), absent),
    Operation("steady", (rand(9),), torch.neg),
)


@pytest.fixture(autouse=True)
def _same_verdicts() -> Iterator[None]:
    yield
    assert not torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.deterministic


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue with the cases above as its first family."""
    monkeypatch.setitem(catalogue.FAMILIES, "adding by index", CASES)
    monkeypatch.setattr(documentation, "FAMILIES", {"adding by index": CASES})


def line(result: Result, name: str) -> dict[str, str]:
    """One row of the figure, by column."""
    cells = result.finding.chart.panels[0]
    assert isinstance(cells, Cells)
    return dict(zip(cells.columns, cells.text[cells.rows.index(name)], strict=True))


def test_there_are_at_least_fifty() -> None:
    """The catalogue has many operations, each with a name of its own, forward and backward."""
    assert len({row.name for row in ROWS}) == len(ROWS) >= 50
    assert sum(row.of is not None for row in ROWS) >= 20


@pytest.mark.parametrize("row", [r for r in ROWS if r.has_batch], ids=lambda row: row.name)
def test_a_row_alone_is_the_row_of_the_batch(row: Operation) -> None:
    """Cutting the batch down to one row gives that row, up to the format's rounding."""
    tensors = row.drawn()
    try:
        whole, alone = row.run(tensors), row.run(row.one_row(tensors))
    except RuntimeError as error:
        pytest.skip(f"not on this device: {error}")
    tolerance = 2e-2 if whole.dtype == torch.bfloat16 else 1e-4
    assert torch.allclose(whole[:1].double(), alone.double(), rtol=tolerance, atol=tolerance)


@pytest.mark.usefixtures("cases")
def test_what_varies_is_found() -> None:
    """An operation that gives other bits in every run is counted, and the verdict says some do."""
    result = run(CATALOGUE)
    assert set(result.finding.values["varies"]) == {"varies", "varies in cuDNN"}
    assert result.verdict == "Some of these operations vary from run to run; the others never did."
    assert line(result, "varies")["run to run"] == "4 of 4"
    assert line(result, "steady")["run to run"] == "1 result"
    assert line(result, "absent")["run to run"] == "absent"


@pytest.mark.usefixtures("cases")
def test_the_other_questions_are_asked_apart() -> None:
    """Batch and algorithm are told from run-to-run variation."""
    result = run(CATALOGUE)
    assert result.finding.values["batch"] == ["by batch"]
    assert "by batch" in result.finding.values["algorithm"]
    assert line(result, "by batch")["run to run"] == "1 result"
    assert line(result, "steady")["batch"] == "–"
    assert line(result, "steady")["device"] == "–"


@pytest.mark.parametrize(
    ("rows", "words"),
    [(CASES[:2], "Every operation"), (CASES[4:5], "None of these"), (CASES[5:], "No operation")],
)
def test_each_outcome_has_its_sentence(
    monkeypatch: pytest.MonkeyPatch, rows: tuple[Operation, ...], words: str
) -> None:
    """All, none and no operation at all are said as they are."""
    monkeypatch.setitem(catalogue.FAMILIES, "adding by index", rows)
    assert run(CATALOGUE).verdict.startswith(words)


@pytest.mark.usefixtures("cases")
def test_a_switch_repairs_what_it_reaches() -> None:
    """Each setting is credited with what became steady under it, and no other."""
    values = run(SWITCHES).finding.values
    assert values["repaired"][ALL] == ["varies", "varies in cuDNN"]
    assert values["repaired"][CUDNN] == ["varies in cuDNN"]
    assert values["repaired"][BENCHMARK] == []
    assert values["raises"] == ["raises"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (CASES[:1], "refuse all that varied; cudnn.deterministic repairs none of it."),
        (CASES[1:2], "refuse all that varied; cudnn.deterministic repairs all of it."),
        (CASES[:2], "refuse all that varied; cudnn.deterministic repairs some of it."),
        (CASES[5:], "Nothing varied as torch comes, so there was nothing to repair."),
        (
            (Operation("always", (rand(3),), lambda x: x + next(COUNTER)),),
            "leave something varying; cudnn.deterministic repairs none of it.",
        ),
    ],
)
def test_the_switches_have_their_sentences(
    monkeypatch: pytest.MonkeyPatch, rows: tuple[Operation, ...], words: str
) -> None:
    """What was repaired, and by which switch, is said as it came out."""
    monkeypatch.setitem(catalogue.FAMILIES, "adding by index", rows)
    assert run(SWITCHES).verdict.endswith(words)


@pytest.mark.usefixtures("cases")
def test_words_of_the_switches() -> None:
    """A cell says repaired, no effect, same or raises."""
    result = run(SWITCHES)
    assert line(result, "varies")["all determ."].startswith("repaired")
    assert line(result, "varies")["cuDNN determ."].startswith("no effect")
    assert line(result, "steady")["benchmark"].startswith("same")
    assert line(result, "raises")["all determ."] == switches.RAISES


@pytest.mark.usefixtures("cases")
def test_raising_and_varying_are_told_apart() -> None:
    """An operation that raises and never varied is named, and so is one that varies unlisted."""
    result = run(DOCUMENTED)
    assert result.finding.values["raises_and_never_varied"] == ["raises"]
    assert result.finding.values["varies_unlisted"] == ["varies", "varies in cuDNN"]
    assert result.verdict.startswith("Some operations raise that never varied")


def test_the_list_is_read_from_torch() -> None:
    """Both parts of the docstring's list are found, with the modes of interpolate in one line."""
    lines = listed()
    assert any("torch.nn.Conv2d" in one for one in lines["made deterministic"])
    (interpolate,) = [one for one in lines["raises"] if "interpolate" in one]
    assert "``bicubic``" in interpolate
    assert not any("In addition" in one for one in lines["raises"])


@pytest.mark.parametrize(
    ("name", "device", "said"),
    [
        ("put_, duplicates", "cpu", "raises"),
        ("histc", "cuda", "raises"),
        ("histc", "cpu", "not listed"),
        ("scatter_add", "cuda", "made deterministic"),
        ("scatter_reduce prod", "cuda", "raises"),
        ("scatter_reduce sum", "cuda", "made deterministic"),
        ("bicubic, gradient", "cuda", "raises"),
        ("bicubic", "cuda", "not listed"),
        ("embedding_bag max, grad.", "cuda", "raises"),
        ("embedding_bag sum, grad.", "cuda", "not listed"),
        ("softmax", "cuda", "not listed"),
    ],
)
def test_what_the_list_says_of_a_row(name: str, device: str, said: str) -> None:
    """A row is matched with its own line, on the device that the line names."""
    (row,) = [row for row in ROWS if row.name == name]
    assert said_of(row, device) == said


def test_older_torch_refuses_products_in_other_words() -> None:
    """What torch said of cuBLAS counts as raising."""

    def product(x: Tensor) -> Tensor:
        raise RuntimeError("set the environment variable CUBLAS_WORKSPACE_CONFIG=:4096:8")

    where = CATALOGUE.fixed
    assert switches.outcome(where, Operation("mm", (rand(2),), product), 2).said == "raises"
