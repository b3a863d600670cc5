"""Interventions on single operations: wider formats, plain layout, rows by themselves, no overlap.

Owns the dispatch modes that change how an operation is computed while its mathematics stays the
same, and the one that looks where a value leaves its format's range.
"""

import sys
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from workbook.diagnosis.interventions.intervention import AGAIN, MODULE, PAIR, on
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.trace.dispatch import Dispatch
from workbook.trace.places import line_of

_NARROW = (torch.float32, torch.float16, torch.bfloat16)
_FLOATS = (*_NARROW, torch.float64)
_NAMES = "sigmoid silu gelu softplus elu mish exp2 sinh exp log tanh erf rsqrt sqrt"
_TAILED = frozenset(_NAMES.split())  # a vector's tail is computed in another way
_PRODUCTS = ("mm", "bmm", "addmm", "convolution", "_convolution")
_SUMS = ("sum", "mean", "var", "norm", "linalg_vector_norm")
BY_ROWS = frozenset(f"aten.{name}" for name in (*_PRODUCTS, *_SUMS, *_TAILED))
_PAD = 64  # a multiple of every vector's width
SHORT_INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32)
_INTEGERS = "add sub rsub mul neg pow square abs bitwise_left_shift"
ARITHMETIC = frozenset(f"aten::{name}" for name in _INTEGERS.split())


def views(func: Any) -> bool:
    """Whether an operation gives a view of what it is given."""
    schema = func._schema
    return not schema.is_mutable and any(made.alias_info is not None for made in schema.returns)


def strided(value: Any) -> bool:
    """Whether a value is a tensor with memory of its own, or a view of such memory."""
    return isinstance(value, torch.Tensor) and value.layout is torch.strided


class Double(Dispatch):
    """Compute in float64 throughout; numbers are drawn as float32 and widened, so they stay."""

    def __enter__(self) -> Any:
        torch.set_default_dtype(torch.float64)
        return super().__enter__()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        draws = torch.Tag.nondeterministic_seeded in func.tags
        if draws and func._schema.is_mutable and args and isinstance(args[0], torch.Tensor):
            if args[0].dtype == torch.float64:
                narrow = torch.empty(args[0].shape, dtype=torch.float32, device=args[0].device)
                func(narrow, *args[1:], **kwargs)
                args[0].copy_(narrow)
                return args[0]
            return func(*args, **kwargs)
        if draws:
            if not any(isinstance(a, torch.Tensor) for a in args) and kwargs.get("dtype") is None:
                kwargs["dtype"] = torch.float32  # the default is float64 here, with other numbers
                if func._schema.name in ("aten::randint", "aten::randperm"):
                    kwargs["dtype"] = torch.int64
            return tree_map(self._wide, func(*args, **kwargs))
        if kwargs.get("dtype") in _NARROW:
            kwargs["dtype"] = torch.float64
        if views(func) or func._schema.name in ("aten::to", "aten::_to_copy"):
            return func(*args, **kwargs)
        written = {id(args[0])} if func._schema.is_mutable and args else set()
        args, kwargs = tree_map(lambda v: v if id(v) in written else self._wide(v), (args, kwargs))
        out = func(*args, **kwargs)
        return out if func._schema.is_mutable else tree_map(self._wide, out)

    @staticmethod
    def _wide(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.dtype in _NARROW:
            return value.to(torch.float64)
        return value


class Plain(Dispatch):
    """Give every operation contiguous inputs that start on a 64-byte boundary."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.name == "aten::clone":
            return torch.clone(args[0], memory_format=torch.contiguous_format)
        if func._schema.is_mutable or views(func):
            return func(*args, **kwargs)
        args, kwargs = tree_map(self._packed, (args, kwargs))
        return tree_map(self._packed, func(*args, **kwargs))

    @staticmethod
    def _packed(value: Any) -> Any:
        if not strided(value) or value.device.type != "cpu":
            return value
        packed = value.is_contiguous() and not value.data_ptr() % 64
        return value if packed else value.clone(memory_format=torch.contiguous_format)


class Rows(Dispatch):
    """Compute each row of a batch by itself: products, convolutions, reductions, vector tails."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::")
        if name in ("mm", "bmm") or (name == "addmm" and args[0].dim() == 1):
            at = 1 if name == "addmm" else 0
            if 1 <= args[at].shape[0] <= 8192:
                return self._split(func, args, kwargs, at, also=1 if name == "bmm" else None)
        elif (name in _PRODUCTS[3:] and args[0].shape[0] > 1 and not args[6]) or (
            name in _SUMS and self._keeps_rows(name, args)
        ):
            return self._split(func, args, kwargs, 0)
        elif name in _TAILED and args[0].is_floating_point():
            return self._padded(func, args, kwargs)
        return func(*args, **kwargs)

    @staticmethod
    def _keeps_rows(name: str, args: Any) -> bool:
        place = 2 if "norm" in name else 1
        dims = args[place] if len(args) > place else None
        if not isinstance(dims, (list, tuple)) or not dims or args[0].dim() < 2:
            return False
        return all(d % args[0].dim() != 0 for d in dims) and 1 < args[0].shape[0] <= 4096

    @staticmethod
    def _split(func: Any, args: Any, kwargs: Any, at: int, also: int | None = None) -> Any:
        args = list(args)
        whole, rows = list(args), []
        for i in range(whole[at].shape[0]):
            args[at] = whole[at][i : i + 1].clone(memory_format=torch.contiguous_format)
            if also is not None:
                args[also] = whole[also][i : i + 1].clone(memory_format=torch.contiguous_format)
            rows.append(func(*args, **kwargs))
        return torch.cat(rows)

    @staticmethod
    def _padded(func: Any, args: Any, kwargs: Any) -> Any:
        value = args[0].contiguous()
        short = -value.numel() % _PAD
        flat = torch.cat([value.reshape(-1), value.new_ones(short)])
        return func(flat, *args[1:], **kwargs)[: value.numel()].reshape(value.shape)


class Apart(Dispatch):
    """Before something is written, copy what is read from the same memory."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        target: Any = args[0] if args else None
        if not func._schema.is_mutable or not strided(target) or not target.numel():
            return func(*args, **kwargs)
        rest = tree_map(lambda v: self._apart(v, target), tuple(args[1:]))
        if torch._debug_has_internal_overlap(target) == 2 and target.dim():  # type: ignore[attr-defined]
            contiguous = target.clone(memory_format=torch.contiguous_format)
            func(contiguous, *rest, **kwargs)
            target.copy_(contiguous)
            return target
        return func(target, *rest, **kwargs)

    @staticmethod
    def _apart(value: Any, target: torch.Tensor) -> Any:
        if not strided(value):
            return value
        ours, theirs = value.untyped_storage(), target.untyped_storage()
        itself = _where(value) == _where(target) or ours.data_ptr() != theirs.data_ptr()
        return value if itself else value.clone()


def _where(value: torch.Tensor) -> tuple[Any, ...]:
    return value.data_ptr(), value.shape, value.stride()


class OnCpu(Dispatch):
    """Draw for every device from the CPU's generator, and move the numbers there."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        first = args[0] if args and isinstance(args[0], torch.Tensor) else None
        device = first.device if first is not None else kwargs.get("device") or torch.device("cpu")
        if torch.device(device).type == "cpu" or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        if "device" in kwargs:
            kwargs["device"] = torch.device("cpu")
        moved = tree_map(lambda v: v.cpu() if isinstance(v, torch.Tensor) else v, args)
        out = func(*moved, **kwargs)
        if func._schema.is_mutable and first is not None:
            return first.copy_(moved[0])
        return tree_map(lambda v: v.to(device) if isinstance(v, torch.Tensor) else v, out)


class WideIntegers(Dispatch):
    """Compute with integers of 64 bits where the program uses shorter ones."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func._schema.name in ARITHMETIC and not func._schema.is_mutable:
            args, kwargs = tree_map(_long, (args, kwargs))
        return func(*args, **kwargs)


def _long(value: Any) -> Any:
    short = isinstance(value, torch.Tensor) and value.dtype in SHORT_INTEGERS
    return value.long() if short else value


class Leaving(Dispatch):
    """Note the operations that make a value which is not finite out of finite ones."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        blank = func._schema.name.startswith("aten::empty")
        out = func(*args, **(kwargs or {}))
        if not blank and not _finite(out) and _finite((args, kwargs)):
            name = str(func).removesuffix(".default")
            FACTS.place("overflow", f"{name} at {line_of(sys._getframe(1)) or 'a library'}")
        return out


def _finite(values: Any) -> bool:
    tensors = (value for value in tree_leaves(values) if isinstance(value, torch.Tensor))
    return all(bool(t.isfinite().all()) for t in tensors if t.is_floating_point() and t.numel())


# in the order in which they go on: the last is asked first
DOUBLE = on(
    "double", "dtype", "everything is computed in float64", 77, Fact.OTHER_FORMATS, axes=PAIR,
    mode=lambda run: Double(), costly=True,
    finer=((Fact.SHORT_FORMATS, "reduced-precision",
           "One of them computes in a format of 16 bits."),))  # fmt: skip
PLAIN = on(
    "plain", "memory-layout", "every operation reads contiguous, aligned memory", 69, Fact.TWO_RUNS,
    axes=PAIR, mode=lambda run: Plain(), costly=True)  # fmt: skip
ROW_BY_ROW = on(
    "rows", "batch-size", "each row is computed by itself", 68, Fact.OTHER_SHAPES, axes=PAIR,
    mode=lambda run: Rows(), costly=True)  # fmt: skip
APART = on(
    "apart", "overlapping-memory", "what is read is copied before its memory is written", 15,
    Fact.TWO_RUNS, Fact.THREADS_MATTER, axes=AGAIN | PAIR | MODULE,
    mode=lambda run: Apart())  # fmt: skip
ON_CPU = on(
    "cpu-draws", "device-generator", "numbers for every device are drawn on the CPU", 67,
    Fact.ACCELERATOR, axes=PAIR, mode=lambda run: OnCpu(), draws=True)  # fmt: skip
COPY_SAVED = on(
    "copy-saved", "overlapping-memory", "what backward needs is copied when it is saved", 18,
    Fact.BACKWARD, axes=PAIR,
    mode=lambda run: torch.autograd.graph.saved_tensors_hooks(torch.clone, lambda kept: kept),
    fix="Write to a clone of what backward reads, also through .data.")  # fmt: skip
WIDE_RANGE = on(
    "wide-range", "overflow", "numbers are computed in float64, whose range is wider", 58,
    Fact.OTHER_RANGES, axes=PAIR, mode=lambda run: Double(), costly=True, looks="look-for-infinity",
    fix="Use the form that stays in range (torch.logsumexp, log_softmax, the largest "
        "subtracted first), or a format with a wider range.")  # fmt: skip
WIDE_INTEGERS = on(
    "wide-integers", "overflow", "integers are computed with 64 bits", 57, Fact.SHORT_INTEGERS,
    axes=PAIR, mode=lambda run: WideIntegers(),
    fix="Widen small integers before computing with them: x.long(), x.float().")  # fmt: skip
LOOK = on(
    "look-for-infinity", "overflow", "each operation is asked whether its results are finite", 99,
    axes=frozenset(), mode=lambda run: Leaving())  # fmt: skip
ROWS = (
    DOUBLE, PLAIN, ROW_BY_ROW, APART, ON_CPU, COPY_SAVED, WIDE_RANGE, WIDE_INTEGERS, LOOK,
)  # fmt: skip
