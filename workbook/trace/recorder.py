"""A run written down: each operation with hashes of what went in and what came out.

Owns the dispatch mode. Knows nothing of causes. Tracing only looks: it calls each operation once,
with its own arguments, and hands back what came out.
"""

import sys
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from workbook.trace.dispatch import Dispatch
from workbook.trace.draws import Draw, watch
from workbook.trace.hashing import bytes_hash, shape_hash, tensor_hash
from workbook.trace.modules import ModulePath
from workbook.trace.places import elsewhere, line_of, user_frame
from workbook.trace.reading import DISABLED, OVERWRITES, Shapes, plain_number, signature
from workbook.trace.reading import facts as facts_of
from workbook.trace.reading import sample as sample_of
from workbook.trace.store import Store

_MASK = (1 << 64) - 1
_ORDINARY = (torch.Tensor, torch.nn.Parameter)


class Trace(Store):
    """What a run did: `operations` in order and the ledger of `draws`.

    Used as `with Trace() as trace: ...`. Operations in other threads, in worker processes and
    inside a compiled graph are not seen. `len(trace)` counts operations, `trace[i]` is one. With
    `samples`, four values of each output are kept for drawing.

    >>> with Trace() as trace:
    ...     total = torch.ones(3).sum()
    >>> [operation.name for operation in trace]
    ['aten.ones.default', 'aten.sum.default']
    """

    def __init__(self, *, samples: bool = False) -> None:
        super().__init__(samples=samples)
        self.paused = False  # operations go by unseen
        self._exit = ExitStack()

    def __enter__(self) -> "Trace":
        modules = ModulePath()
        self._exit = ExitStack()
        self._exit.enter_context(modules)
        mode = _Recorder(self, modules)
        self._exit.enter_context(watch(mode.note))
        self._exit.enter_context(mode)
        return self

    def __exit__(self, *error: object) -> None:
        self._exit.close()

    def reads(self, tensors: list[torch.Tensor], numbers: list[int]) -> int:
        """Give a number for what an operation is about to read: tensors and other arguments."""
        return hash(tuple(numbers)) & _MASK if numbers else 0

    def makes(self, tensors: list[torch.Tensor], numbers: list[int]) -> int:
        """Give a number for what an operation made."""
        return hash(tuple(numbers)) & _MASK


def _ordinary(tensor: torch.Tensor) -> bool:
    return type(tensor) in _ORDINARY or tensor.__class__.__torch_dispatch__ is DISABLED


def _shapes(tensors: list[torch.Tensor]) -> Shapes:
    return tuple([(tensor.shape, tensor.dtype) for tensor in tensors])


class _Recorder(Dispatch):
    def __init__(self, trace: Trace, modules: ModulePath) -> None:
        super().__init__()
        self._trace = trace
        self._modules = modules

    def note(self, generator: str, what: str, value: Any, sets: bool) -> None:
        if self._trace.paused:
            return
        try:
            made = np.atleast_1d(np.asarray(value))
            count, code = made.size, bytes_hash(made.tobytes()) if made.dtype != object else 0
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

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, mutates, draws, looks, blank = facts_of(func)
        kwargs = kwargs or {}
        if (
            looks or self._trace.paused
        ):  # a view computes nothing: what is done with it is what counts
            return func(*args, **kwargs)
        came_in: list[torch.Tensor] = []
        numbers: list[int] = []
        if blank or (draws and mutates):  # what lay there before is not looked at
            came_in = [args[0]] if args and isinstance(args[0], torch.Tensor) else []
        elif name.startswith(OVERWRITES):
            came_in = [args[0]]
            self._gather(args[1:], came_in, numbers)
        else:
            self._gather(args, came_in, numbers)
        if kwargs and came_in:
            told = [value for word, value in kwargs.items() if word != "out"]  # it is written to
            self._gather(told, came_in, numbers)
        trace = self._trace
        inputs = trace.reads(came_in, numbers)
        out = func(*args, **kwargs)
        came_out: list[torch.Tensor] = []
        numbers = []
        if not blank:
            self._gather(out if isinstance(out, (tuple, list)) else (out,), came_out, numbers)
            if mutates and not came_out:  # it hands nothing back: what it wrote to is what it made
                self._gather(came_in, came_out, numbers)
        outputs = 0 if blank else trace.makes(came_out, numbers)
        frame = user_frame(sys._getframe().f_back) or elsewhere()
        module = self._modules.now()
        words = (name, module, line_of(frame), signature(_shapes(came_in), _shapes(came_out)))
        trace.keep(words, inputs, outputs, sample_of(came_out) if trace.samples else ())
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

    def _gather(self, values: Any, tensors: list[torch.Tensor], numbers: list[int]) -> None:
        """Add a number for each of the arguments, and the tensors among them."""
        for value in values:
            if isinstance(value, torch.Tensor):
                tensors.append(value)
                numbers.append(tensor_hash(value) if _ordinary(value) else shape_hash(value))
            elif isinstance(value, (list, tuple)):
                self._gather(value, tensors, numbers)
                numbers.append(len(value))
            elif isinstance(value, (bool, int, float, str, torch.dtype)):
                numbers.append(plain_number(value))
