"""The build of the notebooks: what it makes, what it finds wrong, and the chapters themselves."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from chapters import build
from chapters.teach import asked
from tests.causes.chapters import PREDICTIONS
from workbook.lesson.contents import contents, needed
from workbook.question import Prediction

pytestmark = pytest.mark.uncounted  # the build is no part of the package
SOURCES = sorted((build.HERE / "src").glob("*.py"))
COMMITTED = sorted(build.NOTEBOOKS.glob("*.ipynb"))

TITLE = "# %% [markdown]\n# # Sums depend on their order\n"
SOURCE = f"""{TITLE}
# %%
1 + 1

# %% tags=["nbval-ignore-output", "reason:names-this-machine"]
import ipywidgets
ipywidgets.IntSlider()

# %%
1 + 1
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small source."""
    path = tmp_path_factory.mktemp("sources") / "small.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(scope="module")
def run_once(source: Path) -> NotebookNode:
    """The small source's notebook, run and stripped."""
    return build.built(source, source.parent)


@pytest.fixture
def notebook(run_once: NotebookNode) -> NotebookNode:
    """The same, for one test to change."""
    return copy.deepcopy(run_once)


def chapter(*cells: NotebookNode) -> NotebookNode:
    """A notebook with a title and these cells."""
    return new_notebook(cells=[new_markdown_cell("# A title"), *cells])


class TestBuild:
    """What the build makes of a source."""

    def test_cells_keep_their_ids(self, source: Path) -> None:
        """A source makes the same cell ids every time, all of them different."""
        ids = [cell.id for cell in build.generate(source).cells]
        assert ids == [cell.id for cell in build.generate(source).cells]
        assert len(set(ids)) == 4

    def test_an_id_belongs_to_its_text(self, source: Path, tmp_path: Path) -> None:
        """A cell put in front leaves the ids of the others as they were."""
        longer = tmp_path / "longer.py"
        longer.write_text(SOURCE.replace("\n# %%\n1 + 1", "\n# %%\n0\n\n# %%\n1 + 1", 1))
        before = {cell.id for cell in build.generate(source).cells}
        assert before < {cell.id for cell in build.generate(longer).cells}

    def test_the_result_is_a_notebook(self, run_once: NotebookNode) -> None:
        """The build's result is valid and says nothing of this machine in its metadata."""
        nbformat.validate(run_once)
        assert run_once.metadata == build.METADATA

    def test_every_code_cell_has_a_number(self, run_once: NotebookNode) -> None:
        """Cells are run once each, in order: nbval compares only what has a number."""
        code = [cell for cell in run_once.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == [1, 2, 3]

    def test_widgets_are_taken_out(self, run_once: NotebookNode) -> None:
        """A widget leaves its text, not its view and not its state."""
        (output,) = run_once.cells[2].outputs
        assert list(output.data) == ["text/plain"]
        assert "widgets" not in run_once.metadata

    def test_two_runs_are_equal(self, source: Path, run_once: NotebookNode) -> None:
        """Run again, the source makes the same file, byte for byte."""
        again = build.built(source, source.parent)
        assert nbformat.writes(again) == nbformat.writes(run_once)


class TestDrift:
    """What the drift check finds in a committed notebook."""

    def test_nothing_to_find(self, notebook: NotebookNode, run_once: NotebookNode) -> None:
        """A notebook that its source made has no drift."""
        assert build.differences(notebook, run_once) == []

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda nb: nb.cells.pop(), "its source makes 4"),
            (lambda nb: nb.cells[1].update(source="1 + 2"), "its source is not the source's"),
            (lambda nb: nb.cells[0].update(source="# Else"), "its source is not the source's"),
            (lambda nb: nb.cells[1].update(id="other"), "its id is not"),
            (lambda nb: nb.cells[2].metadata.update(tags=[]), "its metadata is not"),
            (lambda nb: nb.cells[1].update(execution_count=None), "it was not run"),
            (lambda nb: nb.cells[1].update(execution_count=7), "its number is 7, not 1"),
            (lambda nb: nb.cells[1].update(outputs=[]), "a new run makes"),
            (lambda nb: nb.metadata.update(widgets={}), "its metadata is not"),
            (lambda nb: nb.cells[2].outputs[0].data.update({build.VIEW: {}}), "holds a widget"),
        ],
    )
    def test_each_drift_has_its_sentence(
        self,
        notebook: NotebookNode,
        run_once: NotebookNode,
        change: Callable[[NotebookNode], None],
        words: str,
    ) -> None:
        """Anything that the source would not make is named."""
        change(notebook)
        assert words in " ".join(build.differences(notebook, run_once))

    def test_an_explorer_without_its_figure(self) -> None:
        """An explorer's cell without a picture is named, even where a new run has none either."""
        cell = new_code_cell("explore(SUMS)", execution_count=1, id="same")
        cell.outputs = [new_output("display_data", {"text/plain": "an explorer"})]
        bare = new_notebook(cells=[cell])
        assert "no figure" in " ".join(build.differences(bare, copy.deepcopy(bare)))


class TestLint:
    """The rules for chapters."""

    @pytest.mark.parametrize(
        ("cells", "words"),
        [
            ([new_code_cell("\n".join(["x = 1"] * 16))], "16 lines, at most 15"),
            ([new_code_cell("\n".join(["x = 1"] * 5))], "half of its code cells"),
            ([new_markdown_cell("You Simply run it.")], "'simply'"),
            ([new_code_cell("# NBVAL_IGNORE_OUTPUT\n1")], "tags, not comments"),
            ([new_code_cell("1", metadata={"tags": ["nbval-skip"]})], "nbval-skip"),
            ([new_code_cell("1", metadata={"tags": ["nbval-ignore-output"]})], "needs a reason"),
            (
                [new_code_cell("1", metadata={"tags": ["nbval-ignore-output", "reason:time"]})],
                "needs a reason",
            ),
            (
                [new_code_cell("1", outputs=[new_output("stream", name="stderr", text="oh")])],
                "stderr",
            ),
            ([new_code_cell("1", outputs=[new_output("error", ename="KeyError")])], "KeyError"),
        ],
    )
    def test_each_fault_has_its_sentence(self, cells: list[NotebookNode], words: str) -> None:
        """A chapter that breaks a rule is told which."""
        assert words in " ".join(build.lint(chapter(*cells)))

    def test_a_chapter_opens_with_a_title(self) -> None:
        """The first cell is a title."""
        assert build.lint(new_notebook(cells=[new_markdown_cell("No title")])) != []

    def test_what_is_allowed(self) -> None:
        """Short cells, an announced error and an ignored output with its reason are fine."""
        ignored = {"tags": ["nbval-ignore-output", "reason:names-this-machine"]}
        raising = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
        raising.outputs = [new_output("error", ename="ZeroDivisionError")]
        long = new_code_cell("\n".join(["x = 1"] * 15))
        cells = (new_code_cell("1", metadata=ignored), raising, long, new_code_cell("2"))
        assert build.lint(chapter(*cells)) == []


class TestCommandLine:
    """`python chapters/build.py`, on a folder of its own."""

    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A folder that stands for notebooks/."""
        (tmp_path / "src").mkdir()
        monkeypatch.setattr(build, "HERE", tmp_path)
        monkeypatch.setattr(build, "NOTEBOOKS", tmp_path)
        return tmp_path

    def test_made_then_checked(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What was made passes the check, and a changed source does not."""
        source = folder / "src" / "small.py"
        source.write_text(f"{TITLE}\n# %%\n1 + 1\n")
        assert build.main([]) == 0
        assert build.main(["--check"]) == 0
        source.write_text(f"{TITLE}\n# %%\n1 + 2\n")
        assert build.main(["--check"]) == 1
        assert "its source is not the source's" in capsys.readouterr().out

    def test_a_failing_cell(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A cell that fails is printed with its error, and nothing is written."""
        (folder / "src" / "small.py").write_text(f"{TITLE}\n# %%\nlen(3)\n")
        assert build.main([]) == 1
        printed = capsys.readouterr().out
        assert "len(3)" in printed and "TypeError" in printed
        assert list(folder.glob("*.ipynb")) == []

    def test_a_notebook_never_made(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        """A source without its notebook is named."""
        (folder / "src" / "small.py").write_text(TITLE)
        assert build.main(["--check", "small"]) == 1
        assert "run make notebooks" in capsys.readouterr().out

    def test_a_notebook_without_source(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A notebook that no source makes is named."""
        nbformat.write(new_notebook(), folder / "stray.ipynb")
        assert build.main(["--check"]) == 1
        assert "stray.ipynb" in capsys.readouterr().out

    def test_an_unknown_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A name without a source is refused with the names that there are."""
        with pytest.raises(SystemExit):
            build.main(["no_such_chapter"])
        assert "no_such_chapter" in capsys.readouterr().err


class TestChapters:
    """The committed notebooks. That they are what a new run makes is `make drift`'s to say."""

    def test_every_source_has_its_notebook(self) -> None:
        """Sources and notebooks go in pairs."""
        assert [path.stem for path in SOURCES] == [path.stem for path in COMMITTED]

    @pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
    def test_rules(self, path: Path) -> None:
        """Every chapter keeps the rules."""
        assert build.lint(nbformat.read(path, 4)) == []

    @pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
    def test_name(self, path: Path) -> None:
        """A chapter's name is two digits and words."""
        assert re.fullmatch(r"\d\d(_[a-z]+)+", path.stem)


class TestLength:
    """Minutes are counted, not felt."""

    @pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
    def test_a_chapter_states_its_minutes(self, path: Path) -> None:
        """The first cell of a chapter says what its words, questions and explorers add up to."""
        cells = nbformat.read(path, 4).cells
        assert f"About {contents(needed(cells)).minutes} minutes" in cells[0].source

    def test_the_rule_fills_the_source_in(self, tmp_path: Path) -> None:
        """A source says where the minutes go, and the build counts them."""
        path = tmp_path / "short.py"
        path.write_text(f"{TITLE}# About {{minutes}} minutes.\n\n# %%\npredict(ORDER)\n")
        assert "About 5 minutes." in build.generate(path).cells[0].source


class TestExercises:
    """What stands beside each exercise."""

    @pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
    def test_each_has_a_hint_and_a_solution(self, path: Path) -> None:
        """Below its check stand a hint and a solution of the same exercise."""
        code = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
        checked, hinted, solved = (
            set(re.findall(rf"^{verb}\((\w+\.\w+)", code, re.MULTILINE))
            for verb in ("check", "hint", "solution")
        )
        assert checked and checked == hinted == solved


class TestPredictions:
    """What all predictions of the workbook have together, from the committed outputs."""

    def test_the_right_option_may_stand_anywhere(self) -> None:
        """Read from top to bottom, the right option comes first no more often than by chance.

        Nor last. Four standard deviations of fair draws are allowed: the order is a hash's.
        """
        rows = [
            row for path in COMMITTED for row in asked(nbformat.read(path, 4)) if row["options"]
        ]
        assert len(rows) > 60
        for place in (0, -1):
            hits = sum(row["options"][place] == row["measured"] for row in rows)
            chances = [1 / len(row["options"]) for row in rows]
            deviation = sum(each * (1 - each) for each in chances) ** 0.5
            assert abs(hits - sum(chances)) < 4 * deviation

    def test_no_author_s_order_is_shown(self) -> None:
        """What a notebook shows is what the fixed key makes of the row's options."""
        by_name = {row.name: row for row in PREDICTIONS}
        shown = [
            row
            for path in COMMITTED
            for row in asked(nbformat.read(path, 4))
            if row["name"] in by_name
        ]
        assert len(shown) > 50
        for row in shown:
            if isinstance(question := by_name[row["name"]], Prediction):
                assert row["options"] == [each.text for each in question.shown]


class TestCovers:
    """What answers a prediction is folded until the reader has answered."""

    ASKED = f"{TITLE}\n# %%\npredict(QUESTION)\n\n"

    @pytest.mark.parametrize(
        ("cell", "covered"),
        [
            ("# %%\nexplore(CURVE, after=QUESTION)\n", True),
            ('# %%\nexplore(CURVE, device="cuda", after=QUESTION)\n', True),
            ('# %% tags=["answer"]\n1 + 1\n', True),
            ("# %%\nexplore(CURVE)\n", False),
            ("# %%\n1 + 1\n", False),
            ("# %% [markdown]\n# `explore(CURVE, after=QUESTION)` covers.\n", False),
        ],
    )
    def test_what_answers_is_folded(self, cell: str, covered: bool, tmp_path: Path) -> None:
        """JupyterLab folds the output of a cell whose metadata say so, and of no other."""
        path = tmp_path / "asked.py"
        path.write_text(self.ASKED + cell)
        last = build.generate(path).cells[-1]
        assert last.metadata.get("jupyter", {}).get("outputs_hidden", False) is covered

    def test_prose_that_answers_is_folded(self, tmp_path: Path) -> None:
        """Prose with the tag stands between HTML's own marks of a fold; a heading may not."""
        path = tmp_path / "asked.py"
        path.write_text(f'{self.ASKED}# %% [markdown] tags=["answer"]\n# It is **four**.\n')
        notebook = build.generate(path)
        parts = notebook.cells[-1].source.split("\n\n")
        assert parts[0].startswith("<details><summary>") and parts[0].endswith("</summary>")
        assert parts[1:] == ["It is **four**.", "</details>"]
        assert build.lint(notebook) == []
        notebook.cells[-1].source += "\n\n## Next"
        assert "a heading is folded" in build.lint(notebook)[0]

    @pytest.mark.parametrize(("line", "problems"), [('print("Sum:")', 0), ('print("Sum:", 2)', 1)])
    def test_the_line_beside_a_cover_is_a_label(
        self, line: str, problems: int, tmp_path: Path
    ) -> None:
        """The first line that a folded cell prints is text of the cell, not what was measured."""
        path = tmp_path / "asked.py"
        path.write_text(f'{self.ASKED}# %% tags=["answer"]\n{line}\n')
        notebook = build.generate(path)
        printed = "Sum: 2" if problems else "Sum:\n2"
        notebook.cells[-1].outputs = [new_output("stream", name="stdout", text=printed)]
        found = build.lint(notebook)
        assert len([text for text in found if "print a label" in text]) == problems

    @pytest.mark.parametrize(("tag", "problems"), [('tags=["answer"]', 0), ("", 1)])
    def test_an_answer_in_the_open_is_a_problem(
        self, tag: str, problems: int, tmp_path: Path
    ) -> None:
        """The cell right below a prediction is covered, or asks the next question."""
        path = tmp_path / "asked.py"
        path.write_text(f"{self.ASKED}# %%\npredict(ANOTHER)\n\n# %% {tag}\n1 + 1\n")
        found = build.lint(build.generate(path))
        assert len([text for text in found if "cover it" in text]) == problems
