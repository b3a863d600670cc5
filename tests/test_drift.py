"""What the drift check says of figures: falsified ones are named, another machine's are not."""

from __future__ import annotations

import base64
import copy
import io
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

from chapters import pictures
from chapters.drift import VIEW, differences, words
from workbook import plots
from workbook.chart import Axis, Cell, Cells, Chart, Panel, Series
from workbook.conditions import Conditions
from workbook.lesson import predict
from workbook.question import Option, Prediction
from workbook.result import KEPT, Finding, Result

pytestmark = pytest.mark.uncounted  # the check is no part of the package
STEPS = tuple(map(float, range(40)))
HEIGHTS = tuple(abs(math.sin(step / 3)) for step in STEPS)
ZERO = Cell("0")
BITS = Cells.of(
    {"a": {"1": ZERO, "2": Cell("1", "first")}, "b": {"1": ZERO, "2": ZERO}}, {"first": "flipped"}
)


def measured(*heights: float, **changes: Any) -> Result:
    """A result whose figure has these heights as a line, beside a grid of bits."""
    line = Series("heights", STEPS[: len(heights)], heights)
    bound = Series("a bound", (), (0.5,), "rule")
    panel = Panel(Axis("step"), Axis("height", 0, 1), (line, bound))
    finding = Finding("The heights differ.", "largest 0.1234567", Chart((panel, BITS)), {"n": 3})
    made = Result("heights", "Which?", {"seed": 0}, finding, Conditions(seed=0), {"cpu": "A CPU"})
    return replace(made, **changes)


HERE = measured(*HEIGHTS)


def notebook(result: Result, png: bytes | None = None) -> NotebookNode:
    """A notebook whose one cell was run and shows this result, or another picture beside it."""
    picture = base64.b64encode(png or plots.static(result)).decode()
    cell = new_code_cell("explore(HEIGHTS)", execution_count=1, id="same")
    data = {"image/png": picture, "text/plain": "Explorer"}
    metadata = {"image/png": plots.static_size(result), KEPT: result.kept()}
    cell.outputs = [new_output("display_data", data, metadata=metadata)]
    return new_notebook(cells=[cell])


def with_finding(**changes: Any) -> Result:
    """The result with another finding."""
    return replace(HERE, finding=replace(HERE.finding, **changes))


def with_panel(**changes: Any) -> Result:
    """The result with another left panel."""
    left, right = HERE.finding.chart.panels
    return with_finding(chart=Chart((replace(left, **changes), right)))


@pytest.fixture(scope="module")
def fresh() -> NotebookNode:
    """What a new run makes here."""
    return notebook(HERE)


def problems(committed: NotebookNode, fresh: NotebookNode) -> str:
    """What the check says, in one text."""
    return " ".join(differences(committed, fresh))


def test_what_was_made_here_has_no_drift(fresh: NotebookNode) -> None:
    """Nothing is said of a notebook that was not touched."""
    assert differences(copy.deepcopy(fresh), fresh) == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        measured(*(height * 0.9 for height in HEIGHTS[:30])),
        with_finding(reading="largest 0.7654321"),
        replace(HERE, provenance={"cpu": "Another CPU", "torch": "2.4.1"}),
    ],
    ids=["other heights, and fewer", "other digits", "another machine"],
)
def test_what_another_machine_measured_is_no_drift(elsewhere: Result, fresh: NotebookNode) -> None:
    """Digits, pixels, the number of points and the machine are not compared."""
    assert differences(notebook(elsewhere), fresh) == []


@pytest.mark.parametrize(
    "drawn",
    [
        measured(*([0.0] * 40)),
        measured(*HEIGHTS[::-1]),
        measured(*(1 - height for height in HEIGHTS)),
        measured(*HEIGHTS[7:]),
        measured(*HEIGHTS[:20], 0.0, *HEIGHTS[21:]),
        with_panel(series=HERE.finding.chart.panels[0].series[:1]),
        with_finding(
            chart=Chart((HERE.finding.chart.panels[0], replace(BITS, kinds=(BITS.kinds[1],) * 2)))
        ),
        with_finding(
            chart=Chart(
                (HERE.finding.chart.panels[0], replace(BITS, text=(("0", "1"), ("1", "0"))))
            )
        ),
        with_finding(verdict="The heights agree."),
        with_finding(reading="largest 0.7654321"),
        replace(HERE, source="RECORDED"),
    ],
    ids=[
        *("zeros", "reversed", "mirrored", "shifted", "one point"),
        *("a series less", "a cell's kind", "a cell's text", "verdict", "digits", "source"),
    ],
)
def test_an_old_picture_beside_new_data_is_named(drawn: Result, fresh: NotebookNode) -> None:
    """A picture that the kept data do not draw is named, be it one cell's text that differs."""
    committed = notebook(HERE, plots.static(drawn))
    assert "cell 0: its figure is not what its kept result draws" in problems(committed, fresh)
    committed = notebook(drawn, plots.static(HERE))
    assert "cell 0: its figure is not what its kept result draws" in problems(committed, fresh)


@pytest.mark.parametrize(
    ("false", "words"),
    [
        (with_finding(verdict="The heights agree."), "its kept verdict is 'The heights agree.'"),
        (replace(HERE, experiment="depths"), "its kept experiment"),
        (replace(HERE, question="When?"), "its kept question"),
        (replace(HERE, settings={"seed": 1}), "its kept setting seed is 1, a new run gives 0"),
        (replace(HERE, conditions=Conditions(seed=1)), "its kept condition seed"),
        (replace(HERE, source="RECORDED"), "its kept source is RECORDED"),
        (with_panel(x=Axis("stride")), "panel 0's x axis"),
        (with_panel(y=Axis("height", 0.1, 1, log=True)), "panel 0's scales"),
        (with_panel(x=Axis("step", ticks=((0.0, "none"),))), "panel 0's x ticks"),
        (with_panel(title="Heights"), "panel 0's title"),
        (with_panel(series=HERE.finding.chart.panels[0].series[:1]), "panel 0's series"),
        (with_finding(chart=Chart(HERE.finding.chart.panels[::-1])), "panel 0 is"),
        (with_finding(values={}), "values' names"),
    ],
)
def test_another_experiment_drawn_as_it_is_kept_is_named(
    false: Result, words: str, fresh: NotebookNode
) -> None:
    """A picture that agrees with its data does not help where a new run makes another chart."""
    assert f"cell 0: {words}" in problems(notebook(false), fresh) or words in problems(
        notebook(false), fresh
    )


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda output: output.metadata.pop(KEPT), "keeps no result"),
        (lambda output: output.metadata.update({KEPT: "{"}), "is damaged"),
        (
            lambda output: output.metadata.update({KEPT: HERE.kept().replace(":1,", ":7,", 1)}),
            "must be of version 1, got 7",
        ),
        (lambda output: output.data.update({"image/png": "iVBORw0KGgo="}), "cannot be read"),
        (lambda output: output.data.update({"image/png": "?"}), ""),
    ],
    ids=["missing", "damaged", "another version", "no picture", "no base64"],
)
def test_a_damaged_output_is_a_sentence_that_says_what_to_run(
    damage: Callable[[NotebookNode], object], words: str, fresh: NotebookNode
) -> None:
    """The sentence names the cell, what is wrong, and the command that mends it."""
    committed = copy.deepcopy(fresh)
    damage(committed.cells[0].outputs[0])
    (said,) = differences(committed, fresh)
    assert said.startswith("cell 0: ") and words in said and said.endswith("run make notebooks")


def test_a_notebook_saved_from_jupyterlab_is_named(fresh: NotebookNode) -> None:
    """A widget's view, or the language's details in the metadata, give it away."""
    saved = copy.deepcopy(fresh)
    saved.cells[0].outputs[0].data[VIEW] = {"model_id": "1"}
    assert "holds a widget" in problems(saved, fresh)
    saved = copy.deepcopy(fresh)
    saved.metadata["language_info"] = {"name": "python", "version": "3.11.7"}
    assert "saved from JupyterLab?" in problems(saved, fresh)


def test_a_notebook_goes_through_a_file_unchanged(fresh: NotebookNode) -> None:
    """What is written to disk and read again is still what a new run makes."""
    again = nbformat.reads(nbformat.writes(fresh), 4)
    assert differences(again, nbformat.reads(nbformat.writes(fresh), 4)) == []


def test_a_recording_is_read_bit_by_bit(fresh: NotebookNode) -> None:
    """Where both were read from a recording nothing was measured, so that every digit counts."""
    kept = replace(HERE, source="RECORDED")
    other = replace(measured(*(height * 0.9 for height in HEIGHTS)), source="RECORDED")
    assert problems(notebook(kept), notebook(kept)) == ""
    assert "not what the recording says" in problems(notebook(other), notebook(kept))


def test_a_recording_may_be_measured_where_its_device_is() -> None:
    """The recording of a device and a measurement on one differ in their source, and may."""
    settings = {"seed": 0, "device": "A card, 2026-01-02"}
    recorded = replace(HERE, source="RECORDED", settings=settings)
    live = replace(HERE, settings={**settings, "device": "cuda"})
    assert problems(notebook(recorded), notebook(live)) == ""
    assert problems(notebook(replace(recorded, settings=live.settings)), notebook(live)) == ""
    for device in ({"seed": 0}, {"seed": 0, "device": "cpu"}):
        here = replace(HERE, settings=device)
        made_up = replace(here, source="RECORDED")
        assert "its kept source is RECORDED" in problems(notebook(made_up), notebook(here))


def test_another_version_of_torch_may_have_other_operations(fresh: NotebookNode) -> None:
    """Labels are not compared between two versions of torch, but kinds of panels and marks are."""
    other = {"provenance": {"torch": "2.4.1"}}
    renamed = with_panel(
        series=tuple(replace(one, label="x") for one in HERE.finding.chart.panels[0].series)
    )
    assert "panel 0's series" in problems(notebook(renamed), fresh)
    assert problems(notebook(replace(renamed, **other)), fresh) == ""
    fewer = with_panel(series=HERE.finding.chart.panels[0].series[:1])
    assert "panel 0's marks" in problems(notebook(replace(fewer, **other)), fresh)


def test_numbers_in_labels_are_digits() -> None:
    """A number by itself is a digit, a number in a name is not."""
    assert words("6 results in float32, 1.5e-07 of 1/√n") == "# results in float32, # of #/√n"


THIS_OR_THAT = tuple(Option(text, text.__eq__) for text in ("this", "that"))


class TestPredictions:
    """A prediction keeps its options and what was measured."""

    @staticmethod
    def shown(measured: str) -> NotebookNode:
        """A notebook with a prediction of which this was measured."""
        bet = Prediction("bet", "Which?", THIS_OR_THAT, lambda: measured, "Because.")
        data, metadata = predict(bet)._repr_mimebundle_()
        data.pop(VIEW)
        cell = new_code_cell("predict(BET)", execution_count=1, id="same")
        cell.outputs = [new_output("display_data", data, metadata=metadata)]
        return new_notebook(cells=[cell])

    def test_the_same_answer(self) -> None:
        """What was measured again is no drift."""
        assert problems(self.shown("this"), self.shown("this")) == ""

    def test_an_answer_that_was_edited(self) -> None:
        """Another answer than a new run's is named."""
        said = problems(self.shown("that"), self.shown("this"))
        assert "cell 0: its kept measured is 'that', a new run gives 'this'" in said


class TestPictures:
    """Which pictures pass as drawn from one result."""

    @staticmethod
    def moved(png: bytes, across: int, software: str | None = None) -> bytes:
        """The picture shifted to the right."""
        read = Image.open(io.BytesIO(png))
        told = PngImagePlugin.PngInfo()
        told.add_text("Software", software or read.info["Software"])
        pixels = np.roll(np.asarray(read.convert("RGB")), across, axis=1)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", pnginfo=told)
        return file.getvalue()

    def test_an_edge_may_lie_one_pixel_further(self) -> None:
        """One pixel is what rounding a coordinate can move; three are another picture."""
        png = plots.static(HERE)
        assert pictures.differing(self.moved(png, 1), HERE) == 0
        assert pictures.differing(self.moved(png, 3), HERE) > 0

    def test_another_rasterizer_moves_texts_and_no_data(self) -> None:
        """Where the PNG says that another version drew it, words may move; a line may not."""
        other = with_finding(reading="largest 0.1234561")
        png = self.moved(plots.static(other), 0, "another version")
        assert pictures.differing(png, HERE) == 0
        data = measured(*HEIGHTS[:20], 0.0, *HEIGHTS[21:])
        png = self.moved(plots.static(data), 0, "another version")
        assert pictures.differing(png, HERE) > 0
        png = self.moved(plots.static(with_finding(verdict=".")), 0, "another version")
        assert pictures.differing(png, HERE) > 0

    def test_another_size_is_another_picture(self) -> None:
        """A picture of another size differs in every pixel."""
        small = io.BytesIO()
        Image.new("RGB", (30, 20)).save(small, "PNG")
        assert pictures.differing(small.getvalue(), HERE) == 600
