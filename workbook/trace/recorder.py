"""A run written down: each operation with hashes of what went in and what came out.

Owns the dispatch mode. Knows nothing of causes. Tracing only looks: it calls each operation once,
with its own arguments, and hands back what came out.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from workbook.trace.draws import Draw, watch
from workbook.trace.hashing import shape_hash, tensor_hash
from workbook.trace.known import KnownHashes
from workbook.trace.modules import ModulePath
from workbook.trace.places import line_of, user_frame
from workbook.trace.reading import DISABLED, plain_number, signature
from workbook.trace.reading import facts as facts_of
from workbook.trace.reading import sample as sample_of
from workbook.trace.store import Store

_MASK = (1 << 64) - 1
_ORDINARY = (torch.Tensor, torch.nn.Parameter)


class Trace(Store):
    """What a run did: `operations` in order and the ledger of `draws`.

    Used as `with Trace() as trace: ...`. Operations in other threads, in worker processes and
    inside a compiled graph are not seen. `len(trace)` counts operations, `trace[i]` is one.
    """

    def __init__(self, *, samples: bool = False) -> None:
        super().__init__(samples=samples)
        self._exit = ExitStack()

    def __enter__(self) -> Trace:
        modules = ModulePath()
        self._exit = ExitStack()
        self._exit.enter_context(modules)
        known = self._exit.enter_context(KnownHashes())
        mode = _Recorder(self, modules, known)
        self._exit.enter_context(watch(mode.note))
        self._exit.enter_context(mode)
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()


def _ordinary(tensor: torch.Tensor) -> bool:
    return type(tensor) in _ORDINARY or tensor.__class__.__torch_dispatch__ is DISABLED


class _Recorder(TorchDispatchMode):
    def __init__(self, trace: Trace, modules: ModulePath, known: KnownHashes) -> None:
        super().__init__()
        self._trace = trace
        self._modules = modules
        self._known = known
        self._rows: dict[Any, tuple[int, ...]] = {}

    def note(self, generator: str, what: str, value: Any, sets: bool) -> None:
        try:
            made = np.atleast_1d(np.asarray(value))
            count, code = made.size, hash(made.tobytes()) if made.dtype != object else 0
        except (TypeError, ValueError):
            count, code = 1, 0
        frame = sys._getframe(2)
        self._trace.draws.append(
            Draw(
                generator,
                what,
                line_of(frame),
                self._modules.now(),
                0 if sets else count,
                code,
                len(self._trace),
            )
        )

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # loading the compiler to tell it to stay away would cost seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, mutates, draws, looks, blank = facts_of(func)
        kwargs = kwargs or {}
        if looks:  # a view computes nothing: what is done with it is what counts
            return func(*args, **kwargs)
        came_in: list[torch.Tensor] = []
        numbers: list[int] = []
        if blank or (draws and mutates):  # what lay there before is not looked at
            came_in = [args[0]] if args and isinstance(args[0], torch.Tensor) else []
        else:
            self._gather(args, came_in, numbers)
        if kwargs and came_in:
            self._gather(tuple(kwargs.values()), came_in, numbers)
        inputs = hash(tuple(numbers)) & _MASK if numbers else 0
        out = func(*args, **kwargs)
        if mutates:
            for tensor in came_in:
                self._known.forget(tensor)
        elif name == "aten.clone.default" and self._plain(args[0]) and self._plain(out):
            self._known.copied(args[0], out)
        came_out: list[torch.Tensor] = []
        outputs = 0
        if not blank:
            numbers = []
            if mutates and isinstance(out, torch.Tensor) and self._plain(out):
                came_out, numbers = [out], [self._known.written(out)]
            else:
                self._gather(out if isinstance(out, (tuple, list)) else (out,), came_out, numbers)
            outputs = hash(tuple(numbers)) & _MASK
        if mutates and not came_out:
            came_out = came_in[:1]
        frame = user_frame(sys._getframe(1))
        trace, module = self._trace, self._modules.now()
        codes = self._codes(func, name, module, frame, came_in, came_out)
        trace.keep(codes, inputs, outputs, sample_of(came_out) if trace.samples else ())
        if draws:
            own = kwargs.get("generator")
            self._draw(name, module, line_of(frame), own, came_out, outputs)
        return out

    def _draw(
        self, name: str, module: str, line: str, own: Any, out: list[torch.Tensor], value: int
    ) -> None:
        if name.startswith("aten.native_dropout") and not out:
            return
        device = out[0].device.type if out else "cpu"
        generator = (
            "own torch" if own is not None else "torch" + ("" if device == "cpu" else f":{device}")
        )
        count, place = sum(t.numel() for t in out[:1]), len(self._trace) - 1
        self._trace.draws.append(Draw(generator, name, line, module, count, value, place))

    def _gather(self, values: Any, found: list[torch.Tensor], numbers: list[int]) -> None:
        """Add a number for each of the arguments, and the tensors among them."""
        for value in values:
            if isinstance(value, torch.Tensor):
                found.append(value)
                numbers.append(self._hash(value))
            elif isinstance(value, (list, tuple)):
                self._gather(value, found, numbers)
                numbers.append(len(value))
            elif isinstance(value, (bool, int, float, str, torch.dtype)):
                numbers.append(plain_number(value))

    def _hash(self, tensor: torch.Tensor) -> int:
        if self._plain(tensor):
            return self._known.hash(tensor)
        if not _ordinary(tensor):
            return shape_hash(tensor)
        return tensor_hash(tensor)

    @staticmethod
    def _plain(tensor: torch.Tensor) -> bool:
        """Whether it has a storage that can be remembered."""
        return _ordinary(tensor) and tensor.layout is torch.strided and not tensor.is_meta

    def _codes(
        self,
        func: Any,
        name: str,
        module: str,
        frame: FrameType | None,
        came_in: list[torch.Tensor],
        came_out: list[torch.Tensor],
    ) -> tuple[int, ...]:
        """The operation's words as numbers, made once for each place and signature."""
        key = (
            func,
            module,
            (frame.f_code.co_filename, frame.f_lineno) if frame is not None else None,
            tuple([(t.shape, t.dtype) for t in came_in]),
            tuple([(t.shape, t.dtype) for t in came_out]),
        )
        if (codes := self._rows.get(key)) is None:
            if len(self._rows) > 4096:
                self._rows.clear()
            words = (name, module, line_of(frame), signature(key[3], key[4]))
            codes = self._rows[key] = tuple([self._trace.code(word) for word in words])
        return codes
