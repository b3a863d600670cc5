"""Several ranks: do they agree where they must, and give what one process gives."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from workbook.diagnosis.causes import BY_ID
from workbook.diagnosis.probes.steps import digest
from workbook.diagnosis.process.ranks import Ranks, read
from workbook.diagnosis.process.run import said
from workbook.diagnosis.target import Command
from workbook.diagnosis.targets.ranks import alone, gap

FORKED = Path(__file__).parents[1] / "ranks" / "forked.py"
FAULTS = (
    "seeds",
    "dropout",
    "per-rank",
    "bare",
    "changed",
    "whole",
    "epoch",
    "shards",
    "norm",
    "fails",
    "no-sync",
)
SCATTERS = tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 8)  # gloo hands out sums
SHARDED = ("sharded", "wrapped")

pytestmark = pytest.mark.skipif(
    not (torch.distributed.is_available() and torch.distributed.is_gloo_available()
         and sys.platform == "linux"),
    reason="ranks are forks that speak by gloo",
)  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer for each fault; one process imports torch, and all ranks are forks of it."""
    folder = tmp_path_factory.mktemp("ranks")
    words = [sys.executable, "-W", "ignore", str(FORKED), str(folder), *FAULTS, *SHARDED * SCATTERS]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("fault", "cause", "words"),
    [
        ("bare", "rank-drift", "so nothing averages them. When parameters are sent from rank 0"),
        ("changed", "rank-drift", "their gradients agree there, so parameters were changed by"),
        ("whole", "rank-data", "64 of 128 rows were read by more than one rank in one step (in 16"),
        ("seeds", "rank-data", "when all ranks start from one seed, none."),
        ("dropout", "world-size", "dropout draws other masks on several ranks than in one process"),
        ("epoch", "rank-data", "every epoch hands out the rows in the order of the first; when"),
        ("shards", "rank-data", "when each rank counts by its share of the rows, the mean of the"),
        ("norm", "world-size", "when batch statistics are taken over the rows of all ranks, the"),
    ],
)
def test_a_fault_of_ranks_is_named(
    answers: dict[str, Any], fault: str, cause: str, words: str
) -> None:
    """One row takes the fault away, and without it the fault is there: its cause is named."""
    (found,) = answers[fault]["causes"]
    assert (found["cause"], answers[fault]["status"]) == (cause, "fault")
    assert words in found["evidence"]


def test_the_page_on_what_to_type_shows_what_comes_back(answers: dict[str, Any]) -> None:
    """The sentence there on a sampler that is never told the epoch, `...` for its numbers."""
    page = (Path(__file__).parents[3] / "docs" / "diagnose.md").read_text()
    (shown,) = re.findall(r"^1\. rank-data: .+$", page, re.MULTILINE)
    (found,) = answers["epoch"]["causes"]
    words = f"({found['where']}): {found['evidence']} Fault."
    pattern = ".*".join(map(re.escape, shown.split("...")))
    assert re.fullmatch(pattern, f"1. rank-data: {BY_ID['rank-data'].words} {words}")


def test_two_ranks_and_one_process_differ_by_rounding(answers: dict[str, Any]) -> None:
    """Batches of 4 on two ranks are one of 8: the mean of the losses is that of one process."""
    answer = answers["per-rank"]
    assert answer["status"] in ("rounding", "none")
    (note,) = [one for one in answer["notes"] if one.startswith("In step 1 the mean of the ranks'")]
    mean, one, first = (float(part.split(" ")[-1].rstrip(";,")) for part in (
        note.partition(", one")[0], note.partition("; rank")[0],
        note.partition(", which")[0],
    ))  # fmt: skip
    assert mean == pytest.approx(one, rel=1e-5)
    assert abs(first - one) > 0.1 * one


def test_local_statistics_leave_other_buffers(answers: dict[str, Any]) -> None:
    """Each rank's running mean is of its own rows, and it is said which a checkpoint holds."""
    assert any("running means" in note for note in answers["norm"]["notes"])


def test_a_rank_that_does_not_train_gives_no_answer(answers: dict[str, Any]) -> None:
    """Where the trial cannot be made nothing is claimed, and what was seen is said."""
    assert answers["fails"]["causes"] == []
    assert "the command does not train on all ranks" in " ".join(answers["fails"]["tried"])
    assert any("are not those of rank 0" in note for note in answers["fails"]["notes"])


@pytest.mark.skipif(not SCATTERS, reason="gloo shards on a CPU from torch 2.8 on")
@pytest.mark.parametrize("fault", SHARDED)
def test_parts_of_parameters_are_not_compared(answers: dict[str, Any], fault: str) -> None:
    """Under FSDP each rank keeps a part of its own: that is said, and no drift is claimed."""
    assert {one["cause"] for one in answers[fault]["causes"]} <= {"world-size"}
    tried = " ".join(answers[fault]["tried"])
    assert "not compared, each keeps a part of its own" in tried
    assert "losses of 2 ranks (their mean) and of one" in tried


def test_gradients_that_wait_are_no_drift(answers: dict[str, Any]) -> None:
    """Under no_sync gradients are of one rank until the last part: parameters agree after it."""
    assert {one["cause"] for one in answers["no-sync"]["causes"]} <= {"world-size"}
    told = "parameters of all ranks, after each step: equal in every bit"
    assert told in " ".join(answers["no-sync"]["tried"])


def test_what_a_rank_raised_is_said(tmp_path: Path) -> None:
    """The launcher's own words about the rank stand below it, and say nothing of the fault."""
    ours = "[rank1]: ValueError: too few rows"
    (tmp_path / "warned.txt").write_text(
        f"[rank1]: Traceback\n{ours}\nTraceback\nerrors.ChildFailedError: \n=====\nexitcode: 1\n"
    )
    assert said(tmp_path, "warned.txt")[-1].strip() == ours


def test_the_fixed_reduction_loses_nothing(answers: dict[str, Any]) -> None:
    """Added by rank in float64, the mean of 1e8, 1 and -1e8 is a third, on every rank."""
    assert answers["order"] == [digest([torch.full((1, 1), 1 / 3)])] * 3


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["torchrun", "--nproc_per_node=2", "t.py"], "torchrun --nproc_per_node=1 t.py"),
        (["torchrun", "--nproc-per-node", "4", "t.py"], "torchrun --nproc-per-node 1 t.py"),
    ],
)
def test_the_command_with_one_process(words: list[str], made: str) -> None:
    """Only the number of processes is another one."""
    found = alone(Command(tuple(words)), 2)
    assert found is not None
    assert [one.words for one in found] == [made, f"env WORKBOOK_JOIN=2 {made}"]
    assert alone(Command(("python", "spawn.py")), 2) is None


def _rank(rank: int, weights: list[int], losses: list[float], sizes: list[int]) -> list[Any]:
    vectors = [[n, 7, 0, 0, 0, 5, 0, 0, w] for n, w in enumerate(weights, 1)]
    pairs = zip(vectors, losses, sizes, strict=True)
    rows: list[Any] = [{"kind": "start", "rank": str(rank)}]
    for vector, loss, size in pairs:
        rows += [
            {"kind": "rank", "rows": [rank], "size": size, "buffers": [], "parts": False},
            {"kind": "step", "vector": vector, "loss": [[loss, "float32"]]},
        ]
    return rows


def test_ranks_are_laid_side_by_side() -> None:
    """Drift, shares and the weighed mean of the losses are read off; workers are passed by."""
    worker = [{"kind": "start", "rank": "1"}]
    ranks = Ranks(read({
        "11": _rank(1, [1, 2], [4.0, 4.0], [1, 1]), "12": worker,
        "10": _rank(0, [1, 1], [1.0, 2.0], [3, 1]),
    }))  # fmt: skip
    assert list(ranks.data) == ["0", "1"]
    assert ranks.drift() == (2, "1", True)
    assert (ranks.uneven(), ranks.shared(), ranks.buffers_part()) == (1, (0, 0, 4), 0)
    assert ranks.losses() == [(3 * 1.0 + 4.0) / 4, 3.0]
    assert not ranks.alike()


def test_the_gap_of_two_series_is_the_largest_in_relation() -> None:
    """Equal series have none; else the step with the largest relative difference counts."""
    assert gap([1.0, 2.0], [1.0, 2.0, 3.0]).same
    found = gap([100.0, 1.0], [101.0, 1.5])
    assert (found.absolute, found.place) == (0.5, " of step 2")
