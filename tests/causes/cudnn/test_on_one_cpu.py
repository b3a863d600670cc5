"""Threads of a CPU that add to few places."""

import pytest
import torch
from torch import Tensor

from workbook.causes.cudnn import on_one_cpu
from workbook.causes.cudnn.on_one_cpu import ON_ONE_CPU, SEVERAL, SINGLE, STRICT, THREADS, rows
from workbook.causes.cudnn.operations import Operation, rand
from workbook.experiment import run


@pytest.mark.parametrize("row", rows(500), ids=lambda row: row.name)
def test_each_row_adds_what_float64_adds(row: Operation) -> None:
    """Every row computes totals by place, as a loop in float64 does, up to rounding."""
    table, index, *rest = row.drawn()
    start = table if row.of is None else torch.zeros_like(table)
    exact = start.double().index_add(0, index, rest[-1].double())
    assert torch.allclose(row.run((table, index, *rest)).double(), exact, rtol=1e-4)


def test_one_thread_and_the_flag_keep_order() -> None:
    """With one thread or under the flag no repeat differs, whatever several threads do."""
    result = run(ON_ONE_CPU)
    assert result.finding.values["varies"][SINGLE] == []
    assert result.finding.values["varies"][STRICT] == []
    assert result.verdict.startswith("Where results varied, several threads added")


@pytest.mark.parametrize(
    ("threads", "flag", "words"),
    [(1, "off", "one thread"), (THREADS, "on", "deterministic algorithms")],
)
def test_a_difference_under_a_cure_is_said(
    monkeypatch: pytest.MonkeyPatch, threads: int, flag: str, words: str
) -> None:
    """Were a repeat to differ with one thread or under the flag, the verdict names it."""
    count = iter(range(10**6))

    def noisy(x: Tensor) -> Tensor:
        here = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
        return x + (next(count) if here == (threads, flag == "on") else 0)

    monkeypatch.setattr(on_one_cpu, "rows", lambda _: (Operation("noisy", (rand(3),), noisy),))
    verdict = run(ON_ONE_CPU).verdict
    assert words in verdict
    assert verdict.endswith("a repeat had other bits: noisy.")


def test_nothing_stays_switched() -> None:
    """Threads and flag are as before."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    run(ON_ONE_CPU, elements=4_000)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert SEVERAL in run(ON_ONE_CPU, elements=4_000).finding.values["varies"]
