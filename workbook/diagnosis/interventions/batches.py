"""Interventions on batches: calls and loops take one row at a time, means count by their rows.

Owns the noting of how many rows each outermost module call and each of the user's functions and
methods was given, the splitting of those calls and of loops over batches, and the patches of what
takes a mean of all elements. Means that are trained on are left alone.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader

from workbook.diagnosis.interventions.intervention import PAIR, Setting, Stage, on
from workbook.diagnosis.interventions.source import Loops
from workbook.diagnosis.patching import by_user, caller, wrap, wrap_helpers, wrap_named
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.places import line_of, user_frame

EVERY, OUTERMOST = "*", "the outermost"  # module; function of the user's that gets a batch
TRAINED = "rows of means"  # that are trained on, since the last backward
_OF_A_LIST = (torch.Tensor, np.ndarray, str, list, dict)
_LOSSES = (
    "mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy nll_loss binary_cross_entropy "
    "binary_cross_entropy_with_logits poisson_nll_loss gaussian_nll_loss hinge_embedding_loss"
)


def _modules(run: Setting) -> None:
    """Note the batches of outermost modules; pass their rows one by one."""
    inside = [False]

    def start(real: Any, module: Any, *args: Any, **kwargs: Any) -> Any:
        count, kind = (0, []) if inside[0] else _batch(args, kwargs)
        if not count:
            return real(module, *args, **kwargs)
        inside[0] = True
        try:
            FACTS.append("batches", [EVERY, count, kind])
            if EVERY in run.split and count > 1:
                made = _by_rows(functools.partial(real, module), args, kwargs, count)
            else:
                made = real(module, *args, **kwargs)
        finally:
            inside[0] = False
        if any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in tree_leaves(made)):
            FACTS.counts["rows"] = FACTS.counts.get("rows", 0) + count  # of what can be trained on
        return made

    wrap(start, torch.nn.Module, "__call__")


def _functions(run: Setting) -> None:
    """Note the batches of the user's functions; pass their rows one by one to the outermost."""
    depth = [0]

    def call(real: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        first = 1 if "." in name else 0  # a method's batch comes after `self`
        count, kind = _batch(args[first:], kwargs)
        if not count or name.endswith(".forward"):  # the module's call is noted
            return real(*args, **kwargs)
        FACTS.append("batches", [name, count, kind])
        splits = name in run.split or (OUTERMOST in run.split and not depth[0])
        depth[0] += 1
        try:
            if splits and count > 1:
                bound = functools.partial(real, *args[:first])
                return _by_rows(bound, args[first:], kwargs, count)
            return real(*args, **kwargs)
        finally:
            depth[0] -= 1

    wrap_helpers(run, call, "__call__")


def _batch(args: Any, kwargs: Any) -> tuple[int, list[Any]]:
    """How many rows a call was given, and of what kind: by its first argument, named or not."""
    return _rows(args[0] if args else next(iter(kwargs.values()), None))


def _rows(value: Any) -> tuple[int, list[Any]]:
    """How many rows a batch has, and of what kind; 0 for what is no batch."""
    if isinstance(value, torch.Tensor) and value.dim():
        return value.shape[0], list(value.shape[1:])
    if isinstance(value, list) and all(isinstance(element, _OF_A_LIST) for element in value):
        return len(value), ["of a list"]  # of several lengths, mostly, and padded by the program
    return 0, []


def _by_rows(real: Callable[..., Any], args: Any, kwargs: Any, count: int) -> Any:
    """Call once for each row; what has no rows in its answer is called whole."""

    def row(value: Any, i: int) -> Any:
        return value[i : i + 1] if _rows(value)[0] == count else value

    made = [
        real(*(row(a, i) for a in args), **{k: row(v, i) for k, v in kwargs.items()})
        for i in range(count)
    ]
    return _joined(made, lambda: real(*args, **kwargs))


def _joined(made: list[Any], whole: Callable[[], Any]) -> Any:
    first = made[0]
    if isinstance(first, torch.Tensor) and first.dim() and first.shape[0] == 1:
        return torch.cat(made)
    if isinstance(first, list) and len(first) == 1:
        return [output[0] for output in made]
    if isinstance(first, tuple) and type(first) is tuple:
        return tuple(_joined([output[i] for output in made], whole) for i in range(len(first)))
    if isinstance(first, dict):
        return {key: _joined([output[key] for output in made], whole) for key in first}
    return whole()


def _loops(run: Setting) -> None:
    """Note loaders, and what cuts a tensor into parts; let both give one row at a time."""

    def load(real: Any, given: dict[str, Any]) -> None:
        if given["batch_size"] not in (None, 1):
            FACTS.add(Fact.LOOPS)
            given["batch_size"] = 1 if run.has(ONE_ROW) else given["batch_size"]
        real(**given)

    split = torch.Tensor.split

    def cut(real: Any, value: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        parts = real(value, *args, **kwargs)
        rows = value.shape[0] if value.dim() else 0
        if rows and sum(part.shape[0] for part in parts) == rows and by_user():
            FACTS.add(Fact.LOOPS)
            return split(value, 1) if run.has(ONE_ROW) else parts
        return parts

    wrap_named(load, DataLoader, "__init__")
    for owner in (torch, torch.Tensor):
        wrap(cut, owner, "split", "chunk")


@dataclass
class Series:
    """The means that one line took while one function ran: how many, of how many rows, and which.

    The frame is kept so that no other function's frame gets its address meanwhile.
    """

    frame: FrameType
    count: int = 0
    rows: int = 0
    first: int = 0
    uneven: bool = False
    mean: Any = 0.0

    def weighed(self, value: torch.Tensor, rows: int, acts: bool) -> torch.Tensor:
        """Weigh a mean so that the mean of all means so far is the mean over all rows so far.

        Of k means with the rows' mean m(k) that is k m(k) - (k - 1) m(k - 1); for parts of one size
        it is the mean itself.
        """
        before, count = self.mean, self.count
        self.first = self.first or rows
        self.uneven |= rows != self.first
        self.count, self.rows = count + 1, self.rows + rows
        self.mean = before + (value.double() - before) * (rows / self.rows)
        if not self.uneven:
            return value
        FACTS.add(Fact.MEANS_OF_PARTS, "mean-of-means", line_of(self.frame))
        if not acts:
            return value
        made: torch.Tensor = ((count + 1) * self.mean - count * before).to(value.dtype)
        setattr(made, _PLAIN, (value, rows))
        return made


_PLAIN = "_workbook_plain"  # of a weighed mean: the mean as it was, and of how many rows


class Weighed(float):
    """A weighed mean as a number: times its rows it is their sum, which needs no weight."""

    plain: tuple[float, int]

    def __mul__(self, factor: Any) -> Any:
        """Give the product of the mean as it was with its rows, and of the weighed one else."""
        mean, rows = self.plain
        return mean * factor if factor == rows else float(self) * factor

    __rmul__ = __mul__


def _products() -> None:
    """Let a weighed mean that the program multiplies by its rows be what it was."""

    def multiply(real: Any, mean: Any, factor: Any) -> Any:
        plain, rows = getattr(mean, _PLAIN, (mean, 0))
        return real(plain if isinstance(factor, int) and factor == rows else mean, factor)

    def item(real: Any, mean: torch.Tensor) -> Any:
        number, (plain, rows) = real(mean), getattr(mean, _PLAIN, (mean, 0))
        if rows:
            number = Weighed(number)
            number.plain = real(plain), rows
        return number

    wrap(multiply, torch.Tensor, "__mul__", "__rmul__", "mul")
    wrap(item, torch.Tensor, "item")


def _means(run: Setting) -> None:
    """Note the means that a line takes of parts; weigh them by the parts' rows."""
    series: dict[str, Series] = {}

    def noted(frame: FrameType | None, value: Any, whole: Any) -> Any:
        if not isinstance(whole, torch.Tensor) or not whole.dim():
            return value
        if not isinstance(value, torch.Tensor) or value.dim() or not value.is_floating_point():
            return value
        if value.requires_grad:
            FACTS.counts[TRAINED] = FACTS.counts.get(TRAINED, 0) + whole.shape[0]
            return value
        if frame is None:
            return value
        line = line_of(frame)
        if line not in series or series[line].frame is not frame:
            series[line] = Series(frame)
        return series[line].weighed(value, whole.shape[0], run.has(WEIGH_MEANS))

    def loss(real: Any, *args: Any, **kwargs: Any) -> Any:
        value = real(*args, **kwargs)
        return noted(user_frame(caller()), value, args[0] if args else None)

    def mean(real: Any, *args: Any, **kwargs: Any) -> Any:
        value = real(*args, **kwargs)
        return noted(caller() if by_user() else None, value, args[0] if args else None)

    if run.has(WEIGH_MEANS):
        _products()
    wrap(loss, F, *_LOSSES.split())
    wrap(mean, torch, "mean")
    wrap(mean, torch.Tensor, "mean")


WEIGH_MEANS = on(
    "weigh-means", "mean-of-means", "a batch's mean counts by its share of the rows", 28,
    Fact.MEANS_OF_PARTS, axes=PAIR, install=_means)  # fmt: skip
SPLIT = on(
    "split", "batch-coupling", "each row of a batch is passed by itself", 71, Fact.OTHER_BATCHES,
    axes=PAIR, install=_modules)  # fmt: skip
ONE_ROW = on(
    "one-row", "batch-coupling", "every loop over batches takes one row at a time", 72,
    Fact.LOOPS_OVER_BATCHES, axes=PAIR, install=_loops, rewrite=Loops().visit)  # fmt: skip
SPLIT_OUTERMOST = on(
    "split-outermost", "batch-coupling",
    "each row is passed by itself to the outermost function that takes a batch", 72,
    Fact.OTHER_BATCHES_INSIDE, axes=PAIR, install=_functions, stage=Stage.PROGRAM)  # fmt: skip
ROWS = (WEIGH_MEANS, SPLIT, ONE_ROW, SPLIT_OUTERMOST)
