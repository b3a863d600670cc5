"""How long each experiment takes at its opening settings: what a slider's move costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from workbook import causes, plots
from workbook.experiment import Experiment, run

REPEATS = 5


def rows() -> Iterator[tuple[str, str, str]]:
    """Every experiment of every chapter, slowest first: measuring it, and drawing its figure."""
    times = {(name, one.name): _times(one) for name, one in _experiments()}
    for (chapter, name), (measuring, drawing) in sorted(times.items(), key=lambda t: -t[1][0]):
        figure = f"{measuring:6.1f} ms, and {drawing:4.1f} ms to draw"
        yield f"{chapter}: {name}", figure, "<= 100 ms"


def _experiments() -> Iterator[tuple[str, Experiment]]:
    for chapter in causes.chapters():
        for experiment in causes.every(Experiment, chapter):
            yield chapter.__name__.rpartition(".")[2], experiment


def _times(experiment: Experiment) -> tuple[float, float]:
    drawing = plots.Drawing()
    measured, drawn = [], []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        finding = run(experiment).finding
        middle = time.perf_counter()
        if finding.chart.panels:
            drawing.png(finding.chart)
        measured.append((middle - start) * 1e3)
        drawn.append((time.perf_counter() - middle) * 1e3)
    return statistics.median(measured[1:]), statistics.median(drawn[1:])  # the first warms up
