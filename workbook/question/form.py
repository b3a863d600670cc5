"""What an answer looks like before anybody asks whether it is right.

Owns the words for None, a wrong type, a wrong shape and a wrong dtype. Knows no exercise.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import torch

KINDS = (
    "number",
    "whole number",
    "true or false",
    "text",
    "tensor",
    "list",
    "function",
    "module",
    "anything",
)
PLAIN_KINDS = ("number", "whole number", "true or false")


@dataclass(frozen=True)
class Form:
    """The kind of an answer and, where they matter, its shape, dtype, options or returned value.

    `kind` is one of KINDS. `shape` and `dtype` (`"float32"`) belong to a tensor; None in a shape
    stands for any size. `options` are the words that a text may be. `returns` is the form of what
    a function or a module gives back; without it, any value is let through, None too. "anything"
    is any value but None. ValueError where these do not go together.

    >>> Form("tensor", shape=(2, None)).misfit(torch.zeros(3, 2))
    'Your answer has shape (3, 2); it must be (2, any).'
    """

    kind: str
    shape: tuple[int | None, ...] | None = None
    dtype: str | None = None
    options: tuple[str, ...] = ()
    returns: Form | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {self.kind!r}")
        if self.kind != "tensor" and (self.shape is not None or self.dtype is not None):
            raise ValueError(f"only a tensor has a shape and a dtype, got them for {self.kind!r}")
        if self.dtype is not None and not isinstance(getattr(torch, self.dtype, 0), torch.dtype):
            raise ValueError(f"dtype must be the name of a torch dtype, got {self.dtype!r}")
        if self.kind != "text" and self.options:
            raise ValueError(f"only a text has options, got them for {self.kind!r}")
        if self.returns is not None and not self.is_called:
            raise ValueError(f"only a function or a module returns, got it for {self.kind!r}")

    @property
    def is_called(self) -> bool:
        """Whether the checker calls the answer."""
        return self.kind in ("function", "module")

    def plain(self, value: Any) -> Any:
        """The value as Python's own number or bool, where one is asked for and this is one.

        A tensor or array of no dimensions becomes its item, 2048.0 becomes the whole number 2048.
        Everything else comes back as it is.
        """
        if self.kind not in PLAIN_KINDS:
            return value
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if self.kind == "whole number" and isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    def misfit(self, value: Any, subject: str = "Your answer", verb: str = "is") -> str | None:
        """What keeps the value from being of this form, in a sentence; None if nothing does."""
        if value is None:
            return f"{subject} {verb} None. Is a `return` missing, or a value?"
        if not _is_kind(self.kind, value):
            return f"{subject} {verb} {told(value)}; it must be {_A[self.kind]}."
        if self.options and value not in self.options:
            allowed = ", ".join(f'"{option}"' for option in self.options)
            return f'{subject} {verb} "{value}"; it must be one of {allowed}.'
        if self.shape is not None and not _fits(value.shape, self.shape):
            return f"{subject} has shape {_shape(value.shape)}; it must be {_shape(self.shape)}."
        if self.dtype is not None and value.dtype != getattr(torch, self.dtype):
            return f"{subject} has dtype {_dtype(value)}; it must be {self.dtype}."
        return None


def told(value: Any) -> str:
    """A value in a few words: what it is, and which where that is short.

    >>> told(3), told("three"), told(torch.zeros(3))
    ('the number 3', 'the text "three"', 'a tensor of shape (3) and dtype float32')
    """
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {_shape(value.shape)} and dtype {_dtype(value)}"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Real):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else "a long text"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, torch.nn.Module):
        return f"a module ({type(value).__name__})"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"a function ({getattr(value, '__name__', type(value).__name__)})"
    return f"of type {type(value).__name__}"


_A = {
    "number": "a number",
    "whole number": "a whole number",
    "true or false": "True or False",
    "text": "a text in quotes",
    "tensor": "a tensor",
    "list": "a list or a tuple",
    "function": "a function",
    "module": "a module (an instance of torch.nn.Module)",
}


def _is_kind(kind: str, value: Any) -> bool:
    is_true_or_false = isinstance(value, bool)
    if kind in ("number", "whole number"):
        return isinstance(value, Integral if kind == "whole number" else Real) and (
            not is_true_or_false
        )
    if kind == "true or false":
        return is_true_or_false
    if kind == "function":
        return callable(value) and not isinstance(value, type)
    types: dict[str, Any] = {
        "text": str,
        "tensor": torch.Tensor,
        "list": (list, tuple),
        "module": torch.nn.Module,
        "anything": object,
    }
    return isinstance(value, types[kind])


def _fits(shape: torch.Size, wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (None, came) for came, size in zip(shape, wanted, strict=True)
    )


def _shape(shape: torch.Size | tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
