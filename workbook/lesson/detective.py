"""A case on the page: choose trials, see whom they clear, name the cause, then hear the tool.

Owns the widget's state, its words, and the covered solution for readers without a kernel. Which
trials there are and what they mean is the case's; the controls are native ones, in detective.js.
"""

import html
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import traitlets

from workbook.diagnosis import Answer, diagnose
from workbook.lesson.answers import shared_workers, told
from workbook.lesson.kept import KEPT_HERE, Given, Kept
from workbook.lesson.markup import inline
from workbook.lesson.page import Page, joined
from workbook.question.case import Case, further, standing
from workbook.question.trying import Tried, tried
from workbook.wording import counted

STAYED, WENT = "The difference stayed", "The difference went"


def investigate(case: Case, *, kept: Kept = KEPT_HERE) -> "Detective":
    """Let the reader solve a case; make it the last line of a cell.

    Every trial is carried out here and the program is diagnosed, for readers without a kernel; a
    trial that the reader chooses is carried out again. Whatever they raise is raised. That it was
    solved is kept.
    """
    return Detective(case, kept=kept)


class Detective(Page):
    """One displayable object: the live case, a covered solution, and the case as plain text.

    `run(trial)` and `name_cause(suspect)` do what the buttons do, counted from 0. `ran` has one row
    for each trial so far, `cleared` the number of the trial that cleared each suspect, 0 where it
    still stands. `headline` and `verdict` answer the last naming, `tool` is the diagnosis, told
    once the cause is found.
    """

    _esm = joined("detective.js")
    _css = joined("detective.css")
    title = traitlets.Unicode().tag(sync=True)
    story = traitlets.Unicode().tag(sync=True)
    file = traitlets.Unicode().tag(sync=True)
    program = traitlets.Unicode().tag(sync=True)
    suspects = traitlets.List(traitlets.Unicode()).tag(sync=True)
    trials = traitlets.List(traitlets.Unicode()).tag(sync=True)
    budget = traitlets.Int().tag(sync=True)
    ran = traitlets.List(traitlets.Dict()).tag(sync=True)
    cleared = traitlets.List(traitlets.Int()).tag(sync=True)
    solved = traitlets.Bool(False).tag(sync=True)
    headline = traitlets.Unicode("").tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    tool = traitlets.List(traitlets.Unicode()).tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    turns = traitlets.Int(0).tag(sync=True)

    def __init__(self, case: Case, *, kept: Kept) -> None:
        self.case, self._kept_answers = case, kept
        self._named: set[int] = set()  # suspects that were named and are not the cause
        with ThreadPoolExecutor(1) as pool:  # a diagnosis waits for its own processes
            diagnosed = pool.submit(_diagnosed, case)
            self._covered = tried(case, case.trials)
            self.answer = diagnosed.result()
        super().__init__(
            title=case.title,
            story=f"{case.story}{_apart(self._covered)}",
            file=case.file,
            program=case.program.strip("\n"),
            suspects=[suspect.words for suspect in case.suspects],
            trials=[trial.title for trial in case.trials],
            budget=case.budget,
            cleared=[0] * len(case.suspects),
        )
        self.on_msg(self._told)

    def run(self, number: int) -> None:
        """Carry out a trial; ValueError if it was done or the budget is spent.

        Whatever the trial raises is shown in the page and raised.
        """
        if not 0 <= number < len(self.trials):
            raise ValueError(f"trials are 0 to {len(self.trials) - 1}, got {number}")
        if len(self.ran) >= self.budget or number in self._outcomes():
            raise ValueError(f"each trial runs once, and {self.budget} are allowed")
        try:
            (outcome,) = tried(self.case, self.case.trials[number : number + 1])
        except Exception as error:
            with self.hold_sync():
                self.error = f"{type(error).__name__}: {error}"
                self.turns += 1
            raise
        left = standing(self.case, {**self._outcomes(), number: outcome.went})
        order = len(self.ran) + 1
        clears = [
            n
            for n, suspect in enumerate(self.case.suspects)
            if not self.cleared[n] and suspect.cause not in left
        ]
        with self.hold_sync():
            self.error = ""
            self.cleared = [order if n in clears else old for n, old in enumerate(self.cleared)]
            self.ran = [*self.ran, self._row(number, outcome, len(clears), len(left))]
            if not self.solved:  # what was said of a wrong suspect counts others than stand now
                self.headline = self.verdict = ""
            self.turns += 1

    def _row(self, number: int, outcome: Tried, clears: int, left: int) -> dict[str, Any]:
        size, apart = "", outcome.difference
        if not isinstance(apart, bool):
            now = f"at most {apart:.3g} apart" if apart else "no bit differs"
            before = f", without the trial {outcome.untouched:.3g}" if outcome.went else ""
            size = f" ({now}{before})"
        whom = f"clears {counted(clears, 'suspect')}" if clears else "clears nobody"
        return {
            "trial": number,
            "went": outcome.went,
            "words": f"{WENT if outcome.went else STAYED}{size}; this {whom}, {left} left.",
            "code": self.case.trials[number].code,
        }

    def _outcomes(self) -> dict[int, bool]:
        return {row["trial"]: row["went"] for row in self.ran}

    def name_cause(self, number: int) -> None:
        """Judge the reader's suspect and, if it is the culprit, let the tool speak."""
        if not 0 <= number < len(self.suspects):
            raise ValueError(f"suspects are 0 to {len(self.suspects) - 1}, got {number}")
        suspect = self.case.suspects[number]
        right = suspect.cause == self.case.culprit
        trouble = self._kept_answers.add(Given("case", self.case.name, True)) if right else ""
        with self.hold_sync():
            self.error = ""
            self.solved = right
            if right:
                self.headline = f"Yes: {suspect.words}."
                self.verdict = f"{self._praise()} {trouble}".rstrip()
                self.tool = told(self.answer) if self.answer else []
            else:
                self._named.add(number)
                self.headline = f"Not this one: {suspect.words}."
                self.verdict = self._objection(number)
                self.tool = []
            self.turns += 1

    def _praise(self) -> str:
        """Say what the reader's own trials prove, which fewer would have, and the case's lesson."""
        left = len(standing(self.case, self._outcomes())) - 1
        missing = further(self.case, tuple(self._outcomes()))
        fewest = further(self.case)
        if left:
            others = "another suspect" if left == 1 else f"{left} other suspects"
            path = f"But your trials leave {others} as well: so far it was a guess. "
            path += f"What was missing: {self._quoted(missing)}."
        elif len(self.ran) > len(fewest):
            path = f"Your trials leave nobody else. Fewer do, too: {self._quoted(fewest)}."
        else:
            path = "Your trials leave nobody else. Fewer would not have done."
        if self._named:
            path += " Naming one after the other finds the cause as well, and proves nothing."
        return f"{path} {self.case.lesson}"

    def _quoted(self, trials: tuple[int, ...]) -> str:
        return " and ".join(f"“{self.trials[n]}”" for n in trials)

    def _objection(self, number: int) -> str:
        """Hold the reader's own trials against a suspect; say more only once none is left."""
        order = self.cleared[number]
        if order:
            row = self.ran[order - 1]
            would = "stayed" if row["went"] else "gone"
            return (
                f"Your trial {order} had cleared it: with this cause the difference would have "
                f"{would}."
            )
        if len(self.ran) == self.budget:
            return self.case.suspects[number].not_it
        count = len(standing(self.case, self._outcomes()))
        return (
            f"Nothing that you ran parts it from the others: {count} suspects stand. Say for each "
            "trial what it would show with each of them, and run one that parts them."
        )

    def restart(self) -> None:
        """Forget the trials and what was named."""
        self._named.clear()
        with self.hold_sync():
            self.ran, self.tool = [], []
            self.cleared = [0] * len(self.suspects)
            self.solved, self.headline, self.verdict, self.error = False, "", "", ""
            self.turns += 1

    def _told(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Act on one of the page's buttons."""
        if "run" in content:
            self.run(content["run"])
        elif "name" in content:
            self.name_cause(content["name"])
        else:
            self.restart()

    def __repr__(self) -> str:
        suspects = "".join(f"\n  - {words}" for words in self.suspects)
        return f"{self.title}. {self.case.story} Suspects:{suspects}"

    def _covered_html(self) -> str:
        suspects = "".join(f"<li>{inline(words)}</li>" for words in self.suspects)
        trials = "".join(
            f"<details><summary>{inline(trial.title)}</summary>{_code(trial.code)}"
            f"<p>{_outcome(self.case, n, shown.went)}</p></details>"
            for n, (trial, shown) in enumerate(zip(self.case.trials, self._covered, strict=True))
        )
        culprit = next(s for s in self.case.suspects if s.cause == self.case.culprit)
        says = ["What the tool says:", *told(self.answer, digits=False)] if self.answer else []
        tool = "".join(f"<p>{inline(text)}</p>" for text in says)
        return (
            f"<p><strong>{inline(self.title)}</strong></p><p>{inline(self.case.story)}</p>"
            f"<details><summary>The program, <code>{self.file}</code></summary>"
            f"{_code(self.program)}</details>"
            f"<p>The suspects:</p><ul>{suspects}</ul>"
            f"<p>Open at most {self.budget} of these trials, then decide:</p>{trials}"
            "<details><summary>Name the cause first, then open the solution</summary>"
            f"<p><strong>{inline(culprit.words)}</strong></p><p>{inline(self.case.lesson)}</p>"
            f"{tool}</details>"
        )


def _apart(outcomes: tuple[Tried, ...]) -> str:
    """Say how far the two results are apart before any trial; nothing where they are yes or no."""
    size = outcomes[0].untouched
    return "" if isinstance(size, bool) else f" They are at most {size:.3g} apart."


def _code(text: str) -> str:
    return f"<pre><code>{html.escape(text, quote=False)}</code></pre>"


def _outcome(case: Case, number: int, went: bool) -> str:
    left = standing(case, {number: went})
    names = [inline(s.words) for s in case.suspects if s.cause not in left]
    clears = f"clears: {'; '.join(names)}" if names else "clears nobody"
    return f"{WENT if went else STAYED}; this {clears}."


def _diagnosed(case: Case) -> Answer | None:
    """Ask the diagnosis about the case's functions; None where the case names none."""
    if not case.targets:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, case.file)
        file.write_text(case.program, encoding="utf-8")
        targets = [f"{file}:{name}" for name in case.targets]
        return diagnose(*targets, workers=shared_workers())
