"""Checks, hints and solutions on the page."""

import pytest

from workbook.lesson import check, hint, solution
from workbook.lesson.kept import FILE, Kept
from workbook.lesson.markup import inline
from workbook.question import Exercise, Form

EXERCISE = Exercise(
    name="less_than_two",
    task="Give a number.",
    stub="n = ...",
    answer="n",
    form=Form("anything"),
    check=lambda n: n < 2 or "`n` must be < 2.",
    wrong=(),
    hints=("Try `1`.", "It is < 2."),
    solution="n = 1  # 1 < 2\n",
    because="One is less than two.",
)


def nothing(*_):
    """A function that raises."""
    raise ValueError("not <today>")


FUNCTION = Exercise(
    name="f",
    task="",
    stub="def f(): ...",
    answer="f",
    form=Form("function"),
    check=lambda f: f(),
    wrong=(),
    hints=(),
    solution="",
)


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (EXERCISE, 1, "✓</span> Passed: less than two"),
        (EXERCISE, 2, "✗</span> Not yet: less than two"),
        (EXERCISE, ..., "○</span> Not attempted: less than two"),
        (FUNCTION, nothing, "⚠</span> Your code raised an error: f"),
    ],
)
def test_each_outcome_has_its_words_and_sign(exercise, answer, words):
    """The outcome stands in words; the sign beside them is hidden from screen readers."""
    shown = check(exercise, answer)._repr_html_()
    assert f"<strong><span aria-hidden='true'>{words}</strong>" in shown


def test_only_what_passed_is_kept(tmp_path):
    """A passed exercise is kept; one that failed or was not attempted leaves no file."""
    kept = Kept(tmp_path / FILE)
    for answer in (..., 2):
        check(EXERCISE, answer, kept=kept)
    assert not kept.path.exists()
    check(EXERCISE, 1, kept=kept)
    assert list(kept.read()) == [("exercise", "less_than_two")]


def test_the_message_is_marked_up():
    """Code in a message is code, and signs are escaped."""
    assert "<code>n</code> must be &lt; 2." in check(EXERCISE, 3)._repr_html_()


def test_words_of_an_error_are_escaped():
    """What an exception says cannot become markup."""
    assert "not &lt;today&gt;" in check(FUNCTION, nothing)._repr_html_()


def test_an_untouched_cell_says_the_same_everywhere():
    """The plain text of an untouched exercise, which committed notebooks hold, is constant."""
    assert repr(check(EXERCISE, ...)) == (
        "Not attempted: less than two. Give a number. "
        "Replace every `...` with your answer, run that cell, then run this one again."
    )


def test_a_hint_is_covered():
    """A hint is closed until the reader opens it, and says how many there are."""
    shown = hint(EXERCISE, 2)._repr_html_()
    assert shown == (
        "<details><summary data-lm-suppress-shortcuts='true'>Hint 2 of 2</summary>"
        "<p style='margin:4px 0'>It is &lt; 2.</p></details>"
    )


def test_the_first_hint_comes_first():
    """Without a number, the first hint is given."""
    assert repr(hint(EXERCISE)) == "Hint 1 of 2. Try `1`."


@pytest.mark.parametrize("n", [0, 3, -1, True, "1", 1.0])
def test_a_hint_that_does_not_exist_is_refused(n):
    """Another number than those of the hints is refused in one sentence."""
    with pytest.raises(ValueError, match="less_than_two has hints 1 to 2, got"):
        hint(EXERCISE, n)


def test_a_solution_is_covered_code():
    """A solution is closed, and shows its code and why it holds."""
    shown = solution(EXERCISE)._repr_html_()
    assert shown.startswith("<details><summary ")
    assert ">A solution: less than two</summary>" in shown
    assert "<pre style='margin:8px 0'><code>n = 1  # 1 &lt; 2</code></pre>" in shown
    assert "One is less than two." in shown


def test_a_solution_in_plain_text():
    """The plain text is the same, without markup."""
    assert repr(solution(EXERCISE)) == (
        "A solution: less than two.\nn = 1  # 1 < 2\nOne is less than two."
    )


def test_emphasis_and_code_are_marked_and_products_left_as_they_are() -> None:
    """Asterisks around words emphasize; in code, beside blanks, or alone, they multiply."""
    assert inline("*so* `a*b*c`") == "<em>so</em> <code>a*b*c</code>"
    for text in ("2 * x * 3", "a*b*c", "**Cure:**", "a lone ` and *"):
        assert inline(text) == text
