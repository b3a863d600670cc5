"""The command `claims`: what was stated beside what this machine measures.

Owns the arguments, the progress and the printed table. Settling stands in `settling`.
"""

import argparse
import json
import sys
import textwrap

from workbook.ledger.files import claims
from workbook.ledger.rows import Claim
from workbook.ledger.settling import Settled, settle_all

SIGNS = {"agrees": "✓", "disagrees": "✗", "not decided here": "·"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--chapter", metavar="NN", help="only the claims of one chapter, as 04")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def main(arguments: argparse.Namespace) -> int:
    """Settle and print; 0 if nothing disagrees, 1 if something does, 2 for a wrong chapter."""
    chosen = [row for row in claims() if arguments.chapter in (None, row.chapter)]
    if not chosen:
        chapters = ", ".join(sorted({row.chapter for row in claims()}))
        sys.stderr.write(f"--chapter is one of {chapters}; got {arguments.chapter}\n")
        return 2
    settled = _with_progress(chosen)
    if arguments.json:
        text = json.dumps([each.to_json() for each in settled], indent=1, ensure_ascii=False)
    else:
        text = "\n".join(_lines(settled))
    sys.stdout.write(f"{text}\n")
    return int(any(each.outcome == "disagrees" for each in settled))


def _with_progress(chosen: list[Claim]) -> list[Settled]:
    """Settle all, with a counter on stderr where somebody watches it."""
    settled = []
    _told(f"0 of {len(chosen)} claims")
    for count, each in enumerate(settle_all(chosen), start=1):
        settled.append(each)
        _told(f"{count} of {len(chosen)} claims, {each.claim.id}")
    _told("")
    return settled


def _told(text: str) -> None:
    """Write over the line on stderr, if that is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def _lines(settled: list[Settled]) -> list[str]:
    lines = []
    for each in settled:
        row = each.claim
        lines.append(f"{SIGNS[each.outcome]} {row.chapter} {row.id}")
        end = " …" if row.verdict == "true only if" else "."
        stated = f"{row.claim} {row.verdict.capitalize()}{end} {row.because}"
        lines += _wrapped("stated  ", stated)
        lines += _wrapped("measured", f"{each.measured}{_not_live(each)}")
        lines += [line for failure in each.failed for line in _wrapped("but     ", failure)]
        lines.append("")
    counts = {name: sum(each.outcome == name for each in settled) for name in SIGNS}
    lines.append("; ".join(f"{count} {name}" for name, count in counts.items()))
    return lines


def _not_live(settled: Settled) -> str:
    """Name the source, where it is not this machine."""
    live = not settled.source or settled.source.startswith("LIVE")
    return "" if live else f" [{settled.source}]"


def _wrapped(head: str, text: str) -> list[str]:
    indent = " " * 13
    first = f"    {head} "
    return textwrap.wrap(text, 100, initial_indent=first, subsequent_indent=indent)
