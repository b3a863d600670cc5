"""Asking for runs: one object for one diagnosis, with its deadline and what was tried so far.

Owns the building of requests, the cache of what was already run, and the difference between two
outcomes. Knows nothing of causes.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbook.devices import presence
from workbook.diagnosis.interventions.intervention import Intervention
from workbook.diagnosis.interventions.memory import POISON
from workbook.diagnosis.interventions.surroundings import HASH
from workbook.diagnosis.plan import Plan, plan
from workbook.diagnosis.probes.facts import Fact
from workbook.diagnosis.probes.values import Gap, gap
from workbook.diagnosis.process.interpreter import OutOfTime
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.process.workers import Job, Workers
from workbook.diagnosis.target import Subject
from workbook.diagnosis.unexplained import Progress

_REMEDY = (
    "A run has no command line. If the program reads one, give its parser the words, in a function "
    'without arguments: def f(): return train(parser.parse_args(["--option", "value"])).'
)
_NO_FORKS = (
    "Each run is a process from its beginning: one that goes on from where torch is imported gave "
    "another result."
)
PATIENCE, SLOWER = 20.0, 5.0  # seconds, and times the longest run, that a fork may take
_RUNS = 50  # as long as so many first runs a diagnosis may take where nobody set a limit
_AHEAD = 32  # runs that are begun before they are asked for, at most
_MODULE_NAMES = frozenset(("torch", "numpy", "workbook", "test", "random", "types", "copy"))


class Unusable(Exception):
    """The code gave nothing to diagnose; the text is a sentence, `traceback` the user's frames."""

    def __init__(self, sentence: str, traceback: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.traceback = traceback


_PACKAGE = (
    "A file is run by itself, outside of its package. Name the function by its module, from the "
    "folder above the package: diagnose package.module:FUNCTION."
)


@dataclass
class Session:
    """Runs for one call, until the deadline."""

    workers: Workers
    subject: Subject
    deadline: float
    tried: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    load: frozenset[str] = frozenset()
    now: float = field(default_factory=lambda: float(int(time.time())))  # all runs start then
    progress: Progress = field(default_factory=Progress)
    watch: Callable[[str], None] = lambda text: None  # is told what is tried
    longest: float = 0.0  # seconds that a run took
    paced: bool = False  # nobody set a limit: the first run says how slow program and machine are
    begun: float = field(default_factory=time.monotonic)
    steps: int = 0  # of its training, after which each run of a command ends; 0: none
    patience: float = 0.0  # seconds, after which a command that is only watched may end; 0: none
    reserve: float = 0.0  # seconds kept back for what is said at the end of the time
    forkable: set[int] = field(default_factory=set)  # commands of which runs may be forks
    one_queue: bool = True  # of work for a GPU, which starts in half the time
    known: dict[Plan, Run] = field(default_factory=dict)
    _jobs: dict[Plan, Job] = field(default_factory=dict)  # begun, and not waited for yet

    def left(self) -> float:
        """Seconds until the deadline, less what is kept back."""
        return self.deadline - self.reserve - time.monotonic()

    def run(self, wanted: Plan, *, again: bool = False) -> Run:
        """Give the result to a plan, from memory where it was asked before (unless `again`)."""
        if wanted in self.known and not again:
            return self.known[wanted]
        if self.left() <= 0:
            raise OutOfTime("the time is used up")
        job = self._jobs.pop(wanted, None) or self._job(wanted)
        forked = self._forks(wanted)
        longest = PATIENCE + SLOWER * self.longest if forked else math.inf
        result = self.workers.finish(job, min(self.left(), longest))
        if "unfit" in result.data or (forked and result.timed_out):
            if "way" not in result.data:  # it is not this run alone that can be no fork
                self.forkable -= set(wanted.steps)
                why = result.data.get("unfit", "a fork did not end")
                self.note(f"Each run is a process from its beginning: {why}.")
            self.known[wanted] = self.run(replace(wanted, fresh=True))
            return self.known[wanted]
        if result.timed_out:
            what = "command had not ended" if self.subject.commands else "function had not returned"
            raise OutOfTime(f"the {what} when the time was used up")
        self.longest = max(self.longest, result.seconds)
        self.pace()
        self.known[wanted] = result
        return result

    def pace(self) -> None:
        """Put the deadline off, after the first run, to where fifty as long would have ended.

        Only where nobody set a limit, and never to an earlier time.
        """
        limit = _RUNS * (time.monotonic() - self.begun)
        if self.paced and self.begun + limit > self.deadline:
            self.allow(limit)
        self.paced = False

    def allow(self, seconds: float) -> None:
        """Set the deadline, from the beginning on, and keep an eighth back for what is said."""
        self.deadline, self.reserve = self.begun + seconds, seconds / 8

    def both(self, *wanted: Plan) -> list[Run]:
        """Give the results to several plans, which run at the same time where that can be."""
        return list(self.each(wanted))

    def each(self, wanted: Iterable[Plan]) -> Iterator[Run]:
        """Give the results to plans one by one; they run at the same time where that can be.

        Where nobody asks for the rest, it is ended.
        """
        wanted = list(wanted)
        new = [each for each in dict.fromkeys(wanted) if each not in self.known]
        jobs = {each: self._jobs.get(each) or self._job(each) for each in new}
        self._jobs |= jobs
        self.workers.begin(jobs.values())
        try:
            for each in wanted:
                yield self.run(each)
        finally:
            self.workers.drop([self._jobs.pop(each) for each in new if each in self._jobs])

    def ahead(self, *wanted: Plan) -> None:
        """Begin runs that may be asked for next, in this order, while there is room for them.

        What was begun before and is not among them is ended.
        """
        new = [each for each in dict.fromkeys(wanted) if each not in self.known][:_AHEAD]
        self._jobs = {each: self._jobs.get(each) or self._job(each) for each in new}
        self.workers.ahead(self._jobs.values())

    def _job(self, wanted: Plan) -> Job:
        fork = self._forks(wanted)
        return self.workers.job(self._request(wanted), hash_seed=self._seed(wanted), fork=fork)

    def _warm(self, *wanted: Plan) -> None:
        """Start the processes of which these runs will be forks, all at the same time."""
        for each in wanted:
            self.workers.warm(self._job(each).key)

    def _forks(self, wanted: Plan) -> bool:
        """Whether a run is a fork of its command line, which waits where torch is imported."""
        held = bool(wanted.given) and not wanted.fresh and len(wanted.steps) == 1
        return held and bool(self.subject.commands) and wanted.steps[0] in self.forkable

    def _seed(self, wanted: Plan) -> int | None:
        """Give the hash seed of the waiting process; a command has an environment of its own."""
        return None if self.subject.commands else dict(wanted.given)[HASH.name]

    def _request(self, wanted: Plan) -> dict[str, Any]:
        """Give a plan as the processes read it."""
        if self.subject.commands:
            return self._command(wanted)
        given = dict(wanted.given)
        if "torch._inductor.compile_fx" in self.load:
            given[POISON.name] = None  # a dispatch mode would keep the compiler away
        modules = {str(target.path): target.module for target in self.subject.targets}
        files = [[path, name or _module_name(path, i)]
                 for i, (path, name) in enumerate(modules.items())]  # fmt: skip
        places = {path: number for number, path in enumerate(modules)}
        targets = [self.subject.targets[number] for number in wanted.steps]
        return {
            "kind": self.subject.kind,
            "files": files,
            "steps": [{"file": places[str(each.path)], "name": each.name} for each in targets],
            "set": {**given, "now": self.now},
            "load": sorted(self.load),
            "one_queue": self.one_queue,
            **wanted.told(),
        }

    def _command(self, wanted: Plan) -> dict[str, Any]:
        """Give a plan whose targets are command lines, as the processes read it."""
        given = {**dict(wanted.given), "now": self.now}
        more = {
            "folders": sorted({path for each in self.subject.commands for path in each.folders}),
            "set": given if wanted.given else {},
            "patience": self.patience if not wanted.given else 0,
            **wanted.told(),
        }
        lines = [(list(self.subject.commands[i].argv), stop) for i, stop in wanted.commands]
        return _lines([{"words": words, "stop": stop} for words, stop in lines], **more)

    def started(
        self, command: dict[str, Any], seconds: float, *variables: dict[str, str]
    ) -> Iterator[Run]:
        """Run a command line of ours in a place of the user's: once under each of the variables."""
        request = _lines([command], folders=[], set={}, **Plan((), ()).told())
        each = [{**request, "variables": more} for more in variables or ({},)]
        jobs = [self.workers.job(one, hash_seed=None) for one in each]
        self.workers.begin(jobs)
        for job in jobs:
            run = self.workers.finish(job, seconds)
            if run.timed_out:
                raise OutOfTime("it had not ended when the time was used up")
            yield run

    def first(self, wanted: Plan, beside: Sequence[Plan] = ()) -> Run:
        """Run a target for the first time; Unusable where its code cannot be looked at.

        The runs `beside` are begun with it: but after it where they might need one device's memory,
        and once more where it shows that all runs must be made in another way.
        """
        self.ahead(*(() if presence.built_for_gpu() else (wanted, *beside)))
        result = self.run(wanted)
        if result.cannot is None:
            again = self._needs_queues(result)
            if self.workers.preload(result.data.get("loaded", ())):
                self.ahead()
                again = True
            self.ahead(*beside)
            result = self.run(wanted, again=again)  # as all runs from now on
        self.surroundings(result)
        if result.cannot is not None:
            said = result.data.get("said")
            more = (*said, _REMEDY) if said else ()
            more += (_PACKAGE,) if "attempted relative import" in result.cannot else ()
            raise Unusable(result.cannot, (*result.data.get("traceback", ()), *more))
        return result

    def _needs_queues(self, run: Run) -> bool:
        """Whether runs so far had one queue on a GPU, and this one shows that they need several.

        Streams of the program's own would wait for one another there, and be waited for. What
        nobody waits for must be as likely to be late as it is without a diagnosis: several queues
        it is then, and one run at a time.
        """
        seen = run.used().union(*(run.used(number) for number in range(len(run.outcomes))))
        if not self.one_queue or not seen >= {Fact.UNWAITED, Fact.ACCELERATOR}:
            return False
        self.one_queue = False
        self.known.clear()
        self.ahead()
        return True

    def try_forks(self, wanted: Plan) -> Run:
        """Run a command from its beginning, and let its later runs be forks if one gives the same.

        Returns the run from the beginning.
        """
        whole = self.run(replace(wanted, fresh=True))
        if whole.data.get("forkable"):
            self.forkable |= set(wanted.steps)
            self._warm(wanted, plan(*wanted.steps, held=frozenset()))
            fork = self.run(wanted)
            again = whole if whole.like(fork) else self.run(replace(wanted, fresh=True, repeat=1))
            if not (whole.like(fork) or (whole.shaped(fork) and not whole.like(again))):
                self.forkable -= set(wanted.steps)
                self.note(_NO_FORKS)
        self.known[wanted] = whole
        return whole

    def unexplained(self, *, runs: bool = True) -> None:
        """Note what is known of a difference that no cause was found for."""
        self.reserve = 0.0
        for sentence in self.progress.sentences(runs=runs):
            self.note(sentence)

    def report(self, row: Intervention, gap: Gap) -> None:
        """Take down what a trial of one intervention by itself gave."""
        self.progress.trials[row] = gap
        early = gap is self.progress.base
        self.tell(f"when {row.words}: {'they still differ' if early else gap.words}")

    def surroundings(self, run: Run) -> None:
        """Note what a run did beside its result; of one command that which its first run did."""
        said = {text.partition("(")[0] for text in self.notes if self.subject.kind == "command"}
        for sentence in run.surroundings():
            if sentence.partition("(")[0] not in said:
                self.note(sentence)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def tell(self, text: str) -> None:
        if text not in self.tried:
            self.tried.append(text)
        self.watch(text)


def difference(first: Run, i: int, second: Run, j: int) -> Gap:
    """How far outcome `i` of one result is from outcome `j` of the other."""
    same = first.code(i) == second.code(j)
    raised = any(
        k >= len(r.outcomes) or "raised" in r.outcomes[k] for r, k in ((first, i), (second, j))
    )
    if raised:
        return Gap(False, comparable=False)
    if same:
        return Gap(True)
    return gap(first.tensors(i), second.tensors(j), False, first.texts(i) == second.texts(j))


def _lines(commands: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Give a request for command lines."""
    same = {"kind": "command", "environment": dict(os.environ), "files": [], "load": []}
    return {**same, "commands": commands, **more}


def _module_name(path: str, number: int) -> str:
    stem = path.rsplit("/", 1)[-1].rsplit("\\", 1)[-1].removesuffix(".py")
    plain = stem.isidentifier() and stem not in _MODULE_NAMES
    return stem if plain and not number else f"program_{number}_{json.dumps(stem).strip(chr(34))}"


def traced(session: Session, *wanted: Plan) -> list[Run | None]:
    """Give the runs again with a trace, None for each that cannot be traced."""
    try:
        made = session.both(*(replace(each, trace=True) for each in wanted))
    except OutOfTime:
        return [None] * len(wanted)
    return [run if run.cannot is None and run.outcomes else None for run in made]
