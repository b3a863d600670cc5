"""Run the benchmarks and print what was measured beside what is wanted: `make bench`.

python -m benchmarks [starting] [experiments] [compare] [bounds] [diagnosis] [latency]
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Iterator

from tests.browser import chromium
from workbook.devices import machine

NAMES = ("starting", "experiments", "compare", "bounds", "diagnosis", "latency")


def compare() -> Iterator[tuple[str, str, str]]:
    """The rows of the comparison's benchmark."""
    for row in importlib.import_module("benchmarks.bench_compare").rows():
        figure = f"{row['compare (ms)']:.0f} ms, {row['ratio']:.1f} times torch's own"
        memory = f"{row['memory (MB)']:.0f} MB more"
        yield f"compare: {row['inputs']}", f"{figure}, {memory}", "<= 3 times, <= 64 MB"


def bounds() -> Iterator[tuple[str, str, str]]:
    """Give the rows of the bounds' benchmark."""
    module = importlib.import_module("benchmarks.bench_bounds")
    lost, honest = module.losses(), module.honest()
    missed = lost["rounding"] + lost["identical"]
    pairs = sum(count for word, count in honest.items() if ":" not in word)
    doubtful = sum(n for word, n in honest.items() if word.startswith("doubtful: equal"))
    yield "bounds: planted losses not noticed", f"{missed} of {sum(lost.values())}", "0 of 80"
    yield "bounds: honest pairs called wrong", f"{honest['wrong']} of {pairs}", "0 of 10,000"
    yield "bounds: doubtful", f"{honest['doubtful']}, {doubtful} of equal terms", "<= 1 in 1,000"


def rows(name: str) -> Iterator[tuple[str, str, str]]:
    """The rows of one benchmark: what, the figure, the figure wanted."""
    if name == "latency" and chromium.executable() is None:
        yield "latency", "not measured", chromium.ABSENT
    elif name == "compare":
        yield from compare()
    elif name == "bounds":
        yield from bounds()
    elif name == "diagnosis":
        yield from importlib.import_module("benchmarks.bench_diagnosis").rows()
    else:
        yield from importlib.import_module(f"benchmarks.{name}").rows()


def main() -> int:
    """Print one line for each row, as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"any of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    if unknown := sorted(set(names) - set(NAMES)):
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(NAMES)}")
    facts = machine()
    print(
        f"torch {facts['torch']}, Python {facts['python']}, {facts['cpu']}, {os.cpu_count()} cores"
    )
    print("Compare figures within one run only: other jobs slow all of them.\n")
    for name in names:
        for what, figure, wanted in rows(name):
            print(f"{what:<52} {figure:<48} {wanted}", flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
