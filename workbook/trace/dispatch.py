"""A dispatch mode that leaves torch's compiler unloaded.

Owns that one answer. Knows nothing of what a mode does.
"""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class Dispatch(TorchDispatchMode):
    """What every mode here is made from."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # loading the compiler to tell it to stay away would cost seconds
