"""The fingerprints of a cluster: which machines give which bits, and the facts that go with it.

Owns the groups and what is said of them. Nothing is said to be the cause: a fact goes with the
bits, or it does not.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbook import cluster
from workbook.fingerprint.record import Fingerprint, change, take
from workbook.wording import counted


@dataclass(frozen=True)
class Group:
    """Workers whose checks give the same bits, and the facts that they all have in common."""

    workers: tuple[str, ...]
    bits: Mapping[str, str]
    facts: Mapping[str, str]
    varying: tuple[str, ...]  # facts that differ inside the group, and change no bit of a check


@dataclass(frozen=True)
class Fleet:
    """The fingerprint of each worker that gave one, by its address, and why others gave none."""

    taken: Mapping[str, Fingerprint]
    lost: Mapping[str, str]

    def groups(self) -> tuple[Group, ...]:
        """Put workers with the same bits together, the largest group first."""
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for worker, fingerprint in self.taken.items():
            groups.setdefault(tuple(sorted(fingerprint.bits.items())), []).append(worker)
        rows = sorted(groups.items(), key=lambda row: (-len(row[1]), row[1]))
        return tuple(self._group(tuple(workers), dict(bits)) for bits, workers in rows)

    def to_json(self) -> dict[str, Any]:
        """Give groups, fingerprints and losses as plain data."""
        return {
            "groups": [asdict(group) for group in self.groups()],
            "workers": {
                worker: fingerprint.to_json() for worker, fingerprint in self.taken.items()
            },
            "lost": dict(self.lost),
        }

    def text(self) -> str:
        """Say which workers give which bits, for a terminal."""
        groups = self.groups()
        lines = [
            f"{counted(len(self.taken), 'worker')}, "
            + (
                f"{len(groups)} groups by their bits"
                if len(groups) > 1
                else "all with the same bits"
            )
        ]
        for number, group in enumerate(groups, 1):
            lines.append(f"group {number}: {', '.join(group.workers)}")
            lines += [f"  {row}" for row in _told(groups[0], group)] if number > 1 else []
        if inside := sorted({name for group in groups for name in group.varying}):
            lines.append(f"differs inside a group, with the same bits: {', '.join(inside)}")
        return "\n".join(lines)

    def _group(self, workers: tuple[str, ...], bits: dict[str, str]) -> Group:
        every = [dict(self.taken[worker].facts) for worker in workers]
        names = sorted({name for facts in every for name in facts})
        varying = tuple(n for n in names if len({facts.get(n) for facts in every}) > 1)
        shared = {name: value for name, value in every[0].items() if name not in varying}
        return Group(workers, bits, shared, varying)


def ask(address: str) -> Fleet:
    """Take the fingerprint of every worker of the Dask cluster at this address.

    ValueError for a cluster that cannot be reached or has no worker.
    """
    answers = cluster.ask(address, taken)
    read = {worker: Fingerprint.from_json(data) for worker, data in answers.given.items()}
    return Fleet(read, answers.lost)


def taken() -> dict[str, Any]:
    """Take a fingerprint, as plain data; this runs on a worker."""
    return take().to_json()


def _told(first: Group, other: Group) -> list[str]:
    """Say in which checks a group differs from the first one, and which facts go with it."""
    difference = change(
        Fingerprint("", first.facts, first.bits), Fingerprint("", other.facts, other.bits)
    )
    lines = [f"checks with other bits than group 1: {', '.join(difference.changed) or 'none'}"]
    if difference.only_once:
        lines.append(f"checks that only one of the two has: {', '.join(difference.only_once)}")
    unsure = {*first.varying, *other.varying}
    going = [
        f"{name}: {a} -> {b}" for name, (a, b) in difference.facts.items() if name not in unsure
    ]
    lines += [f"goes with it: {row}" for row in going]
    lines += ["goes with it: no fact; something is missing among them"] * (not going)
    if len(going) > 1:
        lines.append("change one of these facts at a time to find which decides")
    return lines
