"""What a committed notebook has that its source would not make, one sentence each.

Owns the comparison of a committed notebook with a fresh one. Two measurements differ from machine
to machine, so neither their digits nor their pictures are compared. A figure is compared with the
data that it keeps, and these data with a fresh measurement in what every machine must show.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from nbformat import NotebookNode

from notebooks import pictures
from workbook.chart import Cells, Chart
from workbook.lesson.predictor import FORMAT as PREDICTION
from workbook.result import KEPT, Result, read_kept

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

    Where neither was measured here, but both were read from a recording, they are the same.
    """
    if kept.source == fresh.source == "RECORDED" and kept.settings == fresh.settings:
        if kept.to_json() != fresh.to_json():
            yield "its kept result is not what the recording says"
    else:
        yield from _of_facts(_facts(kept), _facts(fresh))
    if kept.source != fresh.source and not _moved(kept, fresh):
        yield f"its kept source is {kept.source}, a new run's is {fresh.source}"


def _moved(kept: Result, fresh: Result) -> bool:
    """Tell whether one is a recording of a device that only the other machine has."""
    devices = [result.settings.get("device") for result in (kept, fresh)]
    return {kept.source, fresh.source} == {"LIVE", "RECORDED"} and devices[0] != devices[1]


def _of_facts(kept: Mapping[str, Any], fresh: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*kept, *fresh]):
        if (was := kept.get(name)) != (now := fresh.get(name)):
            yield f"its kept {name} is {was!r}, a new run gives {now!r}"


def _of_prediction(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "provenance"}


def _facts(result: Result) -> dict[str, Any]:
    """List what a result says on every machine, by name."""
    finding = result.finding
    conditions = result.conditions.to_json()
    facts: dict[str, Any] = {
        "experiment": result.experiment,
        "question": result.question,
        "verdict": finding.verdict,
        "values' names": sorted(finding.values),
        **{f"setting {name}": value for name, value in result.settings.items() if name != "device"},
        **{f"condition {name}": value for name, value in conditions.items() if name != "device"},
    }
    for number, each in enumerate(finding.comparisons):
        facts[f"comparison {number}"] = (each.first, each.second, each.dtype)
    return facts | structure(finding.chart)


def structure(chart: Chart) -> dict[str, Any]:
    """Give the parts of a chart that are there before anything is measured, by place."""
    parts: dict[str, Any] = {}
    for number, panel in enumerate(chart.panels):
        place = f"panel {number}"
        parts[f"{place}'s title"] = panel.title
        if isinstance(panel, Cells):
            parts[f"{place}'s rows"] = panel.rows
            parts[f"{place}'s columns"] = panel.columns
            parts[f"{place}'s kinds"] = panel.kinds
            continue
        for name in "xy":
            axis = getattr(panel, name)
            parts[f"{place}'s {name} axis"] = (axis.label, "log" if axis.log else "linear")
            parts[f"{place}'s {name} ticks"] = tuple(text for _, text in axis.ticks)
        parts[f"{place}'s series"] = tuple((each.label, each.mark) for each in panel.series)
    return parts
