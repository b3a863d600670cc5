"""What a program keeps between calls: how what changed is named and put back."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from workbook.diagnosis.probes.snapshot import Snapshot

PROGRAM = """
import collections, functools, itertools, random
import numpy as np
import torch
OPTIONS, SEEN, ROWS, T, A = {"scale": 2}, {}, [], torch.ones(2), np.ones(2)
COUNT, QUEUE, G = itertools.count(), collections.deque([1]), random.Random(3)
class Box:
    def __init__(self): self.n = 0
BOX = Box()
def prepare(options): options.pop("scale", None)
def kept(x, held=[]): held.append(x); return len(held)
@functools.cache
def cached(n): return n
def change():
    prepare(OPTIONS)
    SEEN[1] = ROWS.append(len(ROWS))
    T.add_(1); A.__iadd__(1); QUEUE.append(2)
    BOX.n += 1
    return next(COUNT), kept(1), cached(4), G.random()
"""


def _program(folder: Path) -> ModuleType:
    path = folder / "snapped.py"
    path.write_text(PROGRAM)
    spec = importlib.util.spec_from_file_location("snapped", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_a_function_is_given_is_data(tmp_path: Path) -> None:
    """A dictionary handed to a helper is data, one that functions reach by its name is state."""
    module = _program(tmp_path)
    taken = Snapshot([module], {})
    module.change()
    kinds = dict(taken.changed())
    assert {kinds[name] for name in ("OPTIONS", "T", "A", "QUEUE")} == {"data"}
    assert {kinds[name] for name in ("SEEN", "ROWS", "COUNT", "kept(held)")} == {"state"}
    assert kinds["BOX"] == "module"


def test_a_call_after_putting_back_is_the_first_call(tmp_path: Path) -> None:
    """Arrays, containers, objects, iterators, caches, defaults and generators are as they were."""
    module = _program(tmp_path)
    taken = Snapshot([module], {})
    first = module.change()
    taken.put_back(frozenset(("data", "state", "module")))
    taken.rewind()
    assert module.OPTIONS == {"scale": 2}
    assert module.change() == first
