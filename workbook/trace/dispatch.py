"""A dispatch mode that the compiler passes by, and that does not load it.

Owns that alone. Knows nothing of what a mode does.
"""

from __future__ import annotations

import sys
from typing import Any

from torch._compile import _disable_dynamo
from torch.utils._python_dispatch import TorchDispatchMode


class Dispatch(TorchDispatchMode):
    """What every mode here is made from."""

    passed_by = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # loading the compiler to tell it to stay away would cost seconds

    def __enter__(self) -> Any:
        kind = type(self)
        if "torch._dynamo" in sys.modules and not kind.passed_by:
            # it is loaded, and would compile what the mode does as well
            kind.__torch_dispatch__ = _disable_dynamo(kind.__torch_dispatch__)  # type: ignore[method-assign]
            kind.passed_by = True
        return super().__enter__()
