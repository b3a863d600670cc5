"""A prediction on the page: choose, say how sure you are, reveal what is measured.

Owns the widget's state, the covered answer for readers without a kernel, and the words that compare
prediction and measurement. The controls themselves are native ones, in predictor.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from workbook.devices import machine
from workbook.lesson.markup import inline
from workbook.lesson.page import Page, joined
from workbook.lesson.tally import SURE, Tally
from workbook.question import ANSWERED, Prediction
from workbook.result import kept_text

DOUBTFUL = 40
THIS_KERNEL = Tally()
FORMAT = "workbook-prediction"


def predict(prediction: Prediction, *, tally: Tally = THIS_KERNEL) -> Predictor:
    """Ask the reader for a prediction; make it the last line of a cell.

    The answer is measured here, for readers without a kernel, and again when it is revealed.
    Whatever `prediction.measure` raises is raised, so that a headless run fails.
    """
    return Predictor(prediction, tally=tally)


class Predictor(Page):
    """One displayable object: live controls, a covered answer, and the question as plain text.

    `choice` is the index of the chosen option, None before; `confidence` is in percent. `reveal()`
    does what the button does. `measured`, `verdict`, `because`, `feedback` (on the chosen option,
    where another one holds) and `tally` are empty until then. `turns` counts the measurements,
    `error` says why the last one failed.
    """

    _esm = joined("predictor.js")
    _css = joined("predictor.css")
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    choice = traitlets.Int(None, allow_none=True).tag(sync=True)
    confidence = traitlets.Int(50).tag(sync=True)
    measured = traitlets.Unicode("").tag(sync=True)
    right = traitlets.Bool(False).tag(sync=True)
    verdict = traitlets.Unicode("").tag(sync=True)
    because = traitlets.Unicode("").tag(sync=True)
    feedback = traitlets.Unicode("").tag(sync=True)
    tally = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    turns = traitlets.Int(0).tag(sync=True)

    def __init__(self, prediction: Prediction, *, tally: Tally) -> None:
        self.prediction = prediction
        self._tally = tally
        self._covered = prediction.measured().text
        texts = [option.text for option in prediction.options]
        super().__init__(question=prediction.question, options=texts)
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
        """Measure now, and show how prediction and measurement compare.

        ValueError if nothing is chosen. Whatever measuring raises is shown in the page and raised.
        """
        if self.choice is None:
            raise ValueError("choose an option before you reveal the answer")
        try:
            measured = self.prediction.measured().text
        except Exception as error:
            with self.hold_sync():
                self.error = f"{type(error).__name__}: {error}"
                self.turns += 1
            raise
        chosen = self.prediction.options[self.choice]
        right = measured == chosen.text
        self._tally.add(self.prediction.name, self.confidence, right)
        with self.hold_sync():
            self.error = ""
            self.measured, self.right = measured, right
            self.verdict = _verdict(right, self.confidence)
            self.because = self.prediction.because
            self.feedback = "" if right else chosen.feedback
            self.tally = self._tally.sentence()
            self.turns += 1
        ANSWERED.add(self.prediction.name)

    def _told(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """Act on the page's button: it carries newer words than the traits were told so far."""
        if not self.measured:
            self.choice, self.confidence = content["choice"], content["confidence"]
        self.reveal()

    def __repr__(self) -> str:
        options = "".join(f"\n  - {option}" for option in self.options)
        return f"Predict: {self.prediction.question}{options}"

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
        items = "".join(f"<li>{inline(option)}</li>" for option in self.options)
        wrong = "".join(
            f"<li>{inline(each.text)}: {inline(each.feedback)}</li>"
            for each in self.prediction.options
            if each.feedback and each.text != self._covered
        )
        others = f"<ul>{wrong}</ul>" if wrong else ""
        return (
            f"<p><strong>Predict:</strong> {inline(self.prediction.question)}</p><ul>{items}</ul>"
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
