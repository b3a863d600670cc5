"""The figure that stays in a notebook says where it was measured."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from workbook.causes.precision import SIX_NUMBERS
from workbook.experiment import run
from workbook.plots import figure, static, static_size
from workbook.plots.style import EDGE, POINT, ROW, TITLE
from workbook.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    """Six numbers, summed here."""
    return run(SIX_NUMBERS)


def picture(png: bytes) -> Image.Image:
    """The decoded pixels."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def test_a_line_below_says_where_it_was_measured(result: Result) -> None:
    """It is among the figure's texts, it is the last but one, and the border below is free."""
    texts = [text.get_text() for text in figure(result).texts]
    assert texts[-2:] == [result.where, result.finding.unseen]
    border = np.asarray(picture(static(result)).convert("L"))[-4:]
    assert border.min() == 255


def test_what_could_hide_has_a_line_of_its_own(result: Result) -> None:
    """Where a bound was used, a second line says what it would not notice; else there is one."""
    bare = replace(result, finding=replace(result.finding, comparisons=()))
    assert result.finding.unseen and not bare.finding.unseen
    assert static_size(result)["height"] == pytest.approx(static_size(bare)["height"] + ROW, abs=1)
    assert picture(static(result)).height > picture(static(bare)).height


def test_what_could_hide_is_large_where_a_term_could(result: Result) -> None:
    """If a whole number could be missing, the line stands with the verdict, in its size."""
    [compared] = result.finding.comparisons
    wide = replace(compared, unseen=99.0, unseen_share=0.9)
    finding = replace(result.finding, comparisons=(wide,))
    texts = figure(replace(result, finding=finding)).texts
    assert texts[-1].get_text() == result.where
    large = " ".join(text.get_text() for text in texts if text.get_size() == TITLE * POINT)
    assert large == f"{result.verdict} {finding.unseen}"


def test_another_source_is_another_line(result: Result) -> None:
    """LIVE and RECORDED look different, and nothing above the line does."""
    ours, theirs = picture(static(result)), picture(static(replace(result, source="RECORDED")))
    _, top, _, _ = Image.fromarray(np.asarray(ours) ^ np.asarray(theirs)).getbbox()
    assert top >= ours.height - 1.5 * (EDGE + 2 * ROW)


def test_a_long_name_is_not_cut_off(result: Result) -> None:
    """A name that is longer than the picture is wide goes on in a second line, smaller."""
    cpu = "An accelerator of uncommonly many words " * 3
    made = replace(result, provenance={"cpu": f"{cpu}end"})
    texts = [text.get_text() for text in figure(made).texts]
    written = " ".join(texts)
    assert f"{cpu}end" in written and "…" not in written


def test_the_same_result_gives_the_same_bytes(result: Result) -> None:
    """Nothing of the day or the process is in the file."""
    assert static(result) == static(result)


def test_it_says_what_drew_it(result: Result) -> None:
    """The PNG names the versions that smooth its letters."""
    assert "matplotlib" in Image.open(io.BytesIO(static(result))).info["Software"]
