"""What one rank of several does: the rows that it computes on, and what it keeps beside parameters.

Owns what is written down in a process whose environment names its rank, step by step. Knows nothing
of other ranks: they are laid side by side where their rows are read.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from workbook.diagnosis.probes.steps import weights
from workbook.trace import tensor_hash

_STEPS = 200  # steps of which the rows are kept
_ROWS = 1024  # rows of a step


class _Rank:
    def __init__(self, note: Callable[..., None], seen: list[int]) -> None:
        self.note, self.seen = note, seen
        self.depth = self.step = 0
        self.rows: list[int] = []
        self.size = 0
        self.outermost: torch.nn.Module | None = None

    def enter(self, module: torch.nn.Module, inputs: Any) -> None:
        if torch.compiler.is_compiling():
            return  # it would be compiled into the user's model
        self.depth += 1
        if self.depth > 1 or not module.training:
            return
        self.outermost = module
        first = next((x for x in inputs if isinstance(x, torch.Tensor) and x.dim()), None)
        if first is not None:
            self.size += len(first)
            self.seen[0] += len(first)
            if self.step < _STEPS:
                self.rows += [tensor_hash(row) for row in first.detach()[:_ROWS]]

    def leave(self, module: torch.nn.Module, inputs: Any, outputs: Any) -> None:
        if not torch.compiler.is_compiling():
            self.depth -= 1

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self.step += 1
        buffers = [] if self.outermost is None else list(self.outermost.buffers())
        codes = [tensor_hash(buffer) for buffer in buffers]
        parts = _sharded(optimizer, self.outermost)
        self.note("rank", n=self.step, rows=self.rows, size=self.size, buffers=codes, parts=parts)
        self.rows, self.size = [], 0


def _sharded(optimizer: Optimizer, model: torch.nn.Module | None) -> bool:
    """Say whether each rank keeps a part of the weights only, as FSDP and DTensor do."""
    placed = [place for w in weights(optimizer) for place in getattr(w, "placements", ())]
    return any(not place.is_replicate() for place in placed) or any(
        type(part).__name__ == "FullyShardedDataParallel"
        for part in (model.modules() if model else ())
    )


def watch(note: Callable[..., None], seen: list[int]) -> None:
    """Write down what this rank does after each step; count the rows of its batches in `seen`."""
    if "RANK" not in os.environ:
        return
    rank = _Rank(note, seen)
    register_module_forward_pre_hook(rank.enter)
    register_module_forward_hook(rank.leave, always_call=True)
    register_optimizer_step_post_hook(rank.after)
