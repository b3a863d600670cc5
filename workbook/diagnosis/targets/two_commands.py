"""Two command lines that should agree, and one that is stopped and goes on in another.

Owns what of two different programs can be laid side by side: their last parameters and losses, what
they read from torch, or else the numbers that both print in the same words.
"""

import ast
from dataclasses import replace

import torch

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions.rows import HOLDS
from workbook.diagnosis.plan import plan
from workbook.diagnosis.probes import leaving, printed, steps
from workbook.diagnosis.probes.values import Gap, gap
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.search import Active
from workbook.diagnosis.session import Session, Unusable
from workbook.diagnosis.targets import disagreement
from workbook.diagnosis.targets.explained import answered, none
from workbook.diagnosis.targets.pair import Pair
from workbook.diagnosis.targets.watched import Watched, usable

_PRINTED = "the numbers of"
FIRST_SAVE = -1  # where a command stops: right after the first file that torch.save has written


class Commands(Pair):
    """The runs of two command lines, measured against each other."""

    columns: dict[str, list[int]] | None = None  # of printed lines, compared beside the training

    def _alone(self, index: int) -> Run:
        return usable(self.session, self.session.try_forks(plan(index, stop=self.session.steps)))

    def measure(self, active: Active) -> Gap:
        """How far the two are apart with these interventions, by what both have."""
        ours, theirs = self.session.both(*self.plans(active))
        made = apart(ours, theirs)
        if made.same and self.columns:
            return _gap(_table(ours, theirs, self.columns))
        return made

    def beside(self) -> dict[str, list[int]]:
        """Give the numbers that each prints again in another run, and that differ between them."""
        again = self.session.both(*(plan(index, variants=("again",)) for index in (0, 1)))
        runs = [_forms(run) for run in (*self.calm, *again)]
        words = " ".join(word for each in self.session.subject.commands for word in each.argv)
        typed = {number for line in printed.lines(words) for number in line.numbers}
        made = {}
        for form, lines in runs[0].items():
            rows = [run.get(form, []) for run in runs]
            if len({len(row) for row in rows}) == 1:
                numbers = [[line.numbers for line in row] for row in rows]
                made[form] = [
                    n for n in range(len(lines[0].numbers))
                    if not any(printed.timed(line)[n] for line in lines)
                    and all(printed.fraction(line)[n] for line in lines)
                    and not {*_column(numbers[0], n), *_column(numbers[1], n)} <= typed
                    and all(_column(numbers[i], n) == _column(numbers[i + 2], n) for i in (0, 1))
                    and _column(numbers[0], n) != _column(numbers[1], n)
                ]  # fmt: skip
        return {form: kept for form, kept in made.items() if kept}


def _column(rows: list[tuple[float, ...]], n: int) -> list[float]:
    return [row[n] for row in rows]


def diagnosed(session: Session) -> Answer:
    """Give the answer for two command lines."""
    pair = Commands(session)
    watched = Watched(pair.calm[0], pair.calm[1])
    sides = _common(*pair.calm)
    session.tell(f"compared is {sides[0] if sides else 'nothing: the two share no numbers'}")
    for sentence in watched.across():
        session.note(sentence)
    if pair.measure(frozenset()).same and pair.measure(frozenset(HOLDS)).same:
        pair.columns = pair.beside()
        if not pair.columns:
            return answered(session, [none()])
        session.tell("they agree, and numbers that they print do not: these are compared, too")
    return disagreement.explained(pair)


def apart(ours: Run, theirs: Run) -> Gap:
    """How far two runs are apart, by the strongest numbers that both have."""
    sides = _common(ours, theirs)
    return Gap(False, comparable=False) if sides is None else _gap(sides)


def _gap(sides: "Sides") -> Gap:
    words, first, second = sides
    made = gap(first, second, False, True)
    if made.comparable and not made.absolute:
        return Gap(True)
    return replace(made, ulps=None) if words.startswith(_PRINTED) else made  # digits, not bits


Sides = tuple[str, dict[str, torch.Tensor], dict[str, torch.Tensor]]


def _common(ours: Run, theirs: Run) -> Sides | None:
    """Say what two runs are compared by, in words, and the numbers of each."""
    first, second = (_by_name(run) for run in (ours, theirs))
    trained = [key for key in first if key.startswith(_PARAMETER)]
    others = [key for key in second if key.startswith(_PARAMETER)]
    same = trained == others and all(first[key].shape == second[key].shape for key in trained)
    groups = {"their last parameters": trained if same else []}
    if _LOSS in first and _LOSS in second and len(first[_LOSS]) == len(second[_LOSS]):
        groups[f"{len(first[_LOSS])} losses"] = [_LOSS]
    if keys := [key for group in groups.values() for key in group]:
        words = " and ".join(name for name, group in groups.items() if group)
        return words, {k: first[k] for k in keys}, {k: second[k] for k in keys}
    return _read(ours, theirs) or _printed(ours, theirs)


_PARAMETER, _LOSS = "parameter ", "the loss"


def _by_name(run: Run) -> dict[str, torch.Tensor]:
    """Give the values of a run by name; their places have the names as Python writes them."""
    return {str(ast.literal_eval(key)[0]): value for key, value in run.tensors(0).items()}


def _read(ours: Run, theirs: Run) -> Sides | None:
    """Say what both read from torch, one reading after another, where they read as much."""
    rows = ours.data.get("left", []), theirs.data.get("left", [])
    forms = [[(row["count"], row["dtype"]) for row in side] for side in rows]
    if not forms[0] or forms[0] != forms[1]:
        return None
    made = []
    for side in rows:
        kinds: dict[str, list[float]] = {}
        for row in side:
            kinds.setdefault(row["dtype"], []).extend(row["values"])
        made.append({kind: torch.tensor(values, dtype=torch.float64).to(getattr(torch, kind))
                     for kind, values in kinds.items()})  # fmt: skip
    return f"{len(forms[0])} numbers read from torch", made[0], made[1]


def _printed(ours: Run, theirs: Run) -> Sides | None:
    """Give the numbers of the lines that both print, in the same words and as often.

    Those that torch gave, if there are any, and else those that are no times.
    """
    sides = _forms(ours), _forms(theirs)
    forms = [form for form in sides[0] if len(sides[0][form]) == len(sides[1].get(form, ()))]
    read = [leaving.numbers(run.data.get("left", [])) for run in (ours, theirs)]
    given, others = dict[str, list[int]](), dict[str, list[int]]()
    for form in forms:
        pairs = [(line, read[side]) for side in (0, 1) for line in sides[side][form]]
        rows = [printed.given(*pair) for pair in pairs], [printed.timed(line) for line, _ in pairs]
        places = range(len(pairs[0][0].numbers))
        given[form] = [n for n in places if all(row[n] for row in rows[0])]
        others[form] = [n for n in places if not any(row[n] for row in rows[1])]
    kept = given if any(given.values()) else others
    if not any(kept.values()):
        return None
    return _table(ours, theirs, kept)


def _forms(run: Run) -> dict[str, list[printed.Line]]:
    """Give the lines that a run has printed, by their words."""
    made: dict[str, list[printed.Line]] = {}
    for line in printed.lines((run.folder / "printed.txt").read_text(errors="replace")):
        made.setdefault(line.form, []).append(line)
    return made


def _table(ours: Run, theirs: Run, kept: dict[str, list[int]]) -> Sides:
    """Give these numbers of the lines of two runs."""
    first, second = (
        {form: torch.tensor([[line.numbers[n] for n in kept[form]] for line in side.get(form, ())])
               .double() for form in kept if kept[form]}
        for side in (_forms(ours), _forms(theirs))
    )  # fmt: skip
    return f"{_PRINTED} {len(first)} kinds of lines that both print", first, second


def resumed(session: Session) -> Answer:
    """Give the answer for a command that stops at its first checkpoint, and another goes on."""
    both = session.both(plan(0), plan(0, variants=("again",)))
    whole, again = (usable(session, run) for run in both)
    read = [run.data["left"] for run in (whole, again)]
    if steps.parted(whole.steps(0), again.steps(0)) is not None or leaving.parted(*read):
        session.note("Already the first command by itself does not repeat: diagnose it first.")
    made = usable(session, session.run(plan(0, 1, stops=(FIRST_SAVE, 0))))
    saved = made.data.get("saved", 0)
    session.tell(f"stopped at its first torch.save, after step {saved}, and resumed")
    if not saved:
        raise Unusable("the first command saved nothing with torch.save after a step of training")
    ours, theirs = [row for row in whole.steps(0) if row[0] > saved], made.steps(0)
    if not theirs:
        raise Unusable("the second command made no step of training")
    if steps.parted(whole.steps(0)[:1], theirs[:1], steps.COMPUTED) is None:
        raise Unusable("the second command began anew: its first step is that of the whole run")
    renumbered = [[saved + row[0], *row[1:]] for row in theirs]
    part = steps.parted(ours, renumbered, steps.PARTS[:1] + steps.COMPUTED)
    shared = {row[0] for row in ours} & {row[0] for row in renumbered}
    if not shared:
        raise Unusable(
            f"of the steps after step {saved} none was read in both commands; save the checkpoint "
            "sooner, or train on for longer"
        )
    began = f"stopped after step {saved} and resumed,"
    if part is None:
        session.tell(f"{len(shared)} steps after that: equal in every bit")
        later = leaving.parted_later(read[0], made.data["left"], saved)
        if later is None or leaving.parted(*read):
            return answered(session, [none()])
        step, first, second = later
        evidence = (
            f"{began} each step is that of the run that was not stopped, but what is read after "
            f"step {step} is not. {leaving.sentence(step, first, second)} What no step depends on "
            "was not carried over: averaged weights, the best value so far, a sum."
        )
        return answered(session, [Found("checkpoint-incomplete", first["line"], evidence, "")])
    step, parts = part
    evidence = (
        f"{began} step {step} is the first that differs from the "
        f"run that was not stopped: {', '.join(parts)}. {_lacking(parts)}"
    )
    return answered(session, [Found("checkpoint-incomplete", f"step {step}", evidence, "")])


def _lacking(parts: tuple[str, ...]) -> str:
    """Say what a checkpoint lacks where these parts of a step are the first that differ."""
    words = {
        "torch's generator": "The state of torch's generator was not carried over.",
        "the loss": "The generator agrees and the loss does not: buffers, the place in the data, "
        "or an attribute of the model was not carried over.",
        "options of the optimizer": "The options do not agree: the scheduler was not carried over.",
    }
    rest = "Loss and gradients agree: the optimizer's state was not carried over."
    return words.get(parts[0], rest)
