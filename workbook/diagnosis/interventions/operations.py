"""Interventions on single operations: double precision, plain layout, rows alone, no overlap.

Owns the dispatch modes that change how an operation is computed while its mathematics stays the
same. They act in a child process that ends with the run.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._pytree import tree_map

from workbook.diagnosis.interventions.intervention import AGAIN, MODULE, PAIR, Setting, Stage, on
from workbook.diagnosis.probes.facts import Fact
from workbook.trace.dispatch import Dispatch

_NARROW = (torch.float32, torch.float16, torch.bfloat16)
_FLOATS = (*_NARROW, torch.float64)
_NAMES = "sigmoid silu gelu softplus elu mish exp2 sinh exp log tanh erf rsqrt sqrt"
_PAD = 64  # a multiple of every vector's width


def _views(func: Any) -> bool:
    schema = func._schema
    return not schema.is_mutable and any(made.alias_info is not None for made in schema.returns)


class Double(Dispatch):
    """Compute in float64 throughout; numbers are drawn as float32 and widened, so they stay."""

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
        if kwargs.get("dtype") in _NARROW or (
            "dtype" in kwargs and kwargs["dtype"] is None and not types and not args
        ):
            kwargs["dtype"] = torch.float64
        if func._schema.name == "aten::to" or func._schema.name == "aten::_to_copy":
            return func(args[0], **kwargs) if len(args) == 1 else func(*args, **kwargs)
        written = {id(args[0])} if func._schema.is_mutable and args else set()
        if _views(func):
            return func(*args, **kwargs)
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
        if func._schema.is_mutable or _views(func) or func._schema.name == "aten::clone":
            if func._schema.name != "aten::clone":
                return func(*args, **kwargs)
            return torch.clone(args[0], memory_format=torch.contiguous_format)
        args, kwargs = tree_map(self._packed, (args, kwargs))
        return tree_map(self._packed, func(*args, **kwargs))

    @staticmethod
    def _packed(value: Any) -> Any:
        if (
            isinstance(value, torch.Tensor)
            and value.layout is torch.strided
            and value.device.type == "cpu"
        ) and (not value.is_contiguous() or value.data_ptr() % 64):
            return value.clone(memory_format=torch.contiguous_format)
        return value


class Rows(Dispatch):
    """Compute each row of a batch by itself: products, convolutions, reductions, vector tails."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = func._schema.name.removeprefix("aten::")
        if name in ("mm", "bmm") or (name == "addmm" and args[0].dim() == 1):
            at = 1 if name == "addmm" else 0
            if 1 <= args[at].shape[0] <= 8192:
                return self._split(func, args, kwargs, at, also=1 if name == "bmm" else None)
        elif (name in ("convolution", "_convolution") and args[0].shape[0] > 1 and not args[6]) or (
            name in ("sum", "mean", "var", "norm", "linalg_vector_norm")
            and self._keeps_rows(name, args)
        ):
            return self._split(func, args, kwargs, 0)
        elif name.startswith("_scaled_dot_product") and args[0].shape[0] > 1:
            return func(*args, **kwargs)
        elif name in _TAILED and args[0].is_floating_point():
            return self._padded(func, args, kwargs)
        return func(*args, **kwargs)

    @staticmethod
    def _keeps_rows(name: str, args: Any) -> bool:
        dims = (
            args[2 if "norm" in name else 1] if len(args) > (2 if "norm" in name else 1) else None
        )
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


_TAILED = frozenset(_NAMES.split())


class Apart(Dispatch):
    """Before something is written, copy what is read from the same memory."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if not func._schema.is_mutable or not args or not isinstance(args[0], torch.Tensor):
            return func(*args, **kwargs)
        target = args[0]
        if target.layout is not torch.strided or target.numel() == 0:
            return func(*args, **kwargs)
        rest = tree_map(lambda v: self._apart(v, target), tuple(args[1:]))
        if torch._debug_has_internal_overlap(target) == 2 and target.dim():  # type: ignore[attr-defined]
            alone = target.clone(memory_format=torch.contiguous_format)
            func(alone, *rest, **kwargs)
            target.copy_(alone)
            return target
        return func(target, *rest, **kwargs)

    @staticmethod
    def _apart(value: Any, target: torch.Tensor) -> Any:
        if (
            not isinstance(value, torch.Tensor)
            or value is target
            or value.layout is not torch.strided
        ):
            return value
        if value.untyped_storage().data_ptr() != target.untyped_storage().data_ptr():
            return value
        same = (value.data_ptr(), value.shape, value.stride()) == (
            target.data_ptr(),
            target.shape,
            target.stride(),
        )
        return value if same else value.clone()


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


def _install(run: Setting) -> None:
    for row, mode in _MODES:
        if run.has(row):
            run.stack.enter_context(mode())
    if run.has(DOUBLE):
        torch.set_default_dtype(torch.float64)
    if run.has(COPY_SAVED):
        hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t)
        run.stack.enter_context(hooks)


APART = on(
    "apart", "overlapping-memory", "what is read is copied before its memory is written", 15,
    Fact.TWO_RUNS, Fact.THREADS_MATTER, axes=AGAIN | PAIR | MODULE, install=_install,
    stage=Stage.MODES,
)  # fmt: skip
COPY_SAVED = on(
    "copy-saved", "overlapping-memory", "what backward needs is copied when it is saved", 18,
    Fact.BACKWARD, axes=PAIR, install=_install, stage=Stage.MODES,
)  # fmt: skip
ON_CPU = on(
    "cpu-draws", "device-generator", "numbers for every device are drawn on the CPU", 67,
    Fact.ACCELERATOR, axes=PAIR, install=_install, stage=Stage.MODES, draws=True,
)  # fmt: skip
PLAIN = on(
    "plain", "memory-layout", "every operation reads contiguous, aligned memory", 68,
    Fact.TWO_RUNS, axes=PAIR, install=_install, stage=Stage.MODES, costly=True,
)  # fmt: skip
ROW_BY_ROW = on(
    "rows", "batch-size", "each row is computed by itself", 69,
    Fact.TWO_RUNS, axes=PAIR, install=_install, stage=Stage.MODES, costly=True,
)  # fmt: skip
DOUBLE = on(
    "double", "dtype", "everything is computed in float64", 77,
    Fact.OTHER_FORMATS, axes=PAIR, install=_install, stage=Stage.MODES, costly=True,
    finer=((Fact.SHORT_FORMATS, "reduced-precision",
            "One of them computes in a format of 16 bits."),),
)  # fmt: skip
_MODES = ((DOUBLE, Double), (PLAIN, Plain), (ROW_BY_ROW, Rows), (APART, Apart), (ON_CPU, OnCpu))
ROWS = (APART, COPY_SAVED, ON_CPU, PLAIN, ROW_BY_ROW, DOUBLE)
