"""The page on what to type: each of its lines is typed, and what comes back is what it shows."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbook.__main__ import main
from workbook.diagnosis import Workers, terminal
from workbook.diagnosis.causes import CAUSES

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "diagnose.md").read_text()
BLOCKS = re.findall(r"```sh\n([^`]+)\n```\n\n```text\n(.+?)\n```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the page's programs within a project; every line uses the same processes."""
    path = tmp_path_factory.mktemp("docs") / "diagnose"
    (path.parent / "pytest.ini").write_text("[pytest]\n")  # node ids start from the folder above
    shutil.copytree(DOCS / "diagnose", path)
    found = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with pytest.MonkeyPatch.context() as patch, Workers() as workers:
        patch.chdir(path)
        patch.setenv("PATH", found)
        patch.setattr(terminal, "Workers", lambda: contextlib.nullcontext(workers))
        yield path


def test_the_page_has_ten_problems() -> None:
    """Ten headings have a number, and each has a line to type."""
    assert len(re.findall(r"^## \d+\. ", PAGE, re.MULTILINE)) == 10
    assert len(BLOCKS) >= 10
    assert all(path.name in PAGE for path in (DOCS / "diagnose").iterdir() if path.is_file())


def test_the_page_lists_every_cause() -> None:
    """Each cause that an answer can name has a line with its id and its words."""
    for cause in CAUSES:
        assert (f"- `{cause.id}`: {cause.words}.\n" in PAGE) is (cause.kind != "none"), cause.id


@pytest.mark.parametrize(("line", "shown"), BLOCKS, ids=[line[:60] for line, _ in BLOCKS])
def test_a_line_of_the_page_gives_what_it_shows(
    line: str, shown: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every line shown comes back, in order; `...` stands for what differs between machines."""
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "workbook"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    main(words[3:])
    told = "".join(capsys.readouterr()).splitlines()
    for wanted in shown.splitlines():
        pattern = re.compile(".*".join(map(re.escape, wanted.split("..."))))
        assert any(pattern.match(one) for one in told), (wanted, told)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
