"""A prediction on the page: choose or give a range, say how sure you are, reveal what is measured.

Owns the widget's state, the covered answer for readers without a kernel, and the words that compare
prediction and measurement. The controls themselves are native ones, in predictor.js.
"""

from collections.abc import Mapping
from typing import Any, cast

import traitlets

from workbook.devices import machine
from workbook.lesson.markup import inline
from workbook.lesson.page import Page, joined
from workbook.lesson.tally import SURE, THIS_KERNEL, Tally
from workbook.question import ANSWERED, Estimate, Option, Prediction, Seen
from workbook.result import kept_text

DOUBTFUL = 40
FORMAT = "workbook-prediction"


def predict(question: Prediction | Estimate, *, tally: Tally = THIS_KERNEL) -> "Predictor":
    """Ask the reader for a prediction or an estimate; make it the last line of a cell.

    The answer is measured here, for readers without a kernel, and again when it is revealed.
    Whatever `question.measure` raises is raised, so that a headless run fails.
    """
    return Predictor(question, tally=tally)


class Predictor(Page):
    """One displayable object: live controls, a covered answer, and the question as plain text.

    `choice` is the index of the chosen option as they are shown, None before; of an estimate,
    `low` and `high` are the range. `confidence` is in percent. `reveal()` does what the button
    does. `measured`, `verdict`, `because`, `feedback` (on an answer that does not hold) and `tally`
    are empty until then. `turns` counts the measurements, `error` says why the last one failed,
    `earlier` how an answer that was kept came out.
    """

    _esm = joined("predictor.js")
    _css = joined("predictor.css")
    name = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    factor = traitlets.Float().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    choice = traitlets.Int(None, allow_none=True).tag(sync=True)
    low = traitlets.Float(None, allow_none=True).tag(sync=True)
    high = traitlets.Float(None, allow_none=True).tag(sync=True)
    confidence = traitlets.Int(50).tag(sync=True)
    earlier = traitlets.Unicode("").tag(sync=True)
    measured = traitlets.Unicode("").tag(sync=True)
    right = traitlets.Bool(False).tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    because = traitlets.Unicode("").tag(sync=True)
    feedback = traitlets.Unicode("").tag(sync=True)
    tally = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    turns = traitlets.Int(0).tag(sync=True)

    def __init__(self, question: Prediction | Estimate, *, tally: Tally) -> None:
        self.prediction = question
        self._tally = tally
        measured = question.measured()
        if isinstance(question, Estimate):
            self._covered = question.everywhere
            kind: dict[str, Any] = {"factor": question.factor, "unit": question.unit}
        else:
            self._covered = cast(Option, measured).text
            kind = {"options": [option.text for option in question.shown]}
        super().__init__(name=question.name, question=question.question, **kind)
        if before := tally.before(question.name):
            held = "it held" if before.held else "it did not hold"
            self.earlier = f"You answered this before, {before.confidence} % sure, and {held}."
            ANSWERED.add(question.name)
        self.on_msg(self._told)

    @traitlets.validate("choice")
    def _an_option(self, proposal: Mapping[str, Any]) -> int | None:
        choice: int | None = proposal["value"]
        if choice is not None and not 0 <= choice < len(self.options):
            last = len(self.options) - 1
            raise ValueError(f"choice must be a whole number from 0 to {last}, got {choice}")
        return choice

    @traitlets.validate("confidence")
    def _a_percentage(self, proposal: Mapping[str, Any]) -> int:
        confidence: int = proposal["value"]
        if not 0 <= confidence <= 100:
            raise ValueError(f"confidence must be a percentage from 0 to 100, got {confidence}")
        return confidence

    def reveal(self) -> None:
        """Measure now, and show how the answer and the measurement compare.

        ValueError if there is no answer. Whatever measuring raises is shown in the page and raised.
        """
        try:
            seen = self._seen()
        except Exception as error:
            with self.hold_sync():
                self.error = f"{type(error).__name__}: {error}"
                self.turns += 1
            raise
        trouble = self._tally.add(self.prediction.name, self.confidence, seen.right)
        with self.hold_sync():
            self.error = ""
            self.measured, self.right, self.feedback = seen.measured, seen.right, seen.feedback
            self.verdict = _verdict(seen.right, self.confidence)
            self.because = self.prediction.because
            missed = self.confidence >= SURE and not seen.right  # only then is the count news
            self.tally = f"{self._tally.sentence() if missed else ''} {trouble}".strip()
            self.turns += 1
        ANSWERED.add(self.prediction.name)

    def _seen(self) -> Seen:
        if isinstance(self.prediction, Estimate):
            if self.low is None or self.high is None:
                raise ValueError("give a range before you reveal the answer")
            return self.prediction.seen(self.low, self.high)
        if self.choice is None:
            raise ValueError("choose an option before you reveal the answer")
        return self.prediction.seen(self.choice)

    def _told(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Act on the page's button, whose message has newer values than the traits here."""
        if not self.measured:
            for name in ("choice", "low", "high", "confidence"):
                setattr(self, name, content.get(name, getattr(self, name)))
        self.reveal()

    def __repr__(self) -> str:
        if isinstance(self.prediction, Estimate):
            return f"Estimate: {self.prediction.question}\n  - {self._asked}"
        options = "".join(f"\n  - {option}" for option in self.options)
        return f"Predict: {self.prediction.question}{options}"

    @property
    def _asked(self) -> str:
        return f"a range that spans at most a factor of {self.factor:g}"

    def _kept(self) -> str:
        told = {
            "name": self.prediction.name,
            "question": self.prediction.question,
            "options": list(self.options),
            "measured": self._covered,
            "provenance": machine(),
        }
        return kept_text(FORMAT, told)

    def _covered_html(self) -> str:
        if isinstance(self.prediction, Estimate):
            asked = f"<p>Give {self._asked}.</p>"
            against = [("too low", self.prediction.too_low), ("too high", self.prediction.too_high)]
        else:
            asked = "".join(f"<li>{inline(option)}</li>" for option in self.options)
            asked = f"<ul>{asked}</ul>"
            against = [(each.text, each.feedback) for each in self.prediction.shown]
        wrong = "".join(
            f"<li>{inline(text)}: {inline(feedback)}</li>"
            for text, feedback in against
            if feedback and text != self._covered
        )
        others = f"<ul>{wrong}</ul>" if wrong else ""
        return (
            f"<p><strong>Predict:</strong> {inline(self.prediction.question)}</p>{asked}"
            "<details><summary>Decide first, then open the measured answer</summary>"
            f"<p><strong>{inline(self._covered)}</strong></p>"
            f"<p>{inline(self.prediction.because)}</p>{others}</details>"
        )


def _verdict(right: bool, confidence: int) -> str:
    sure = f"{confidence} % sure"
    if right and confidence >= SURE:
        return f"You were {sure}, and it holds."
    if right and confidence < DOUBTFUL:
        return f"You were only {sure}: you can trust that thought more."
    if right:
        return f"You were {sure}."
    if confidence >= SURE:
        return f"You were {sure}. Surprises like this one are worth a second look."
    if confidence < DOUBTFUL:
        return f"You were only {sure}, and the doubt was justified."
    return f"You were {sure}."
