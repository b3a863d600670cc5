"""Ways through the chapters: 90 minutes for one reader, three times 90 for a class.

Owns which sections they take. How long these take is counted by `contents`; the tests hold the sums
and that each section is there and runs after its chapter's first code cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from workbook.lesson.contents import contents, sections

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

Way = tuple[tuple[str, tuple[str, ...]], ...]  # a chapter and the headings of its sections

PATH: Way = (
    (
        "00_start_here",
        ("Six trainings from one seed", "Where rounding begins", "How to use an explorer"),
    ),
    ("01_precision", ("What a format keeps", "The order of a sum", "A bound by hand")),
    ("03_autograd", ("In which order?",)),
    ("04_eval_mode", ("An output that will not hold still",)),
    ("05_cudnn", ("One step of training, twice", "How many repeats prove what")),
    ("06_linear_init", ("The ledger of draws",)),
    ("08_why_nan", ("How it travels",)),
    ("09_temperature_zero", ("One prompt, twice",)),
    ("10_another_run", ("The order of an all-reduce",)),
    ("11_your_own_program", ("What does a trial show?", "Your own code")),
)
LESSONS: Mapping[str, Way] = {
    "Rounding": (
        (
            "00_start_here",
            (
                "Six trainings from one seed",
                "Where rounding begins",
                "How to use an explorer",
                "Your turn",
            ),
        ),
        (
            "01_precision",
            (
                "What a format keeps",
                "The order of a sum",
                "A bound by hand",
                "Counting in half precision",
                "Two formulas for a variance",
                "A matrix product and its bound",
                "Deep networks",
                "One step, again and again",
                "A case",
            ),
        ),
        ("03_autograd", ("In which order?",)),
    ),
    "State and chance": (
        ("02_in_place", ("When a write reads what it is writing",)),
        (
            "04_eval_mode",
            (
                "An output that will not hold still",
                "BatchNorm and its batch",
                "A validation without eval()",
            ),
        ),
        (
            "05_cudnn",
            (
                "One step of training, twice",
                "How many repeats prove what",
                "What the switches do",
                "Six trainings, and which switch they need",
            ),
        ),
        (
            "06_linear_init",
            ("Three layers and a seed", "The ledger of draws", "How many numbers you ask for"),
        ),
    ),
    "Trouble as it comes": (
        (
            "08_why_nan",
            (
                "A mask, and nothing left",
                "The branch that is not taken",
                "How it travels",
                "A case",
            ),
        ),
        (
            "09_temperature_zero",
            ("One prompt, twice", "How near must two logits be?"),
        ),
        ("10_another_run", ("Stopped, and continued", "The order of an all-reduce")),
        ("11_your_own_program", ("What does a trial show?", "Three cases", "Your own code")),
    ),
}


@cache
def parted(chapter: str) -> dict[str, list[Mapping[str, Any]]]:
    """Give a chapter's cells by the headings of its sections."""
    return sections(json.loads((NOTEBOOKS / f"{chapter}.ipynb").read_text("utf-8"))["cells"])


def minutes(way: Way) -> float:
    """Add the minutes of these sections; KeyError names one that its chapter does not have."""
    return sum(
        contents(cells[title]).exact
        for chapter, titles in way
        for cells in [parted(chapter)]
        for title in titles
    )


def listed(way: Way, folder: str = "") -> str:
    """List a way in Markdown, with links to the notebooks in that folder."""
    return "\n".join(
        f"- [{re.sub('_', ' ', chapter)}]({folder}{chapter}.ipynb): {'; '.join(titles)}"
        for chapter, titles in way
    )
