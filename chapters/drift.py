"""What a committed notebook has that its source would not make, one sentence each.

Owns the comparison of a committed notebook with a fresh one. Two measurements differ from machine
to machine, so neither their digits nor their pictures are compared. A figure is compared with the
data that it keeps, and these data with a fresh measurement in what every machine must show.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode

from chapters import pictures
from workbook.chart import Cells, Chart
from workbook.lesson.predictor import FORMAT as PREDICTION
from workbook.result import KEPT, Result, read_kept

NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(?![\w])")
VIEW = "application/vnd.jupyter.widget-view+json"


def differences(committed: NotebookNode, fresh: NotebookNode) -> list[str]:
    """Compare; `fresh` is the source's notebook, run just now and stripped."""
    if len(committed.cells) != len(fresh.cells):
        return [f"it has {len(committed.cells)} cells, its source makes {len(fresh.cells)}"]
    problems = []
    if committed.metadata != fresh.metadata:
        problems.append("its metadata is not what the source makes (saved from JupyterLab?)")
    for number, (cell, wanted) in enumerate(zip(committed.cells, fresh.cells, strict=True)):
        for key in ("cell_type", "id", "source", "metadata"):
            if cell.get(key) != wanted.get(key):
                problems.append(f"cell {number}: its {key} is not the source's")
        if cell.cell_type == "code" == wanted.cell_type:
            problems += [f"cell {number}: {text}" for text in _of_cell(cell, wanted)]
    return problems


def _of_cell(cell: NotebookNode, wanted: NotebookNode) -> Iterator[str]:
    kinds = [[sorted(o.get("data", [o.output_type])) for o in c.outputs] for c in (cell, wanted)]
    if cell.execution_count is None:
        yield "it was not run"
    elif any(VIEW in output.get("data", {}) for output in cell.outputs):
        yield "it holds a widget, which shows an error where no kernel runs"
    elif cell.execution_count != wanted.execution_count:
        yield f"its number is {cell.execution_count}, not {wanted.execution_count}"
    elif kinds[0] != kinds[1]:
        yield f"its outputs are {kinds[0]}, a new run makes {kinds[1]}"
    elif "explore(" in cell.source and not any("image/png" in kind for kind in kinds[0]):
        yield "it shows an explorer, but no figure for readers without a kernel"
    else:
        for output, new in zip(cell.outputs, wanted.outputs, strict=True):
            if KEPT in new.get("metadata", {}) or "image/png" in new.get("data", {}):
                yield from _of_output(output, new)


def _of_output(output: NotebookNode, new: NotebookNode) -> Iterator[str]:
    """Compare one output that keeps a result, or must."""
    png = output.data.get("image/png")
    try:
        text = output.get("metadata", {}).get(KEPT)
        if png is None:
            kept = read_kept(PREDICTION, text)
            fresh = read_kept(PREDICTION, new.metadata[KEPT])
            yield from _of_facts(_of_prediction(kept), _of_prediction(fresh))
            return
        result = Result.from_kept(text)
        if count := pictures.differing(base64.b64decode(png, validate=True), result):
            yield f"its figure is not what its kept result draws: {count} pixels differ"
        yield from of_results(result, Result.from_kept(new.get("metadata", {}).get(KEPT)))
    except (ValueError, binascii.Error) as error:
        yield f"{error}; run make notebooks"


def of_results(kept: Result, fresh: Result) -> Iterator[str]:
    """Compare two measurements of one experiment in what must hold on every machine.

    Where neither was measured here, but both were read from a recording, they are the same. Where
    one was read and the other one measured, the device of the recording is here: another machine.
    """
    device = kept.settings.get("device")
    recalled = {kept.source, fresh.source} == {"LIVE", "RECORDED"} and device not in (None, "cpu")
    moved = device != fresh.settings.get("device") or recalled
    if kept.source != fresh.source and not moved:
        yield f"its kept source is {kept.source}, a new run's is {fresh.source}"
    if kept.source == fresh.source == "RECORDED" and not moved:
        if kept.to_json() != fresh.to_json():
            yield "its kept result is not what the recording says"
        return
    # Labels name the device and what a version of torch has: operations, modules, kernels.
    named = not moved and kept.provenance.get("torch") == fresh.provenance.get("torch")
    yield from _of_facts(_facts(kept, named=named), _facts(fresh, named=named))


def _of_facts(kept: Mapping[str, Any], fresh: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*kept, *fresh]):
        if (was := kept.get(name)) != (now := fresh.get(name)):
            yield f"its kept {name} is {was!r}, a new run gives {now!r}"


def _of_prediction(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "provenance"}


def _facts(result: Result, *, named: bool) -> dict[str, Any]:
    """List what a result says on every machine; if `named`, also the names of what it tried."""
    finding = result.finding
    conditions = result.conditions.to_json()
    facts: dict[str, Any] = {
        "experiment": result.experiment,
        "question": result.question,
        "verdict": finding.verdict,
        **{f"setting {name}": value for name, value in result.settings.items() if name != "device"},
        **{f"condition {name}": value for name, value in conditions.items() if name != "device"},
    }
    if named:
        facts["values' names"] = sorted(finding.values)
        for number, each in enumerate(finding.comparisons):
            facts[f"comparison {number}"] = (*map(words, (each.first, each.second)), each.dtype)
    return facts | structure(finding.chart, named=named)


def structure(chart: Chart, *, named: bool = True) -> dict[str, Any]:
    """List the parts of a chart that are there before anything is measured, by place.

    Numbers in texts are digits, and where a logarithmic axis has ticks depends on what came out.
    Without `named` only kinds and marks are listed, and no label.
    """
    parts: dict[str, Any] = {}
    for number, panel in enumerate(chart.panels):
        place = f"panel {number}"
        if isinstance(panel, Cells):
            parts[f"{place} is"] = "cells"
            if named:
                parts[f"{place}'s title"] = words(panel.title)
                parts[f"{place}'s rows"] = tuple(map(words, panel.rows))
                parts[f"{place}'s columns"] = tuple(map(words, panel.columns))
                parts[f"{place}'s legend"] = panel.legend
            continue
        parts[f"{place} is"] = "axes"
        parts[f"{place}'s scales"] = tuple("log" if a.log else "linear" for a in (panel.x, panel.y))
        parts[f"{place}'s marks"] = tuple(each.mark for each in panel.series)
        if named:
            parts[f"{place}'s title"] = words(panel.title)
            parts[f"{place}'s series"] = tuple(words(each.label) for each in panel.series)
            for name in "xy":
                axis = getattr(panel, name)
                parts[f"{place}'s {name} axis"] = axis.label
                if not axis.log:
                    texts = (words(text) for _, text in axis.ticks)
                    parts[f"{place}'s {name} ticks"] = tuple(texts)
    return parts


def words(text: str) -> str:
    """Put a # for each number that stands by itself: `float32` is a name, 0.25 is a digit.

    >>> words("6 results in float32, at most 1.5e-07")
    '# results in float32, at most #'
    """
    return NUMBER.sub("#", text)
