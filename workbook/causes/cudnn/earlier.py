"""Runs of operations in earlier sessions, as recordings of this machine's device hold them.

Owns what of them may be added to runs made here. Knows recordings and counts, and runs nothing.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from workbook import devices
from workbook.causes.cudnn.count import Count
from workbook.causes.cudnn.operations import Operation
from workbook.conditions import Conditions
from workbook.recording import Session, recordings

Row = Mapping[str, Any]


def earlier(where: Conditions, row: Operation) -> Count | None:
    """Add up the runs of an operation in all recorded sessions of the same device and torch.

    The same means: its name, the version of torch, and for a CPU its instruction set and cores,
    too. Operands and conditions are the same as well. None if there are no such runs.
    """
    return added(session_runs(where.device), where, row)


def added(runs: Iterable[Row], where: Conditions, row: Operation) -> Count | None:
    """Add up those of the runs that are of this operation under these conditions."""
    wanted = (row.name, row.operand_words, where.to_json())
    mine = [run for run in runs if (run["operation"], run["operands"], run["conditions"]) == wanted]
    if not mine:
        return None
    return Count(sum(run["other"] for run in mine), sum(run["repeats"] for run in mine))


@cache
def session_runs(device: str) -> tuple[Row, ...]:
    """List the runs of all recorded sessions on a device that is the one here."""
    here = devices.machine()
    every = (session for each in recordings() for session in each.sessions)
    return tuple(
        run
        for session in every
        if same_device(session, here, device)
        for run in session.runs
        if run["conditions"].get("device") == device
    )


def same_device(session: Session, here: Mapping[str, str], device: str) -> bool:
    """Say whether a session was recorded on a device like the one that these facts name."""
    facts = (device, "torch", *(("capability", "cores") if device == "cpu" else ()))
    return all(here.get(fact) == session.provenance.get(fact) is not None for fact in facts)
