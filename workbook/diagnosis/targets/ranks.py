"""A command that starts several ranks: do they agree where they must, and with one process?

Owns the questions to the ranks of one run, and the comparison with the same command at world
size 1.
"""

import re
from dataclasses import replace

import torch

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.interventions import ranks as rows
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.modules import NO_DROPOUT
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.probes import values
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap
from workbook.diagnosis.process.ranks import Ranks
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.rounding import Word, equal_but_for_rounding
from workbook.diagnosis.session import Session
from workbook.diagnosis.target import Command
from workbook.diagnosis.targets.explained import answered

_PROCESSES = re.compile(r"(--nproc[-_]per[-_]node)(=(\d+))?$")


def of(run: Run) -> Ranks:
    """Give the ranks of a run."""
    return Ranks(run.data.get("ranks", {}))


def diagnosed(session: Session, run: Run) -> Answer | None:
    """Give the answer for the ranks of a run; None where they give no reason for one."""
    questions = Questions(session, of(run))
    found = [*questions.agreement(), *questions.data()]
    typed = session.subject
    found = found or questions.one_process()
    session.subject = typed
    return answered(session, found) if found else None


class Questions:
    """What is asked of the ranks of one run, with the runs that decide each answer."""

    def __init__(self, session: Session, ranks: Ranks) -> None:
        self.session, self.ranks = session, ranks
        session.note(f"{len(ranks)} ranks train, {ranks.steps} steps each.")

    def again(self, row: Intervention) -> Ranks | None:
        """Give the ranks of a run with one row on; None where not all of them came to train."""
        plan = Plan((0,), (), on=frozenset({row.name}), stop=self.session.steps)
        made = of(self.session.run(plan))
        if len(made) == len(self.ranks) and made.steps:
            return made
        self.session.tell(f"when {row.words}: the command does not train on all ranks")
        return None

    def agreement(self) -> list[Found]:
        """Whether all ranks have the same parameters after each step."""
        if self.ranks.sharded:
            self.session.tell("parameters of all ranks: not compared, each keeps a part of its own")
            return self._buffers()
        drift = self.ranks.drift()
        if drift is None:
            self.session.tell("parameters of all ranks, after each step: equal in every bit")
            return self._buffers()
        step, rank, gradients = drift
        sent = self.again(rows.SEND_WEIGHTS)
        if sent is None or sent.drift() is not None:
            self.session.note(
                f"After step {step} the parameters of rank {rank} are not those of rank 0, also "
                f"when {rows.SEND_WEIGHTS.words}."
            )
            return []
        self.session.tell(f"when {rows.SEND_WEIGHTS.words}: parameters of all ranks agree")
        why = (
            "their gradients agree there, so parameters were changed by something else"
            if gradients
            else "their gradients do not agree there either, so nothing averages them"
        )
        evidence = (
            f"after step {step} the parameters of rank {rank} are not those of rank 0; {why}. "
            f"When {rows.SEND_WEIGHTS.words}, all ranks agree; without it they do not."
        )
        return [Found("rank-drift", f"rank {rank}, step {step}", evidence, "")]

    def _buffers(self) -> list[Found]:
        if step := self.ranks.buffers_part():
            self.session.note(
                f"Buffers (such as running means) are not the same on all ranks after step {step}: "
                "each rank keeps those of its own rows, and a checkpoint holds rank 0's."
            )
        used = self.ranks.facts & {Fact.DROPOUT.value, Fact.NOISE.value}
        if used and self.ranks.alike():
            self.session.note(
                "All ranks draw the same numbers. That is right for parameters; where dropout or "
                "noise should differ, seed with seed + rank after the module is wrapped."
            )
        return []

    def data(self) -> list[Found]:
        """Whether ranks read rows of their own, and others in each epoch."""
        found = []
        steps, common, every = self.ranks.shared()
        for row in (rows.SAME_SEED, rows.SHARE_ROWS) if common else ():
            if (made := self.again(row)) is None:
                continue
            left = made.shared()[1]
            self.session.tell(f"when {row.words}: {left} rows are read by more than one rank")
            if not left:
                evidence = (
                    f"{common} of {every} rows were read by more than one rank in one step (in "
                    f"{steps} of {self.ranks.steps} steps); when {row.words}, none."
                )
                where = "the ranks' seeds" if row is rows.SAME_SEED else "the loader"
                found.append(Found("rank-data", where, evidence, ""))
                break
        again = Fact.SAME_EPOCH.value in self.ranks.facts
        if again and (moved := self.again(rows.SET_EPOCH)) is not None:
            other = sum(moved.batch(n) != self.ranks.batch(n) for n in range(self.ranks.steps))
            self.session.tell(f"when {rows.SET_EPOCH.words}: {other} steps read other rows")
            if other:
                evidence = (
                    "every epoch hands out the rows in the order of the first; when "
                    f"{rows.SET_EPOCH.words}, {other} of {self.ranks.steps} steps read other rows."
                )
                found.append(Found("rank-data", "DistributedSampler.set_epoch", evidence, ""))
        return found

    def one_process(self) -> list[Found]:
        """Whether one process computes the same, given the same rows in each step."""
        command = alone(self.session.subject.commands[0], len(self.ranks))
        if command is None:
            self.session.tell("world size 1: not tried, the command names no --nproc_per_node")
            return []
        if not self.ranks.losses():
            self.session.tell("world size 1: not tried, no loss was seen in each step")
            return []
        commands = (self.session.subject.commands[0], *command)
        self.session.subject = replace(self.session.subject, commands=commands)
        run = self._same_rows()
        return [] if run is None else self._compared(run)

    def _same_rows(self) -> int | None:
        """Which command with one process reads the rows of all ranks in its first step."""
        for index in (1, 2):
            run = of(self.session.run(Plan((index,), (), stop=self.session.steps)))
            if run.losses() and run.batch(0) == self.ranks.batch(0):
                self.one = run
                return index
        self.session.note(
            "With one process the first step reads other rows, also with batches of "
            f"{len(self.ranks)} times the size: the two are not the same training."
        )
        return None

    def _compared(self, index: int) -> list[Found]:
        mean, single = self.ranks.losses(), self.one.losses()
        first = self.ranks.data[min(self.ranks.data, key=int)]["losses"][0][0]
        self.session.note(
            f"In step 1 the mean of the ranks' losses is {mean[0]:.9g}, one process has "
            f"{single[0]:.9g}; rank 0 by itself has {first:.9g}, which is the loss of its own rows."
        )
        base = gap(mean, single)
        self.session.tell(
            f"losses of {len(self.ranks)} ranks (their mean) and of one: {base.words}"
        )
        if base.same:
            return []
        for row, applies in self._rows():
            if applies and (found := self._tried(row, base)):
                return [found]
        if Fact.DROPOUT.value in self.ranks.facts and not equal_but_for_rounding(base):
            return self._dropout(index, base)
        if equal_but_for_rounding(base):
            evidence = (
                "with the same rows in each step, the mean of the ranks' losses and the loss of "
                "one process differ by no more than rounding grows to."
            )
            return [Found("world-size", "", evidence, base.words, "rounding")]
        return []

    def _dropout(self, index: int, base: Gap) -> list[Found]:
        """Whether masks, of which each rank draws its own, are what one process has otherwise."""
        plan = Plan((0,), (), on=frozenset({NO_DROPOUT.name}), stop=self.session.steps)
        pair = [of(self.session.run(replace(plan, steps=(n,)))).losses() for n in (0, index)]
        if not all(pair):
            return []
        left = gap(*pair)
        self.session.tell(f"when {NO_DROPOUT.words}, on both sides: {left.words}")
        if not equal_but_for_rounding(left):
            return []
        evidence = (
            "dropout draws other masks on several ranks than in one process; when "
            f"{NO_DROPOUT.words}, on both sides, what is left is rounding ({left.words})."
        )
        return [Found("world-size", "dropout", evidence, base.words, "other")]

    def _rows(self) -> list[tuple[Intervention, bool]]:
        facts = self.ranks.facts
        return [
            (rows.JOIN_STATISTICS, Fact.LOCAL_STATISTICS.value in facts),
            (rows.WEIGH_SHARDS, bool(self.ranks.uneven())),
            (rows.FIXED_REDUCTION, len(self.ranks) > 2),  # of two numbers there is one sum
        ]

    def _tried(self, row: Intervention, base: Gap) -> Found | None:
        """Give the row as a cause, if it takes the difference to one process away."""
        made = self.again(row)
        if made is None or not made.losses():
            return None
        left = gap(made.losses(), self.one.losses())
        self.session.tell(f"when {row.words}: {left.words}")
        if not (left.same or (equal_but_for_rounding(left) and not equal_but_for_rounding(base))):
            return None
        evidence = (
            f"when {row.words}, the mean of the ranks' losses is that of one process "
            f"({left.words}); without it, it is not."
        )
        word: Word = "rounding" if equal_but_for_rounding(base) else "other"
        return Found(row.cause, "", evidence, base.words, word)


def gap(ours: list[float], theirs: list[float]) -> Gap:
    """Give the difference of two series of losses where it is largest in relation to the loss."""
    steps = range(min(len(ours), len(theirs)))
    first, second = (
        {f" of step {n + 1}": torch.tensor(side[n], dtype=torch.float64) for n in steps}
        for side in (ours, theirs)
    )
    made, roundoff = values.gap(first, second, False, True), values.unit_roundoff(torch.float32)
    return replace(made, ulps=None, narrow=True, roundoff=roundoff) if made.absolute else Gap(True)


def alone(command: Command, ranks: int) -> tuple[Command, Command] | None:
    """Give the command with one process: as it is, and with batches for all ranks; or None.

    >>> [one.words for one in alone(Command(("torchrun", "--nproc_per_node=2", "t.py")), 2)]
    ['torchrun --nproc_per_node=1 t.py', 'env WORKBOOK_JOIN=2 torchrun --nproc_per_node=1 t.py']
    """
    words = list(command.argv)
    for place, word in enumerate(words):
        found = _PROCESSES.match(word)
        if found is None:
            continue
        if found[2]:
            words[place] = f"{found[1]}=1"
        else:
            words[place + 1 : place + 2] = ["1"]
        return Command(tuple(words)), Command(("env", f"{rows.JOIN}={ranks}", *words))
    return None
