"""One test: does it fail always, at times, or only after others, and which condition changes that?

Owns the order of the questions. Of a test that always fails, the two sides of its comparison are
the pair; of one that fails at times, its sides in two runs are.
"""

import functools
import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from workbook.diagnosis import chance
from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.interventions.intervention import Axis
from workbook.diagnosis.interventions.operations import LOOK, WIDE_RANGE
from workbook.diagnosis.interventions.rows import HOLDS, ROWS
from workbook.diagnosis.interventions.surroundings import CLOCK, HASH
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import ALL, CALM, Plan, plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap, unit_roundoff
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import Word, equal_but_for_rounding, judged
from workbook.diagnosis.search import search
from workbook.diagnosis.session import Unusable, traced
from workbook.diagnosis.targets.contrasts import shortened
from workbook.diagnosis.targets.explained import answered, causes_of, word_of
from workbook.diagnosis.targets.function import Function
from workbook.diagnosis.targets.tests import order, tolerance
from workbook.diagnosis.targets.tests.sides import Sides, failing
from workbook.wording import counted

_ALONE = Plan((0,), ())
BOTH = "passes in one, fails in the other"
_IN_A_TEST = "A seed in the test, or in a fixture for each test, holds in any order of tests."
FAILED = "WORKBOOK_FAILED"  # is set where the test has just failed
_ELSEWHERE = (
    "It failed in the run that asks, and in no trial. So it needs what that run had: the tests "
    "before it in that order, files that they left, a busy machine, or luck at so low a rate."
)
_FEW, _MANY = 3, 20  # trials of a test: to see whether it is always the same, and for a rate
_SHARE = 1 / 4  # of the time, for the trials of a rate


def diagnosed(forks: Forks, name: str, before: Sequence[str], asked: str) -> Answer:
    """Give the answer for one test.

    `asked` says what `before` is: the tests of its "file", or of the whole "project". With "file
    first", a test that passes is left for that question: an answer without causes and notes.
    """
    runs = [forks.run(_ALONE)]
    _check(runs[0])
    runs += [forks.run(_ALONE, again=True) for _ in range(_FEW - 1)]
    outcomes = {run.data.get("outcome", "failed") for run in runs}
    if len(outcomes) == 1 and (answer := order.explained(forks, before, *outcomes)):
        return answer
    if outcomes == {"failed"}:
        notes = list(forks.notes)
        alike = len({run.code(0) for run in runs}) == 1
        if alike and not failing(runs[0]):  # no numbers say whether that is chance
            _more(forks, runs)
        passed = any(run.data.get("outcome") == "passed" for run in runs)
        answer = _always(forks, runs) if not passed else None
        if answer and (answer.causes or alike):
            return answer
        forks.notes[:] = notes  # what it compares varies, so it may pass, too
    if outcomes == {"passed"} and asked == "file first":
        return answered(forks, [])
    return _at_times(forks, runs)


def worded(answer: Answer, runs: Iterable[Run]) -> Answer:
    """Say of runs that compare unlike things what they came to, where both outcomes were seen."""
    if {"passed", "failed"} <= {run.data.get("outcome") for run in runs}:
        told = functools.partial(re.sub, r"different in kind( at result\[.*\])?", BOTH)
        causes = tuple(replace(row, size=told(row.size)) for row in answer.causes)
        return replace(answer, causes=causes, tried=tuple(map(told, answer.tried)))
    return answer


def _check(run: Run) -> None:
    if "outcome" not in run.data:
        raise Unusable(f"the test {run.outcomes[0].get('raised', 'gave nothing')}")
    if run.data["outcome"] == "skipped":
        raise Unusable(
            f"the test is skipped or expected to fail: {run.data['message'].partition(chr(10))[0]}"
        )


def _more(forks: Forks, runs: list[Run]) -> None:
    """Make more trials, as many as a rate takes and the time allows."""
    enough = forks.left() * (1 - _SHARE)
    while len(runs) < _MANY and forks.left() > enough:
        runs.append(forks.run(_ALONE, again=True))


def _at_times(forks: Forks, runs: list[Run]) -> Answer:
    """Diagnose a test that passes at least once: how often it fails, and what its sides follow."""
    _more(forks, runs)
    failed = sum(run.data.get("outcome") == "failed" for run in runs)
    forks.tell(f"{len(runs)} trials, each in a process of its own: {failed} failed")
    forks.note(rate(failed, len(runs)))
    shares = sorted(row["share"] for run in runs for row in run.data.get("compared", ())[-1:])
    if shares and math.isfinite(shares[-1]):
        middle = shares[len(shares) // 2]
        forks.note(f"Its difference is {middle:.2g} of the tolerance at the median, and at most "
                   f"{shares[-1]:.2g} of it.")  # fmt: skip
    function = Function(forks)
    forks.other = _unlike(runs, function.calm) or forks.other
    found, base = function.find()
    if found is None:
        if failed:
            return answered(forks, _clocked(forks, runs))
        if FAILED in os.environ:
            forks.note(_ELSEWHERE)
            return answered(forks, [])
        forks.note(_noticed(forks))
        rows = [Found("none", "", "what it compares was the same in every trial.", "")]
        seen = function.calm.tensors(0)
        return answered(forks, rows) if seen else replace(answered(forks, []), head="passes")
    rows = [
        replace(row, fix=f"{row.cure} {_IN_A_TEST}") if row.cause == "random-numbers" else row
        for row in causes_of(function, found, base)
    ]
    if not failed and shares and shares[-1] <= 1:
        forks.note("What it compares differs from run to run, and stayed within its tolerance.")
    if failed == len(runs) and function.calm.data.get("outcome") == "failed":
        words = " ".join(f"{BY_ID[row.cause].words} ({row.where})." for row in rows)
        forks.note(f"{words} With that held it fails, too: that is not why.")
        rows = []
    if not base.comparable and not _both_repeat(forks, function):
        forks.note("The same run made again comes to something else, so what was held decides not.")
        rows = _clocked(forks, runs)
    return answered(forks, rows)


def _both_repeat(forks: Forks, function: Function) -> bool:
    """Whether two runs of which one passes and one fails do so each time: no matter of chance.

    Four of each by chance are fewer than 4 in 1000, whatever the rate.
    """
    for wanted in (function.plan(), function.once(held=ALL - function.dims)):
        code = forks.run(wanted).code(0)
        if any(forks.run(wanted, again=True).code(0) != code for _ in range(3)):
            return False
    return True


def _unlike(runs: list[Run], calm: Run) -> int:
    """Give where the generators started in a trial that came to something else; 0 if none did.

    One with another outcome is preferred: it is that which is to be explained, and two numbers
    taken by chance may give the same.
    """
    came = [(run.data.get("outcome"), run.code(0), run.data["start"]) for run in (calm, *runs)]
    (ours, code, _), *trials = came
    unlike = [start for outcome, _, start in trials if outcome != ours]
    unlike += [start for _, other, start in trials if other != code]
    return int(unlike[0]) if unlike else 0


def _noticed(forks: Forks) -> str:
    """Say whether a test that passes would notice a fault, and else which tolerance would."""
    sides = Sides(forks)
    rows = sides.calm.data.get("compared", [])
    if not rows:
        return "It compares no numbers that could be seen: all that is known is that it passes."
    sides.number, sides.row = len(rows) - 1, rows[-1]
    own = f"{sides.row['how']} at {sides.row['line']}"
    planted = sides.planted(math.nan, sides.tried(tolerance.Trial(sides.number, math.nan)))
    if planted is None:
        return f"{own}: no sum of torch's reaches one side alone, to plant a fault in."
    fault = f"a fault planted in {planted.data['tried']['planted']} (one term left out)"
    if planted.data.get("outcome") == "failed":
        return f"{own}: it notices {fault}."
    apart = sides.measure(frozenset()).absolute
    atol = tolerance.width(apart) if apart else 0.0
    tighter = sides.tried(tolerance.Trial(sides.number, atol))
    missed = sides.planted(atol, tighter)
    text = f"{own}: its tolerance is too wide: the test passes with {fault}, too. With "
    text += f"atol={atol:.0e} and rtol=0 it "
    if tighter.data.get("outcome") == "passed" and missed and missed.data["outcome"] == "failed":
        return text + "passes without that fault, and fails with it."
    return text + "does not tell that fault either: compare something that the fault changes more."


def rate(failed: int, count: int) -> str:
    """How often a test failed, with the 95 % interval of its true rate (Wilson, 1927)."""
    if not failed:
        most = 1 - 0.05 ** (1 / count)  # a rate with which so many pass in 5 % of cases
        known = f"a rate below {most:.0%} cannot be excluded (at 95 %)"
        return f"It did not fail in {count} trials; {known}."
    share, z = failed / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + (z / 2 / count) ** 2)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"It failed in {failed} of {count} trials: its rate is {low:.0%} to {high:.0%}, at 95 %."


def _always(forks: Forks, runs: list[Run]) -> Answer:
    """Diagnose a test that always fails: is it rounding, and what makes its two sides agree?"""
    run, count = runs[0], len(runs)
    message = next(iter(run.data["message"].splitlines()), "")
    sides = Sides(forks)
    place = run.data.get("at", "")
    where = f" at {place}" if place else ""
    fixture = "" if run.data.get("phase", "call") == "call" else ", in a fixture"
    forks.note(f"It failed in {count} of {count} trials{where}{fixture}: {message}")
    if sides.number < 0:
        if sides.calm.data.get("outcome") == "passed":
            return answered(forks, _held(forks, sides.calm) or _clocked(forks, runs))
        asserts = message.startswith(("assert ", "AssertionError", "Failed"))
        forks.note("The failing line takes no numbers for equal, so there are no two sides to hold "
                   "against each other."
                   if asserts else
                   "That is an error: it came before any comparison could fail.")  # fmt: skip
        return answered(forks, [])
    base = sides.measure(frozenset())
    compared = sides.row
    bounded = compared["rtol"] or compared["atol"]
    times = f", {compared['share']:.3g} times what is allowed" if bounded else ""
    forks.note(
        "{how} at {line} allows rtol={rtol:g}, atol={atol:g}; its two sides are ".format(**compared)
        + f"{base.words}{times}."
    )
    facts = sides.calm.used(0) | {Fact.TWO_RUNS}
    held = frozenset(HOLDS)
    candidates = [row for row in ROWS if row.how == "on" and row.applies(Axis.PAIR, facts)]
    forks.progress.began(base, lambda: (None, None))
    forks.progress.suspects = tuple(candidates)
    wide = sides.wide()
    word = judged(base, wide)
    if word in ("cannot tell", "other") and sides.stored() and equal_but_for_rounding(base):
        word = "rounding"
    forks.tell(f"with everything computed in float64: {wide.words}")
    found = search(lambda active: sides.measure(active - held), candidates, base, forks.report)
    rows = []
    for row in found.needed if found.rest.same else ():
        without = forks.run(sides.plan(frozenset(found.needed) - held - {row}))
        if without.data.get("outcome") == "passed":
            continue  # what it changes is within the tolerance
        said: Word = "identical"
        if BY_ID[row.cause].kind == "rounding":
            said = word_of(sides.measure, found, row)
        coupled = row.cause == "batch-size" and said not in ("rounding", "doubtful")
        cause = "batch-coupling" if coupled else row.cause
        evidence = f"when {row.words}, the two sides agree; without that they do not."
        size, fix = found.without[row].words, row.fix_of(cause)
        rows.append(Found(cause, compared["line"], evidence, size, said, fix))
    if not rows and not math.isfinite(base.absolute) and equal_but_for_rounding(wide):
        forks.note("A wider tolerance would not help: one side is no number.")
        at = forks.run(plan(0, on=frozenset({LOOK.name}))).places(0, "overflow")
        evidence = "with everything computed in float64, both sides are finite, and they agree."
        where = few(at) or compared["line"]
        return answered(forks, [Found("overflow", where, evidence, base.words, fix=WIDE_RANGE.fix)])
    if not rows and word == "rounding":
        cause, where = "none", compared["line"]
        short = shortened(traced(forks, sides.plan(frozenset()))[0])
        if sides.stored():
            evidence = "it is no larger than rounding grows, and the expected numbers are stored."
        elif short and not equal_but_for_rounding(
            replace(base, roundoff=unit_roundoff(torch.float32))
        ):
            cause, where = "reduced-precision", short[1] or where
            evidence = f"in float64 it goes, and it is larger than float32 rounds: {short[0]} does."
        else:
            evidence = (
                "no condition removes it, and in float64 it goes: the two sides round at other "
                "places, as sums in another order do."
            )
        rows = [Found(cause, where, evidence, base.words, word)]
    if word == "rounding":
        forks.note(_tolerance(base, sides))
    else:
        forks.note("A wider tolerance would hide it: it is not rounding.")
    return answered(forks, rows)


def _held(forks: Forks, calm: Run) -> list[Found]:
    """Give the conditions that a test needs held: with all of them it passes, without it fails."""
    rows = []
    seen = [row for row in HOLDS if row.applies(Axis.AGAIN, calm.used(0)) and row is not HASH]
    for row in seen:
        free = forks.run(plan(0, held=ALL - {row.name}))
        forks.tell(f"with {row.condition}: {free.data.get('outcome', 'no end')}")
        if free.data.get("outcome") == "failed":
            evidence = f"when {row.words}, the test passes; without it, it fails."
            where, fix = few(calm.places(0, row.cause)), row.fix_of(row.cause)
            rows.append(Found(row.cause, where, evidence, BOTH, fix=fix))
    return rows


def _clocked(forks: Forks, runs: list[Run]) -> list[Found]:
    """Give the clock as the cause where only one that goes on by its readings keeps failures away.

    Such a clock hides how long something took. All else is let go, as by itself, but for the order
    in which folders are listed.
    """
    timed = Plan((0,), ((CLOCK.name, CALM[CLOCK.name]),))
    run = forks.run(timed)
    if not CLOCK.applies(Axis.AGAIN, run.used(0)):
        return []
    passed = sum(trial.data.get("outcome") == "passed" for trial in runs)
    more = chance.enough(passed, len(runs))
    if chance.by_chance(passed, len(runs), more) > chance.LEVEL:
        return []
    for _ in range(more - 1):
        if run.data.get("outcome") != "passed":
            return []
        run = forks.run(timed, again=True)
    forks.tell(f"{counted(more, 'trial')} with a clock that goes on by its readings: all passed")
    evidence = (f"with a clock that goes on by its readings alone it passed in {more} of {more} "
                f"trials, with that of the machine in {passed} of {len(runs)}.")  # fmt: skip
    fix = "Compare no time that was taken with a limit, and pass the time in as a value."
    places = [trial.data["at"] for trial in runs if trial.data.get("at")]
    return [Found(CLOCK.cause, few(list(dict.fromkeys(places))), evidence, BOTH, fix=fix)]


def _tolerance(base: Gap, sides: Sides) -> str:
    """Give a tolerance with room for rounding, and what came of trying it."""
    atol = tolerance.width(base.absolute)
    text = f"atol={atol:.0e} with rtol=0 is four times the difference here. "
    if sides.row["how"] == "==":
        return text + "It was not tried: == takes no tolerance, and pytest.approx does."
    plain = sides.tried(tolerance.Trial(sides.number, atol))
    if plain.data.get("outcome") != "passed":
        return text + "With it this line passes, and the test fails at another."
    text += "With it the test passes; "
    planted = sides.planted(atol, plain)
    if planted is None:
        return text + "no sum of torch's reaches one side alone, to plant a fault in."
    fails = planted.data.get("outcome") == "failed"
    told = "fails" if fails else "passes as well: it does not notice such a fault"
    return f"{text}with one term left out of a sum ({planted.data['tried']['planted']}) it {told}."
