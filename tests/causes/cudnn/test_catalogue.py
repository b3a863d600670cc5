"""The catalogue, its switches and the documented list, with operations made to vary."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from workbook.causes.cudnn import catalogue, documentation
from workbook.causes.cudnn.catalogue import CATALOGUE, FAMILIES
from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.documentation import DOCUMENTED, listed, said_of
from workbook.causes.cudnn.operations import Operation, batch, rand
from workbook.causes.cudnn.series import RAISES, forget, quiet, series
from workbook.causes.cudnn.switches import ALL, BENCHMARK, CUDNN, DEFAULT, SWITCHES
from workbook.chart import Cells
from workbook.conditions import Conditions
from workbook.experiment import run
from workbook.recording import recorded
from workbook.result import Result

ROWS = [row for family in FAMILIES.values() for row in family]
COUNTER = itertools.count(1)
NOT_DETERMINISTIC = "this operation does not have a deterministic implementation"


def varying(x: Tensor) -> Tensor:
    """Another result at every call, unless deterministic algorithms are asked for."""
    steady = torch.are_deterministic_algorithms_enabled()
    return x + (0 if steady else next(COUNTER))


def varying_in_cudnn(x: Tensor) -> Tensor:
    """Another result at every call, unless cudnn.deterministic or all of torch says otherwise."""
    return x + 0 if torch.backends.cudnn.deterministic else varying(x)


def raising(x: Tensor) -> Tensor:
    """Does not vary, and is refused all the same."""
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
    Operation("raises", (rand(9),), raising, entry="put_ accumulate=False"),
    Operation("by batch", (batch(4, 3),), by_batch, other=torch.neg),
    Operation("absent", (rand(9),), absent),
    Operation("steady", (rand(9),), torch.neg),
)


@pytest.fixture(autouse=True)
def _fresh_series() -> Iterator[None]:
    forget()
    yield
    forget()
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_can_be_run(row: Operation) -> None:
    """A CPU computes each, but for back ends of attention that torch lacks on some, or on all."""
    with Conditions(), quiet():
        try:
            result = row.run(row.drawn())
        except RuntimeError as error:
            back_end = row.name.removeprefix("attention, ").removesuffix(", grad.")
            assert back_end in ("flash", "efficient", "cuDNN"), error
        else:
            assert result.numel() and not result.isnan().any()


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
    assert result.verdict == (
        "Some of these operations vary from run to run; the others were not seen to."
    )
    assert line(result, "varies")["other bits"] == "5 of 5"
    assert line(result, "steady")["other bits"] == "not in 5"
    assert line(result, "absent")["other bits"] == "absent"


@pytest.mark.usefixtures("cases")
def test_the_other_questions_are_asked_apart() -> None:
    """Batch and algorithm are told from run-to-run variation."""
    result = run(CATALOGUE)
    assert line(result, "varies")["algorithm"] == "–"
    assert result.finding.values["batch"] == ["by batch"]
    assert "by batch" in result.finding.values["algorithm"]
    assert line(result, "by batch")["other bits"] == "not in 5"
    assert line(result, "steady")["batch"] == "–"
    assert line(result, "steady")["device"] == "–"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (CASES[:2], "Every operation"),
        (CASES[4:5], "None of these"),
        (CASES[5:], "With one thread, no operation"),
    ],
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
        (CASES[:1], "not seen to vary; cudnn.deterministic settles none of it."),
        (CASES[1:2], "not seen to vary; cudnn.deterministic settles all of it."),
        (CASES[:2], "not seen to vary; cudnn.deterministic settles some of it."),
        (CASES[5:], "Nothing was seen to vary as torch comes, so there was nothing to settle."),
        (
            (Operation("always", (rand(3),), lambda x: x + next(COUNTER)),),
            "something still varies; cudnn.deterministic settles none of it.",
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
    """A cell says how many repeats had other bits, and in which time; or that it raises."""
    result = run(SWITCHES)
    assert line(result, "varies")["all determ."].startswith("not in 5, ")
    assert line(result, "varies")["cuDNN determ."].startswith("5 of 5, ")
    assert line(result, "steady")["benchmark"].endswith(" ms")
    assert line(result, "raises")["all determ."] == RAISES


@pytest.mark.usefixtures("cases")
def test_three_figures_read_one_series() -> None:
    """However many repeats each asks for, catalogue, switches and list show the same count."""
    asked = [(DOCUMENTED, 5), (CATALOGUE, 59), (SWITCHES, 11), (DOCUMENTED, 5)]
    first, *later = [run(one, repeats=n).finding.values["counts"] for one, n in asked]
    assert first["steady"] == [0, 5]
    assert later[0] == later[2] == {n: line[DEFAULT] for n, line in later[1].items()}
    assert later[0]["steady"] == [0, 59]


def test_a_series_is_extended_and_not_run_anew() -> None:
    """More repeats run the missing ones only, on the same inputs, and count from the first run."""
    calls: list[Tensor] = []

    def once(x: Tensor) -> Tensor:
        calls.append(x)
        return x + (len(calls) == 2)  # the first run that counts; one before it warms up

    row, where = Operation("once", (rand(4),), once), CATALOGUE.fixed
    assert str(series(where, row, 5).count) == "5 of 5"
    ran = len(calls)
    assert str(series(where, row, 11).count) == "11 of 11"
    assert len(calls) == ran + 6 + 1
    assert len({tuple(x.tolist()) for x in calls}) == 1
    assert str(series(where, row, 3).count) == "11 of 11"


def test_warn_only_lets_what_has_no_other_form_run_on() -> None:
    """An operation that raises under the strict flag runs, and varies, where it only warns."""

    def marked(x: Tensor) -> Tensor:
        if torch.is_deterministic_algorithms_warn_only_enabled():
            return x + next(COUNTER)
        return raising(x)

    row = Operation("marked", (rand(3),), marked)
    where = CATALOGUE.fixed
    assert series(where.replace(deterministic="warn"), row, 5).varies
    assert series(where.replace(deterministic="on"), row, 5).said == RAISES


@pytest.mark.usefixtures("cases")
def test_raising_and_varying_are_told_apart() -> None:
    """What raises and was not seen to vary is named, and so is what varies unlisted."""
    result = run(DOCUMENTED)
    assert result.finding.values["raises_unseen"] == ["raises"]
    assert result.finding.values["varies_unlisted"] == ["varies", "varies in cuDNN"]
    assert result.verdict.startswith("Some operations raise that were not seen to vary")


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
        ("bmm, sparse @ dense", "cuda", "made deterministic"),
        ("bmm", "cuda", "not listed"),
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
    assert series(where, Operation("mm", (rand(2),), product), 2).said == RAISES


def recorded_counts() -> dict[str, Count]:
    """How often each operation gave other bits on a GPU, over every recording that has it."""
    found: dict[str, Count] = {}
    for each in recorded(CATALOGUE.name):
        for result in each.results:
            if result.experiment == CATALOGUE.name:
                for name, (other, repeats) in result.finding.values["counts"].items():
                    before = found.get(name, Count(0, 0))
                    found[name] = Count(before.other + other, before.repeats + repeats)
    return found


def test_the_recording_does_not_contradict_itself() -> None:
    """Catalogue, switches and documented list of one recording hold the same counts."""
    for each in recorded(CATALOGUE.name):
        by_figure: dict[str, dict[str, Any]] = {}
        for result in each.results:
            counts = result.finding.values.get("counts", {})
            if result.experiment == SWITCHES.name:
                counts = {name: line[DEFAULT] for name, line in counts.items()}
            by_figure.setdefault(result.experiment, {}).update(counts)
        assert by_figure[CATALOGUE.name] == by_figure[SWITCHES.name] == by_figure[DOCUMENTED.name]


def test_what_the_chapter_names_as_varying_was_seen_to() -> None:
    """The rows that the chapter names as exceptions to every rule varied in the recording."""
    counts = recorded_counts()
    named = (
        "cumsum of one row",
        "transposed conv2d",
        "bmm, sparse @ dense",
        "nll_loss, 2-D",
        "attention, flash, grad.",
        "attention, cuDNN, grad.",
    )
    assert all(counts[name].varies for name in named)
    assert not counts["x[index], gradient"].varies
    assert all(count.repeats >= 299 for count in counts.values())
