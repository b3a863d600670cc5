"""A diagnosis on the page: words, picture and the table of cures."""

import base64

import pytest

from workbook.diagnosis import CAUSES, Answer, Found
from workbook.diagnosis.places import FIRST
from workbook.lesson import answers, remedies, report
from workbook.lesson.answers import Picture, shared_workers, told

FAULT = Found("batch-statistics", "norm", "in eval mode they agree.", "at most 0.1 apart")
ROUNDING = Found("thread-count", "", "on one thread they agree.", "2 ULPs", "rounding")
NONE = Found("none", "", "every run agreed.", "")


@pytest.fixture
def shown(monkeypatch):
    """What was displayed."""
    bundles = []
    monkeypatch.setattr(answers, "display", lambda data, **options: bundles.append(data))
    return bundles


def test_the_words() -> None:
    """Status, then each cause with place, evidence, size and cure, then the notes."""
    answer = Answer("a.py:f", "fault", (FAULT, ROUNDING), (), notes=("It prints 2 lines.",))
    words = told(answer)
    assert words[0] == "A fault."
    assert words[1].startswith("`batch-statistics` (`norm`): ")
    assert words[1].endswith("in eval mode they agree. The difference is at most 0.1 apart.")
    assert words[2] == (
        "What to do: Set the mode where each phase begins: model.eval() before using the model, "
        "model.train() before training goes on (after every validation)."
    )
    assert words[3].startswith("`thread-count`: ")
    assert words[-1] == "It prints 2 lines."


def test_what_repeats_and_where_runs_part_is_said() -> None:
    """The condition that was changed comes first; only the place of an operation is code."""
    row = Found(
        "thread-count", f"{FIRST}aten.sum (a.py:3)", "they agree.", "", "rounding", "", "two"
    )
    words = told(Answer("a.py:f", row.status, (row,), ()))
    assert words[0] == "Repeats in every bit. With two: differs by rounding."
    assert words[1].startswith(f"`thread-count` ({FIRST}`aten.sum (a.py:3)`): ")


def test_nothing_found_asks_for_nothing() -> None:
    """Where nothing was found there is no cure."""
    words = told(Answer("a.py:f", "identical", (NONE,), ()))
    assert words == [
        "Equal in every bit.",
        "`none`: Nothing was found. Evidence: every run agreed.",
    ]


def test_a_traced_answer_has_a_picture(shown, monkeypatch) -> None:
    """The picture comes first, for either theme; the text has no digits of this machine."""
    made: list[Picture] = []
    monkeypatch.setattr(answers, "Picture", lambda **kept: made.append(Picture(**kept)) or made[0])
    curve = (0.0, 0.0, 8.0)
    answer = Answer("a.py:f", "fault", (FAULT,), (), (), curve, ("add", "mul", "sum"), 2)
    report(answer)._ipython_display_()
    picture, words = shown
    static = base64.b64decode(picture["image/png"])
    assert static == made[0].light and static.startswith(b"\x89PNG")
    assert made[0].dark.startswith(b"\x89PNG") and made[0].dark != made[0].light
    assert picture["application/vnd.jupyter.widget-view+json"]["model_id"] == made[0].model_id
    assert "<code>batch-statistics</code>" in words["text/html"]
    assert "0.1 apart" not in words["text/html"]


def test_without_a_trace_the_words_have_the_size(shown) -> None:
    """Where there is no picture, the text says how large the difference is."""
    report(Answer("a.py:f", "fault", (FAULT,), ()))._ipython_display_()
    assert len(shown) == 1
    assert "at most 0.1 apart" in shown[0]["text/html"]


def test_every_cause_has_a_cure() -> None:
    """The table has each cause that the engine names, and what to do about it."""
    table = remedies()
    listed = [cause for cause in CAUSES if cause.id != "none"]
    assert repr(table).count("\n") + 1 == len(listed)
    html = table._repr_html_()
    assert html.count("<th scope='row'") == len(listed)
    assert html.count("<details>") == html.count("<table") == len({one.kind for one in listed})


def test_the_processes_are_shared() -> None:
    """All cases of a kernel use the same processes."""
    assert shared_workers() is shared_workers()
