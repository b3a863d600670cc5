"""A test whose outcome depends on what ran before: the shortest list, and what the tests leave.

Owns the reduction and the naming of what was left switched.
"""

from collections.abc import Callable, Sequence

from workbook.diagnosis.answer import Answer, Found
from workbook.diagnosis.forks import Forks
from workbook.diagnosis.places import few
from workbook.diagnosis.plan import Plan
from workbook.diagnosis.process.run import Run
from workbook.diagnosis.targets.explained import answered
from workbook.wording import counted

_AGAIN = 3  # more times that a test has to come to the same after others, and alone
_FIX = (
    "Let the earlier test put back what it changes (monkeypatch, or a fixture that yields), or let "
    "this test set what it needs."
)
_CAUSES = {
    "default dtype": "dtype",
    "number of threads": "thread-count",
    "generators": "generator-shift",
}


def minimal(names: Sequence[str], shows: Callable[[Sequence[str]], bool]) -> list[str]:
    """Give the shortest list, in order, that still shows what the whole list shows.

    `shows` is tried without one part after another, halves first, then finer and finer. Of what is
    left, every member is needed.
    """
    kept, size = list(names), -(-len(names) // 2)
    while size:
        at, before = 0, len(kept)
        while at < len(kept):
            rest = kept[:at] + kept[at + size :]
            if rest and shows(rest):
                kept = rest
            else:
                at += size
        if size > 1 or len(kept) == before:  # one by one until each was needed
            size //= 2
    return kept


def after(forks: Forks, before: Sequence[str], between: frozenset[str] = frozenset()) -> Run:
    """Run the test after others, with some switches put back in between."""
    return forks.run(Plan((0,), (), variants=tuple(before), between=between))


def _repeats(forks: Forks, needed: Sequence[str], alone: str) -> bool:
    """Whether the test comes to the same again, each time, with these tests and without."""
    for names in ((), needed) * _AGAIN:
        run = forks.run(Plan((0,), (), variants=tuple(names)), again=True)
        if (run.data.get("outcome", "failed") == alone) is not (not names):
            return False
    return True


def explained(forks: Forks, before: Sequence[str], alone: str) -> Answer | None:
    """Give the answer where the tests before it change its outcome; None where they do not."""

    def shows(names: Sequence[str]) -> bool:
        return after(forks, names).data.get("outcome", alone) not in (alone, "skipped")

    if not before or not shows(before):
        return None
    needed = minimal(before, shows)
    if not _repeats(forks, needed, alone):
        return None
    run = after(forks, needed)
    outcome = run.data["outcome"]
    forks.tell(f"after {counted(len(before), 'test')} before it: {outcome}; alone: {alone}")
    forks.tell(f"after {few(needed)} only: {outcome}")
    left = run.data["left"]
    kept = []
    for name in left:
        cured = after(forks, needed, frozenset({name})).data.get("outcome") == alone
        kept += [name] if cured else []
        forks.tell(f"with the {name} put back in between: {alone if cured else outcome}")
    evidence = f"alone the test has {alone}, after {few(needed)} it has {outcome}"
    if kept:
        was, now = left[kept[0]]
        secret = kept[0].startswith(("generators", "environment"))  # one may be a password
        what = "" if secret else f" (from {was} to {now})"
        evidence += f", which leaves the {kept[0]} changed{what}; put back, it has {alone} again."
    else:
        evidence += "; no switch, variable or mode explains it: look at what the two share."
    cause = _CAUSES.get(kept[0], "module-state") if kept else "module-state"
    size = run.data["message"].splitlines()[0] if run.data["message"] else ""
    fix = "" if cause == "dtype" else _FIX
    return answered(forks, [Found(cause, few(needed), evidence, size, fix=fix)], status="fault")
