"""What two trace files say of the runs, in words and as plain data, and what to try next.

Owns the status, the sentences and the table of conditions to try. It claims no cause, as no run was
made again: it says where the runs part, whether rounding does that, and which conditions differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.fingerprint import Fingerprint, change
from workbook.tracefile.container import load
from workbook.tracefile.parting import Compared, Parting, compared
from workbook.tracefile.tape import Tape

STATUSES = {
    "identical": "equal in every bit",
    "rounding": "they differ by rounding",
    "random": "they draw other numbers",
    "fault": "they differ by more than rounding",
    "unknown": "they differ, and the files cannot tell whether by rounding",
}


@dataclass(frozen=True)
class Report:
    """What became of the comparison: a status, what is known, and what to try next."""

    target: str
    status: str
    known: tuple[str, ...]
    conditions: tuple[str, ...]
    following: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain data."""
        return {
            "target": self.target,
            "status": self.status,
            "causes": [],
            "notes": list(self.known),
            "conditions": list(self.conditions),
            "next": list(self.following),
        }

    def text(self) -> str:
        """Give the report in words, for a terminal."""
        lines = [f"{self.target}: {STATUSES[self.status]}.", *self.known]
        lines += [
            "Conditions that differ:",
            *(f"  - {row}" for row in self.conditions or ("none",)),
        ]
        if self.following:
            lines += ["Next, one at a time; record again and compare:"]
            lines += [f"  - {row}" for row in self.following]
        return "\n".join(lines)


def report(first: Path, second: Path) -> Report:
    """Compare two trace files; ValueError for one that cannot be used, or for unlike keys."""
    ours, theirs = load(first), load(second)
    if ours.head["key"] != theirs.head["key"]:
        raise ValueError(
            f"{first.name} and {second.name} were recorded with unlike keys, so that their hashes "
            "cannot be compared: record both with one --key FILE, or both without"
        )
    outcome = compared(ours, theirs)
    names = first.name, second.name
    status = _status(outcome, ours, theirs)
    known = [
        *_where(outcome, _counted(outcome, ours, theirs), names),
        *_more(outcome, ours, theirs, names),
    ]
    differ = _conditions(ours, theirs)
    following = _next(outcome, ours, theirs, names) if status != "identical" else []
    return Report(f"{names[0]} and {names[1]}", status, tuple(known), differ, tuple(following))


def _status(outcome: Compared, ours: Tape, theirs: Tape) -> str:
    kinds = [parting for parting in _counted(outcome, ours, theirs) if not parting.rounding]
    if not outcome.partings:
        if outcome.step is not None or ours.head["ended"] != theirs.head["ended"]:
            return "unknown"
        return "identical"
    if not kinds:
        return "rounding"
    first = kinds[0]
    if first.kind == "draw":
        return "random"
    if first.kind in ("program", "argument"):
        return "fault"
    return "unknown" if first.judgment.word == "cannot tell" else "fault"


def _counted(outcome: Compared, ours: Tape, theirs: Tape) -> tuple[Parting, ...]:
    """Leave out operations that only one run makes where the two ran on unlike devices."""
    if ours.head["devices"] == theirs.head["devices"]:
        return outcome.partings
    return tuple(parting for parting in outcome.partings if parting.kind != "program")


def _where(outcome: Compared, partings: tuple[Parting, ...], names: tuple[str, str]) -> list[str]:
    """Say where the runs part first, and where they part first by more than rounding."""
    lines = []
    if left := len(outcome.partings) - len(partings):
        first = next(parting for parting in outcome.partings if parting.kind == "program")
        lines = [
            f"{left} operations are made by one of them only, the first in step {first.step}, at "
            f"{_told(first, names)} Devices have operations of their own; a change in the program "
            "would look the same."
        ]
    return lines + _parted(partings, names)


def _parted(partings: tuple[Parting, ...], names: tuple[str, str]) -> list[str]:
    if not partings:
        return ["Every operation that is in both files read and made the same bits."]
    first = partings[0]
    lines = [f"They first part in step {first.step}, at {_told(first, names)}"]
    beyond = next((parting for parting in partings if not parting.rounding), None)
    if beyond is not None and beyond is not first:
        lines.append(f"By more than rounding, in step {beyond.step}, at {_told(beyond, names)}")
    seen = {first.kind, beyond.kind if beyond else ""}
    for parting in partings:
        if parting.kind not in seen and not parting.rounding:
            seen.add(parting.kind)
            lines.append(f"Also, in step {parting.step}, at {_told(parting, names)}")
    return lines


def _told(parting: Parting, names: tuple[str, str]) -> str:
    judgment, place = parting.judgment, parting.entry.place
    size = f" by {judgment.relative:.2g} of their norm" if judgment.relative >= 0 else ""
    why = f" ({judgment.why})" if judgment.why else ""
    if parting.kind == "program":
        return f"{place}: only {names[0] if parting.first else names[1]} makes this operation."
    if parting.kind == "argument":
        return f"{place}: an argument that is no tensor is another one there."
    if parting.kind == "came in":
        what = (
            "rounding made earlier, by its size" if parting.rounding else "no rounding, by its size"
        )
        what = what if judgment.word != "cannot tell" else "of unknown size"
        return f"{place}: a tensor that comes in from outside differs{size}: {what}{why}."
    if parting.kind == "draw":
        what = "the same numbers but for rounding" if parting.rounding else "other numbers"
        return f"{place}: it draws {what}{size}, and reads the same."
    return (
        f"{place}: its inputs agree in every bit, its results differ{size}: {judgment.word}{why}."
    )


def _more(outcome: Compared, ours: Tape, theirs: Tape, names: tuple[str, str]) -> list[str]:
    """Say what else the files show: counts, steps, draws, growth, and what they do not hold."""
    counts = " and ".join(map(str, outcome.operations))
    lines = [
        f"{outcome.pairs} of {counts} operations correspond, {outcome.differing} of them with "
        "other results."
    ]
    if outcome.step is not None:
        lines.append(f"The parameters differ first after step {outcome.step}.")
    if outcome.drawn:
        lines.append(f"A draw outside of torch differs: {outcome.drawn}.")
    if outcome.jump and outcome.jump[1]:
        entry, before, after = outcome.jump
        if after > 32 * before:
            lines.append(
                f"The difference grows most at {entry.place}: from {before:.2g} to {after:.2g}. "
                "That is no fault by itself: steps of Adam, comparisons and sorting do so."
            )
    for name, tape in zip(names, (ours, theirs), strict=True):
        if tape.head["ended"]:
            lines.append(f"In {name} the program ended early: {tape.head['ended']}.")
        if not tape.head["complete"]:
            lines.append(
                f"{name} holds the first {len(tape)} operations, and the steps to the end."
            )
    return lines


def _conditions(ours: Tape, theirs: Tape) -> tuple[str, ...]:
    before, now = (
        Fingerprint(t.head["date"], t.head["facts"], t.head["bits"]) for t in (ours, theirs)
    )
    difference = change(before, now)
    lines = [f"{name}: {old} -> {new}" for name, (old, new) in difference.facts.items()]
    if (here := ours.head["devices"]) != (there := theirs.head["devices"]):
        lines.append(f"tensors were on: {here} -> {there}")
    first, second = ours.head["switches"], theirs.head["switches"]
    for name in sorted({*first, *second} - {_THREADS}):  # threads are among the facts
        if first.get(name) != second.get(name):
            lines.append(f"{name}: {first.get(name, '-')} -> {second.get(name, '-')}")
    first, second = ours.head["files"], theirs.head["files"]
    if names := [name for name in sorted({*first, *second}) if first.get(name) != second.get(name)]:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        lines.append(f"files of the program: {', '.join(names[:5])}{more}")
    if ours.head["target"] != theirs.head["target"]:
        lines.append(f"what was run: {ours.head['target']} -> {theirs.head['target']}")
    if difference.changed:
        lines.append(f"checks with other bits: {', '.join(difference.changed)}")
    return tuple(lines)


def _next(outcome: Compared, ours: Tape, theirs: Tape, names: tuple[str, str]) -> list[str]:
    """Name the conditions to change, on which side, those first that speak of the first parting."""
    partings = _counted(outcome, ours, theirs)
    beyond = next((parting for parting in partings if not parting.rounding), None)
    lines = []
    if beyond is not None:
        line = beyond.entry.line or "that operation"
        lines += {
            "program": [f"make the operation at {line} in both, or in neither"],
            "argument": [f"give the operation at {line} the same arguments in both"],
            "came in": [
                f"compare what {line} reads: data files, their order, the initial parameters"
            ],
            "draw": [
                f"set one seed in both just before {line}; CPUs may draw unlike normal numbers"
            ],
        }.get(beyond.kind, [f"compute {line} in float64 in both: what is rounding shrinks"])
    facts = [tape.head["facts"] for tape in (ours, theirs)]
    switches = [tape.head["switches"] for tape in (ours, theirs)]
    return lines + _trials(facts, names) + _switched(switches, names)


def _trials(facts: list[Mapping[str, str]], names: tuple[str, str]) -> list[str]:
    lines = []
    first, second = facts
    if (pair := (first.get("capability", ""), second.get("capability", "")))[0] != pair[1]:
        if set(pair) <= set(_CAPABILITIES):
            low = min(pair, key=_CAPABILITIES.index)
            side = names[0] if pair[0] != low else names[1]
            words = low.lower()
            lines.append(
                f"where {side} was recorded: ATEN_CPU_CAPABILITY={words} before the command"
            )
        else:
            lines.append("on both sides: ATEN_CPU_CAPABILITY=default before the command")
    for name, words in _TRIALS:
        values = first.get(name, "-"), second.get(name, "-")
        if values[0] != values[1]:
            lines.append(words.format(*values))
    return lines


def _switched(switches: list[Mapping[str, str]], names: tuple[str, str]) -> list[str]:
    first, second = switches
    return [
        f"where {names[1]} was recorded: {name} as on the other side ({first[name]})"
        for name in sorted({*first} & {*second})
        if first[name] != second[name] and name != _THREADS
    ]


_THREADS = "number of threads"
_CAPABILITIES = ("DEFAULT", "AVX2", "AVX512")
_TRIALS = (
    ("threads", "on both sides: OMP_NUM_THREADS=1 before the command (now {} and {} threads)"),
    ("MKL_CBWR", "on both sides: MKL_CBWR=COMPATIBLE before the command (now {} and {})"),
    ("cuda", "on both sides: CUDA_VISIBLE_DEVICES= before the command, to leave the GPU out"),
    ("NVIDIA_TF32_OVERRIDE", "on both sides: NVIDIA_TF32_OVERRIDE=0 (now {} and {})"),
    ("cudnn", "the same version of cuDNN on both sides (now {} and {})"),
    ("torch", "the same version of torch on both sides (now {} and {})"),
    ("numpy", "the same version of NumPy on both sides (now {} and {})"),
    (
        "cpu",
        "on both sides: MKL_CBWR=COMPATIBLE and ATEN_CPU_CAPABILITY=default: other CPUs ({}; {})",
    ),
)
