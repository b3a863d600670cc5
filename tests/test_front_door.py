"""The front door: a page to read without widgets, whose programs, commands and numbers hold."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

import workbook
from workbook.diagnosis import terminal as diagnosis
from workbook.diagnosis import tracing
from workbook.fingerprint import command as fingerprint

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "my-numbers-changed.md").read_text(encoding="utf-8")
COMMANDS = {"diagnose": diagnosis, "trace": tracing, "fingerprint": fingerprint}
TYPED = re.findall(r"python -m workbook [^`\n]+", PAGE)
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_it_has_twelve_symptoms_and_ten_steps():
    """Twelve rows, each with something to try, and ten steps in order."""
    rows = re.findall(
        r"^\| \*\*(\d+)\. .*\| .* \| .*(?:`python|\[chapter).*\|$", PAGE, re.MULTILINE
    )
    assert rows == [str(number) for number in range(1, 13)]
    steps = PAGE.partition("## Ten steps")[2].partition("\n## ")[0]
    assert re.findall(r"^(\d+)\.", steps, re.MULTILINE) == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize("line", TYPED)
def test_its_commands_can_be_typed(line):
    """Each command line has the words that its command takes; what follows -- is the reader's."""
    name, *words = shlex.split(line)[3:]
    ours = words[: words.index("--")] if "--" in words else words
    ours = [*ours, "here.json"] if ours[-1:] == ["--compare"] else ours
    parser = argparse.ArgumentParser(exit_on_error=False)
    COMMANDS[name].add_arguments(parser)
    parser.parse_args(ours)


def test_its_programs_run():
    """The programs run from top to bottom; the pasted recipe has a test of its own."""
    names = {}
    for program in PROGRAMS:
        if "def make_deterministic" not in program:
            exec(program, names)
    assert names["tolerance"] < names["fault"] / 16


def test_its_numbers_of_repeats():
    """The table holds 1 - 0.05**(1/n), in percent."""
    rows = re.findall(r"^\| (\d+) \| ([\d.]+) %", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for repeats, percent in rows:
        assert float(percent) == round(100 * (1 - 0.05 ** (1 / int(repeats))), 1)


def test_its_links_lead_somewhere():
    """Every link is a file of this project."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert links and all((ROOT / "docs" / link).exists() for link in links)


def test_the_readme_leads_here_first():
    """The first link of the README is this page."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"(?<!!)\[[^]]+\]\(([^)]+)\)", readme)[0] == "docs/my-numbers-changed.md"


def test_how_to_cite_it():
    """The citation names the version of the package, and both licenses, whose files are there."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {workbook.__version__}\n" in citation
    assert re.findall(r"^  - ([A-Z]+[-A-Z0-9.]*)$", citation, re.MULTILINE) == ["MIT", "CC-BY-4.0"]
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "`CC-BY-4.0`" in (ROOT / "LICENSE-TEXT.md").read_text(encoding="utf-8")
