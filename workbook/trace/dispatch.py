"""A dispatch mode that the compiler passes by, and that does not load it.

Owns that alone. Knows nothing of what a mode does.
"""

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
        if "torch._dynamo" in sys.modules:
            type(self).stay_away()
        return super().__enter__()

    @classmethod
    def stay_away(cls) -> None:
        """Keep the compiler, which is loaded, from compiling what the mode does as well."""
        if not cls.passed_by:
            cls.__torch_dispatch__ = _disable_dynamo(cls.__torch_dispatch__)  # type: ignore[method-assign]
            cls.passed_by = True
