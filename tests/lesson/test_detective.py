"""The detective's widget: trials, naming, the tool's word, and what is displayed."""

import dataclasses

import pytest

from workbook.causes.your_own_program import UNSTEADY_SCORES
from workbook.diagnosis import Answer, Found
from workbook.lesson import detective as module
from workbook.lesson import investigate
from workbook.lesson.kept import FILE, Kept
from workbook.question.trying import Tried

VIEW = "application/vnd.jupyter.widget-view+json"
CASE = UNSTEADY_SCORES
EVAL, RESTORE, RELOAD, JITTER, CENTER, THREAD, DOUBLE = range(len(CASE.trials))
DROPOUT, NOISE, STATE, EMPTY, THREADS = range(len(CASE.suspects))
FOUND = Found("dropout-active", "3", "with eval() it goes.", "at most 0.5 apart")
BESIDE = Found("thread-count", "", "it goes too.", "2 ULPs", "rounding")


@pytest.fixture
def widget(monkeypatch):
    """The first case, with the diagnosis given: the tool itself is tested elsewhere."""
    answer = Answer("scores.py:scores", "fault", (FOUND, BESIDE), ("3 calls",))
    monkeypatch.setattr(module, "_diagnosed", lambda case: answer)
    return investigate(CASE)


def test_a_solved_case_is_kept(monkeypatch, tmp_path):
    """Naming the cause is kept; naming somebody else is not."""
    monkeypatch.setattr(module, "_diagnosed", lambda case: None)
    kept = Kept(tmp_path / FILE)
    widget = investigate(CASE, kept=kept)
    widget.name_cause(THREADS)
    assert kept.read() == {}
    widget.name_cause(DROPOUT)
    assert list(kept.read()) == [("case", CASE.name)]


class TestTrials:
    """Choosing and running."""

    def test_a_trial_clears_suspects(self, widget):
        """eval() takes the difference away, so those it does not touch are cleared."""
        widget.run(EVAL)
        apart = widget._covered[0].untouched
        assert widget.ran[0]["went"] is True
        assert widget.ran[0]["words"] == (
            f"The difference went (no bit differs, without the trial {apart:.3g}); "
            "this clears 3 suspects, 2 left."
        )
        assert widget.cleared == [0, 1, 0, 1, 1]

    def test_a_trial_is_executed_when_chosen(self, widget, monkeypatch):
        """Nothing is remembered from when the case was displayed."""
        monkeypatch.setattr(module, "tried", lambda case, trials: (Tried(0.25, False),))
        widget.run(EVAL)
        assert widget.ran[0]["words"].startswith("The difference stayed (at most 0.25 apart)")

    def test_the_budget_holds(self, widget):
        """A trial beyond the budget, and one that was run, are refused."""
        widget.run(EVAL)
        with pytest.raises(ValueError, match="each trial runs once, and 3 are allowed"):
            widget.run(EVAL)
        for number in (JITTER, CENTER):
            widget.run(number)
        with pytest.raises(ValueError, match="each trial runs once, and 3 are allowed"):
            widget.run(RESTORE)

    @pytest.mark.parametrize("number", [-1, 7])
    def test_a_trial_is_one_of_the_list(self, widget, number):
        """Other numbers are refused."""
        with pytest.raises(ValueError, match=f"trials are 0 to 6, got {number}"):
            widget.run(number)

    def test_a_trial_that_fails_is_shown_and_raised(self, widget, monkeypatch):
        """The error stands in the page; the trial is not counted."""

        def fail(case, trials):
            raise RuntimeError("no such process")

        monkeypatch.setattr(module, "tried", fail)
        with pytest.raises(RuntimeError):
            widget.run(EVAL)
        assert (widget.error, widget.ran) == ("RuntimeError: no such process", [])


class TestNaming:
    """Naming the cause."""

    def test_a_proof(self, widget):
        """With one suspect left, the right name is told so, and the tool speaks."""
        widget.run(EVAL)
        widget.run(RESTORE)
        assert widget.tool == []
        widget.name_cause(DROPOUT)
        assert widget.solved
        assert widget.verdict.startswith("Your trials leave nobody else.")
        assert widget.tool[1].startswith("`dropout-active` (`3`): Dropout is active")

    @pytest.mark.parametrize(
        ("trials", "others"), [((), "4 other suspects"), ((EVAL,), "another suspect")]
    )
    def test_a_guess(self, widget, trials, others):
        """A right name without the trials for it is called a guess."""
        for number in trials:
            widget.run(number)
        widget.name_cause(DROPOUT)
        assert widget.verdict.startswith(f"But your trials leave {others} as well")

    def test_a_suspect_that_was_cleared(self, widget):
        """The reader's own trial is held against a name that it had cleared."""
        widget.run(EVAL)
        widget.run(CENTER)
        widget.name_cause(STATE)
        assert not widget.solved
        assert widget.verdict == (
            "Your trial 2 had cleared it: with this cause the difference would have gone."
        )
        assert widget.tool == []

    def test_a_proof_is_held_against_the_shortest(self, widget):
        """Who ran more trials than it takes is told which were enough, and who did not, is not."""
        for number in (JITTER, EVAL, RESTORE):
            widget.run(number)
        widget.name_cause(DROPOUT)
        both = f"“{CASE.trials[EVAL].title}” and “{CASE.trials[RESTORE].title}”"
        assert f"Fewer do, too: {both}." in widget.verdict
        widget.restart()
        for number in (EVAL, RESTORE):
            widget.run(number)
        widget.name_cause(DROPOUT)
        assert "Fewer would not have done." in widget.verdict

    def test_a_guess_is_told_what_was_missing(self, widget):
        """With one good trial, the other one of the shortest way is named."""
        widget.run(EVAL)
        widget.name_cause(DROPOUT)
        assert f"What was missing: “{CASE.trials[RESTORE].title}”." in widget.verdict

    def test_naming_one_after_the_other_proves_nothing(self, widget):
        """While trials are left, a wrong name teaches nothing but that; the right one says so."""
        widget.name_cause(STATE)
        assert widget.verdict.startswith("Nothing that you ran parts it from the others: 5 ")
        widget.name_cause(DROPOUT)
        assert "Naming one after the other" in widget.verdict

    def test_each_wrong_name_has_its_own_message(self, widget):
        """Once no trial is left, a suspect that stands is answered with the fact that clears it."""
        told = []
        widget.budget = 0
        for number in (NOISE, STATE, EMPTY, THREADS):
            widget.name_cause(number)
            told.append(widget.verdict)
        assert told == [suspect.not_it for suspect in CASE.suspects[1:]]

    def test_a_wrong_name_after_the_right_one(self, widget):
        """The last name counts: nothing of the praise before it stays."""
        widget.name_cause(DROPOUT)
        widget.name_cause(EMPTY)
        assert (widget.solved, widget.tool) == (False, [])

    def test_a_suspect_is_one_of_the_list(self, widget):
        """Other numbers are refused."""
        with pytest.raises(ValueError, match="suspects are 0 to 4, got 5"):
            widget.name_cause(5)

    def test_the_buttons(self, widget):
        """The page's three messages run, name and start again."""
        widget._handle_custom_msg({"run": EVAL}, [])
        widget._handle_custom_msg({"name": DROPOUT}, [])
        assert (len(widget.ran), widget.solved) == (1, True)
        widget._handle_custom_msg({"restart": True}, [])
        assert (widget.ran, widget.solved, widget.tool) == ([], False, [])
        assert widget.cleared == [0] * len(CASE.suspects)
        assert widget.turns == 3


class TestDisplay:
    """What a cell shows, with and without a kernel."""

    def test_the_plain_text_does_not_tell(self, widget):
        """The plain text is the case and its suspects."""
        data, _ = widget._repr_mimebundle_()
        assert set(data) == {VIEW, "text/html", "text/plain"}
        assert data["text/plain"].startswith("Case 1: the scores that do not stand still.")
        assert CASE.lesson not in data["text/plain"]

    def test_the_solution_is_covered(self, widget):
        """Every outcome and the cause are closed until the reader opens them."""
        page = widget._repr_mimebundle_()[0]["text/html"]
        before, covered = page.split("Name the cause first, then open the solution")
        assert page.count("<details>") == len(CASE.trials) + 2
        assert "<details open" not in page
        assert "What the tool says" in covered
        assert "What the tool says" not in before

    def test_the_compared_text_has_no_digits_of_this_machine(self, widget):
        """Sizes, and rounding beside a fault, differ from machine to machine: they are left out."""
        data, _ = widget._repr_mimebundle_()
        page, size = data["text/html"], widget.story.removeprefix(CASE.story)
        assert size.startswith(" They are at most ")  # the live page says it
        assert size not in page + data["text/plain"]
        assert "dropout-active" in page
        assert "0.5 apart" not in page
        assert "thread-count" not in page

    def test_code_is_escaped(self, monkeypatch):
        """A program's signs do not become tags."""
        odd = dataclasses.replace(CASE, program=CASE.program + "\nSMALL = 1 < 2\n")
        monkeypatch.setattr(module, "_diagnosed", lambda case: Answer("", "fault", (FOUND,), ()))
        assert "SMALL = 1 &lt; 2" in investigate(odd)._repr_mimebundle_()[0]["text/html"]
