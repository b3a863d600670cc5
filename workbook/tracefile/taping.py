"""A run watched for a trace file: a trace that also keeps what each tensor was, in a few numbers.

Owns what is kept of a tensor, of a step and of a draw, and where the watching ends. It only looks.
"""

import hashlib
import random
import struct
from typing import Any

import numpy as np
import torch
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from workbook.trace import Trace, tensor_hash
from workbook.trace.hashing import bytes_hash, shape_hash
from workbook.trace.reading import kind
from workbook.tracefile.sketch import SMALLEST, sketched
from workbook.tracefile.tape import Tape

OPERATIONS = 20_000
"""Operations that are kept; a longer run is kept up to there, and its steps to the end."""

_WHOLE = 4  # steps whose operations are all kept; after them those of steps 8, 16, 32, ...
_EVERY = 1_000  # steps after which only powers of two are kept


class Watch(Trace):
    """Fills a tape: `with Watch() as watch: ...`, then `watch.tape`.

    With `key` every hash is keyed (BLAKE2b), so that nobody without the key can find a value by
    trying. With `small`, tensors of fewer than 64 elements are summed as well: their sums tell
    their values. Without `lines` no line of the program is kept.
    """

    def __init__(
        self,
        *,
        key: bytes = b"",
        small: bool = False,
        lines: bool = True,
        operations: int = OPERATIONS,
    ) -> None:
        super().__init__()
        self.tape = Tape(small=small)
        self.lines, self.devices = lines, set[str]()
        self._key, self._most = key, operations
        self._known: dict[tuple[int, str], int] = {}
        self._numbers: dict[str, int] = {}
        self._bare: list[int] = []
        self._made: set[int] = set()  # hashes of what operations made, or of all the memory of it
        self._came_in: list[int] = []
        self._came_out: list[int] = []
        self._step = 0

    def __enter__(self) -> "Watch":
        super().__enter__()
        self._exit.callback(register_optimizer_step_post_hook(self._after).remove)
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.tape.draws = [
            [d.operation, d.generator, d.what, self._line(d.line), d.count, self._keyed(d.value)]
            for d in self.draws
        ]

    def __len__(self) -> int:
        return len(self.tape)

    @property
    def full(self) -> bool:
        """Whether there was no room for more operations, or steps went by unseen."""
        return self.paused or len(self) >= self._most

    def reads(self, tensors: list[torch.Tensor], numbers: list[int]) -> int:
        """Keep the tensors that an operation is about to read."""
        self._came_in = [self._value(each, set(numbers), read=True) for each in tensors]
        return self._plain(numbers, self._came_in)

    def makes(self, tensors: list[torch.Tensor], numbers: list[int]) -> int:
        """Keep the tensors that an operation made."""
        self._came_out = [self._value(each, set(numbers)) for each in tensors]
        self._made.update(self._bare[value] for value in self._came_out)
        self._made.update(_around(each) for each in tensors if not _whole(each))
        return self._plain(numbers, self._came_out)

    def keep(
        self, words: tuple[str, str, str, str], inputs: int, outputs: int, sample: tuple[float, ...]
    ) -> None:
        """Keep one operation; the last one that there is room for ends the watching."""
        made = self.tape.columns
        name, module, line, _ = words
        if name.startswith("aten._to_copy") and self._came_in == self._came_out:
            self._came_out = []
            return  # to another device: nothing is computed
        counts = (len(self._came_in), len(self._came_out))
        made["operations"].extend((*map(self._word, (name, module, self._line(line))), *counts))
        made["reads"].extend(self._came_in)
        made["makes"].extend(self._came_out)
        made["told"].append(inputs)
        made["gave"].append(outputs)
        self._came_out = []
        self.paused = len(self.tape) >= self._most

    def _value(self, tensor: torch.Tensor, looked_at: set[int], *, read: bool = False) -> int:
        """Give the number of a tensor; one whose contents nobody looks at is known by its kind.

        A tensor that is read comes from outside unless it was made, or is a view of what was made.
        """
        word = kind(tensor.shape, tensor.dtype)
        plain = not tensor.is_meta and type(tensor).__torch_dispatch__ is _DISABLED
        bare = tensor_hash(tensor) if plain else shape_hash(tensor)
        plain, bare = plain and bare in looked_at, bare if bare in looked_at else 0
        code = self._keyed(bare)
        known = self._known.get((code, word))
        if known is not None:
            return known
        self.devices.add(tensor.device.type)
        number = self._known[code, word] = len(self._known)
        self._bare.append(bare)
        outside = read and bare != 0 and bare not in self._made
        outside = outside and (_whole(tensor) or _around(tensor) not in self._made)
        self.tape.columns["outside"].append(outside)
        self.tape.columns["kinds"].append(self._word(word))
        self.tape.columns["hashes"].append(code)
        if self.tape.small or tensor.numel() >= SMALLEST:
            norm, *sums = sketched(tensor) if plain else [float("nan")] * 9
            self.tape.columns["norms"].append(norm)
            self.tape.columns["sums"].extend(sums)
        return number

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self.paused = True  # what is read here is no part of the run
        self._step += 1
        number = self._step
        if number <= _EVERY or not number & (number - 1):
            weights = [weight for group in optimizer.param_groups for weight in group["params"]]
            parts = (_generators(), _tensors([w.grad for w in weights]), _tensors(weights))
            self.tape.columns["steps"].extend((number, len(self), *map(self._keyed, parts)))
        upcoming = number + 1
        kept = upcoming <= _WHOLE or not upcoming & (upcoming - 1)
        self.paused = not kept or len(self) >= self._most

    def _word(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self.tape.words)
            self.tape.words.append(word)
        return number

    def _line(self, line: str) -> str:
        return line if self.lines else ""

    def _plain(self, numbers: list[int], values: list[int]) -> int:
        """Hash those of an operation's numbers that stand for no tensor; 0 where there are none."""
        tensors = [self._bare[value] for value in values]
        rest = []
        for number in numbers:
            if number in tensors:  # what is written over stands first, and was not looked at
                tensors.remove(number)
            else:
                rest.append(number & _MASK)
        return self._keyed(bytes_hash(struct.pack(f"<{len(rest)}Q", *rest))) if rest else 0

    def _keyed(self, number: int) -> int:
        if not self._key:
            return number
        data = (number & _MASK).to_bytes(8, "little")
        code = hashlib.blake2b(data, digest_size=8, key=self._key)
        return int.from_bytes(code.digest(), "little")


_MASK = (1 << 64) - 1
_DISABLED = torch.Tensor.__torch_dispatch__


def _whole(tensor: torch.Tensor) -> bool:
    """Say whether a tensor is all of its memory, as it lies there, or has none to be read."""
    if tensor.is_meta or tensor.layout is not torch.strided or tensor.is_quantized:
        return True
    size = tensor.untyped_storage().nbytes()
    return tensor.is_contiguous() and size == tensor.numel() * tensor.element_size()


def _around(tensor: torch.Tensor) -> int:
    """Hash all the memory that a tensor is a view of, as numbers of its format in a row."""
    row = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
    return tensor_hash(row.set_(tensor.untyped_storage()))  # type: ignore[call-overload]


def _tensors(values: list[torch.Tensor | None]) -> int:
    hashes = [0 if value is None else tensor_hash(value.detach()) for value in values]
    return bytes_hash(struct.pack(f"<{len(hashes)}Q", *hashes))


def _generators() -> int:
    own: Any = random
    states = (
        torch.default_generator.get_state().numpy().tobytes(),
        repr(np.random.mtrand._rand.get_state()).encode(),
        repr(own._inst.getstate()).encode(),
    )
    return bytes_hash(b"".join(states))
