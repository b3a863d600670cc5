"""What an answer says to do: each call that it names exists, and is one that cures."""

from __future__ import annotations

import asyncio
import builtins
import concurrent.futures
import copy
import importlib
import inspect
import multiprocessing
import multiprocessing.pool
import os
import random
import re

import numpy as np
import pytest
import torch

from tests.diagnosis.fixes import EDITS, UNSHOWN
from tests.diagnosis.interventions.examples import PAIR
from tests.diagnosis_cases.proofs import bits
from tests.diagnosis_cases.rows import PROGRAMS
from tests.diagnosis_exam.template import ADDED, FAULTS
from workbook.diagnosis.causes import CAUSES
from workbook.diagnosis.interventions.numerics import CPU_VARIABLES
from workbook.diagnosis.interventions.rows import ROWS

FIXES = {cause.id: (cause.id, cause.fix) for cause in CAUSES}
FIXES |= {f"{row.how} {row.name}": (row.cause, row.fix) for row in ROWS if row.fix}
# calls, dotted names, keywords, and names with an underscore
_NAME = re.compile(
    r"[A-Za-z_]\w*(?:\.\w+)*(?=\()|[A-Za-z_]\w*(?:\.\w+)+|\b\w+(?==)|\b[a-zA-Z]\w*_\w+\b"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_LEAVES_OUT = re.compile(r"\b(not|leave|in place of)\b", re.IGNORECASE)
# what the variables of a fix stand for
_VARIABLES = {
    "x": torch.Tensor, "model": torch.nn.Module, "optimizer": torch.optim.Optimizer,
    "scheduler": torch.optim.lr_scheduler.LRScheduler, "stream": torch.cuda.Stream,
    "job": concurrent.futures.Future, "generator": torch.Generator, "k": str, "state": dict,
    "self": torch.nn.Module, "F": torch.nn.functional, "SDPBackend": torch.nn.attention.SDPBackend,
    "os": os, "asyncio": asyncio, "copy": copy, "torch": torch, "random": random,
}  # fmt: skip
_CALLED = (
    torch.autocast, torch.utils.data.DataLoader, torch.nn.Module.load_state_dict,
    torch.nn.Module.register_buffer, torch.nn.functional.dropout, torch.nn.functional.relu,
    torch.backends.cudnn.flags, torch.UntypedStorage.cuda,
)  # fmt: skip
_OWNERS = (
    builtins, concurrent.futures, multiprocessing.pool.Pool, np.random.Generator, torch,
    torch.nn, torch.nn.functional, torch.nn.Module, torch.Tensor, torch.Generator,
    torch.utils.data.DistributedSampler, torch.nn.Module().load_state_dict({}),
)  # fmt: skip


def names(text: str) -> set[str]:
    """Give the names of code in a fix, dotted as they stand there."""
    return set(_NAME.findall(text))


def _exists(name: str) -> bool:
    first, *rest = name.split(".")
    if rest:
        holder = _VARIABLES[first]
        for number, part in enumerate(rest):
            if not hasattr(holder, part) and inspect.ismodule(holder):
                importlib.import_module(".".join((holder.__name__, *rest[: number + 1])))
            if part in getattr(holder, "__annotations__", {}):
                return True
            holder = getattr(holder, part)
        return True
    keywords = {word for call in _CALLED for word in inspect.signature(call).parameters}
    return first in keywords or any(hasattr(owner, first) for owner in _OWNERS)


def _edits() -> list[tuple[str, str, str]]:
    """Give every proved edit of these tests: what it cures, the faulty code, and the cure.

    Of a row's example, the two sides of which differ by the fault alone, each may be the cure.
    """
    found = [(key, edit.faulty, edit.cure) for key, edit in EDITS.items()]
    for fault in (*FAULTS, *ADDED):
        lines = [line for part in fault.parts.values() for line in part]
        sides = ("\n".join(n[1:] for n in lines if n.startswith(mark)) for mark in "-+")
        found.append((fault.cause, *sides))
    for row in PROGRAMS:
        causes = row.causes.split()
        for number, (old, new) in enumerate(row.cures):
            found.append((causes[min(number, len(causes) - 1)], old, new))
    for key, text in PAIR.items():
        if "def first" in text:
            one, other = text[text.index("def first") :].split("def second")
            cause = next(row.cause for row in ROWS if f"{row.how} {row.name}" == key)
            found += [(cause, one, other), (cause, other, one)]
    return found


def _proved(key: str) -> bool:
    """Whether a proved edit writes what a fix names, or takes away what it says to leave out."""
    cause, text = FIXES[key]
    for of, faulty, cure in _edits():
        if of in (key, cause) and (of == key or key not in EDITS):
            old, new = (set(_WORD.findall(code)) for code in (faulty, cure))
            for clause in re.split(r"[;:,]|\. ", text):
                wanted = old - new if _LEAVES_OUT.search(clause) else new - old
                if wanted & {name.rpartition(".")[2] for name in names(clause)}:
                    return True
    return False


def test_a_fix_is_a_sentence() -> None:
    """Each begins with a capital letter, and ends with one full stop."""
    assert [k for k, (_, text) in FIXES.items() if not re.fullmatch(r"[A-Z].*[^.]\.", text)] == []


def test_what_a_fix_names_exists() -> None:
    """Every call, attribute and keyword that it names is torch's, NumPy's or Python's."""
    named = {name for _, text in FIXES.values() for name in names(text)} - set(CPU_VARIABLES)
    assert len(named) > 50 and sorted(name for name in named if not _exists(name)) == []


@pytest.mark.parametrize("key", sorted(EDITS))
def test_an_edit_cures(key: str) -> None:
    """Its two functions differ with the faulty line, and agree in every bit with the cure."""
    edit = EDITS[key]
    if '"fork"' in edit.program and "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system forks no workers, and others cannot load what a test defines")
    same = []
    for line in (edit.faulty, edit.cure):
        space = {"__name__": "p", "torch": torch, "np": np}
        exec(edit.program.replace("LINE", line), space)
        results = [bits(space[name]()) for name in ("first", "second")]  # type: ignore[operator]
        same.append(results[0] == results[1])
    assert same == [False, True]


def test_each_fix_that_names_a_call_cures() -> None:
    """For each of them a proved edit writes that call (or leaves it out), or a reason stands here.

    A fix that would say model.eval() where model.train() cures names no call of any edit. What has
    no name of code in it (one dtype throughout) is not tested.
    """
    named = [key for key, (_, text) in FIXES.items() if names(text)]
    assert {key for key in named if not _proved(key)} == set(UNSHOWN)


def test_a_fix_with_the_wrong_call_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the two modes exchanged in a fix, no edit would prove it."""
    wrong = FIXES["eval-left-on"][1].replace("model.train()", "model.eval()")
    monkeypatch.setitem(FIXES, "eval-left-on", ("eval-left-on", wrong))
    assert not _proved("eval-left-on")
