"""`python -m workbook fingerprint`: this machine's, or that of every worker of a cluster.

Owns the arguments, the printing and the exit status: 0, or 1 where bits differ, or 2 where a file,
a cluster or one of its workers gave nothing.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from workbook.fingerprint.fleet import ask
from workbook.fingerprint.record import Change, Fingerprint, change, load, take


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write the fingerprint")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="hold it beside an older one")
    parser.add_argument(
        "--dask", metavar="ADDRESS", help="ask every worker of a Dask cluster (extra `fleet`)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Run the command; give 1 if bits differ, and 2 for a file or cluster that cannot be used."""
    try:
        if arguments.dask:
            return _asked(arguments)
        before = load(arguments.compare) if arguments.compare else None
        now = take()
        if arguments.save:
            arguments.save.write_text(_text(now.to_json()), encoding="utf-8")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if before is None:
        sys.stdout.write(_text(now.to_json()) if arguments.json else _table(now))
        return 0
    difference = change(before, now)
    told = {**asdict(difference), "sentence": difference.sentence()}
    sys.stdout.write(_text(told) if arguments.json else _told(difference))
    return int(bool(difference.changed))


def _asked(arguments: argparse.Namespace) -> int:
    """Ask a cluster; its workers' fingerprints are printed by groups that give the same bits."""
    if arguments.save or arguments.compare:
        raise ValueError(
            "--dask prints what a cluster gives; it takes --json, no --save or --compare"
        )
    fleet = ask(arguments.dask)
    sys.stdout.write(_text(fleet.to_json()) if arguments.json else fleet.text() + "\n")
    sys.stderr.write("".join(f"{worker}: {why}\n" for worker, why in fleet.lost.items()))
    return 2 if fleet.lost else int(len(fleet.groups()) > 1)


def _text(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _table(fingerprint: Fingerprint) -> str:
    rows = [*fingerprint.facts.items(), ("", ""), *fingerprint.bits.items()]
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {value}".rstrip() + "\n" for name, value in rows)


def _told(difference: Change) -> str:
    shared = len(difference.kept) + len(difference.changed)
    lines = [f"fact    {name}: {old} -> {new}" for name, (old, new) in difference.facts.items()]
    lines += ["fact    none differs"] * (not difference.facts)
    lines += [f"bits    {check}: changed" for check in difference.changed]
    lines += [f"bits    {len(difference.kept)} of {shared} checks the same"]
    lines += [f"once    {check}: only one of the two has it" for check in difference.only_once]
    return "\n".join([*lines, difference.sentence()]) + "\n"
