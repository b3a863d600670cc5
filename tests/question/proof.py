"""Proof of a row: what is wrong with an exercise or a prediction.

Owns running the row's own code as a notebook would. Every row of every chapter is proven so.
"""

import linecache
import re
from collections import Counter
from contextlib import ExitStack

from workbook.conditions import switches
from workbook.question import Exercise, Outcome, Prediction, judge
from workbook.question.missed import solved


def prove(row: Exercise | Prediction) -> list[str]:
    """List what keeps a row from being fit for a reader, in sentences; empty if nothing.

    A prediction has three options or more, and each but the right one speaks against itself in
    words of its own. Of an exercise the solution must pass, every foreseen wrong answer must fail
    with its own message, and the untouched stub must count as not attempted. There must be hints,
    and wrong answers foreseen, each with a message of its own.
    """
    return _options(row) if isinstance(row, Prediction) else _exercise(row)


def _options(prediction: Prediction) -> list[str]:
    problems = []
    if len(prediction.options) < 3:
        problems.append("there are only two options: write a third that a reader may believe")
    silent = [each.text for each in prediction.options if not each.feedback]
    if len(silent) > 1:
        problems.append(f"only the right option may lack feedback, these do: {'; '.join(silent)}")
    told = Counter(each.feedback for each in prediction.options if each.feedback)
    problems += [f"two options get: {text}" for text, count in told.items() if count > 1]
    if prediction.ascending and not all(re.search(r"\d", each.text) for each in prediction.options):
        problems.append("only numbers ascend: leave `ascending` out, and the options are shuffled")
    return problems


def _exercise(exercise: Exercise) -> list[str]:
    problems = []
    if not exercise.hints:
        problems.append("there is no hint")
    if not exercise.wrong:
        problems.append("no wrong answer is foreseen")
    messages = Counter(wrong.message for wrong in exercise.wrong)
    problems += [f"two wrong answers get: {text}" for text, count in messages.items() if count > 1]
    problems += _against(exercise, "the stub", exercise.stub, "not attempted")
    problems += _against(exercise, "the solution", exercise.solution, "passed")
    for wrong in exercise.wrong:
        part = f"the wrong answer {wrong.source!r}"
        problems += _against(exercise, part, wrong.source, "failed", wrong.message)
    return problems


def _against(
    exercise: Exercise, part: str, source: str, status: str, message: str | None = None
) -> list[str]:
    try:
        came = _attempt(exercise, part, source)
    except Exception as error:  # an author's code: whatever it raises is the finding
        return [f"{part} gives {type(error).__name__}: {error}"]
    if came.status != status:
        return [f"{part} must be judged {status}, it is {came.status}: {came.message}"]
    if message not in (None, came.message):
        return [f"{part} must be told {message!r}, it is told {came.message!r}"]
    return []


def _attempt(exercise: Exercise, part: str, source: str) -> Outcome:
    """Run the code with the notebook's names and judge what it gives; nothing stays switched."""
    file = f"<{exercise.name}: {part}>"
    # The traceback module reads lines from here, as it does for a notebook's cells.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    with ExitStack() as stack:
        stack.callback(linecache.cache.pop, file, None)
        switches.keep(stack)
        return judge(exercise, solved(exercise, source, file))
