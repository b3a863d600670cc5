"""The store of a trace: numbers in flat arrays, words kept once.

Owns the layout in memory and in a file. Knows nothing of how operations are seen.
"""

import json
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from workbook.trace.draws import Draw
from workbook.trace.reading import SAMPLES, Operation

_S = TypeVar("_S", bound="Store")


class Store:
    """Operations in order and the ledger of draws, well under 200 bytes for each operation."""

    def __init__(self, *, samples: bool = False) -> None:
        self._names: dict[str, int] = {}
        self._words: list[str] = []
        self._codes = array("I")  # four for each operation: name, module, line, signature
        self._hashes = array("Q")  # two for each operation: inputs, outputs
        self._samples = array("d") if samples else None
        self.draws: list[Draw] = []

    @property
    def samples(self) -> bool:
        """Whether values are kept of each output."""
        return self._samples is not None

    def __len__(self) -> int:
        return len(self._hashes) // 2

    def __getitem__(self, index: int) -> Operation:
        if not 0 <= index < len(self):
            raise IndexError(f"an operation is 0 to {len(self) - 1}, got {index}")
        name, module, line, words = (self._words[c] for c in self._codes[4 * index : 4 * index + 4])
        inputs, outputs = self._hashes[2 * index : 2 * index + 2]
        kept = (
            self._samples[SAMPLES * index : SAMPLES * index + SAMPLES]
            if self._samples is not None
            else ()
        )
        return Operation(index, name, module, line, words, inputs, outputs, tuple(kept))

    def __iter__(self) -> Iterator[Operation]:
        return (self[index] for index in range(len(self)))

    def save(self, path: Path) -> None:
        """Write the operations (not the draws) as plain arrays, without pickles."""
        words = np.frombuffer(json.dumps(self._words).encode(), dtype=np.uint8)
        samples = np.array(self._samples if self._samples is not None else [], dtype=np.float64)
        np.savez(
            path,
            words=words,
            codes=np.array(self._codes, dtype=np.uint32),
            hashes=np.array(self._hashes, dtype=np.uint64),
            samples=samples,
        )

    @classmethod
    def load(cls: type[_S], path: Path) -> _S:
        """Read the operations that `save` wrote."""
        made = cls(samples=True)
        with np.load(path, allow_pickle=False) as data:
            made._words = json.loads(data["words"].tobytes())
            made._codes = array("I", data["codes"].tolist())
            made._hashes = array("Q", data["hashes"].tolist())
            made._samples = array("d", data["samples"].tolist())
        return made

    def keep(
        self,
        words: tuple[str, str, str, str],
        inputs: int,
        outputs: int,
        sample: tuple[float, ...],
    ) -> None:
        """Add one operation: its name, submodule, line and signature, and what it read and made."""
        known = self._names
        for word in words:
            code = known.get(word)
            if code is None:
                code = known[word] = len(self._words)
                self._words.append(word)
            self._codes.append(code)
        self._hashes.append(inputs)
        self._hashes.append(outputs)
        if self._samples is not None:
            self._samples.extend(sample)
