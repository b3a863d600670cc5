"""What an answer looks like, and whether it is the expected value.

Owns the words for None, a wrong type, shape or dtype, and for differing values. Knows no exercise.
A mismatch is a value here: the sentence says what differs, never how to repair it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import torch

from workbook.floats import bits_equal

KINDS: Mapping[str, tuple[str, Any]] = {
    "number": ("a number", Real),
    "whole number": ("a whole number", Integral),
    "true or false": ("True or False", bool),
    "text": ("a text in quotes", str),
    "tensor": ("a tensor", torch.Tensor),
    "list": ("a list or a tuple", (list, tuple)),
    "function": ("a function", Callable),
    "module": ("a module (an instance of torch.nn.Module)", torch.nn.Module),
    "anything": ("anything", object),
}
BUT_NOT: Mapping[str, type] = {"number": bool, "whole number": bool, "function": type}


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
    returns: "Form | None" = None

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
        """Give the value as Python's own number or bool, where one is asked for and this is one.

        A tensor or array of no dimensions becomes its item, 2048.0 becomes the whole number 2048.
        Everything else comes back as it is.
        """
        if self.kind not in ("number", "whole number", "true or false"):
            return value
        if getattr(value, "shape", None) == () and hasattr(value, "item"):
            value = value.item()
        if self.kind == "whole number" and isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    def misfit(self, value: Any, subject: str = "Your answer", verb: str = "is") -> str | None:
        """Say what keeps the value from being of this form; None if nothing does."""
        words, kind = KINDS[self.kind]
        if value is None:
            missing = "value" if subject == "Your answer" else "`return`"
            return f"{subject} {verb} None. Is a {missing} missing?"
        if not isinstance(value, kind) or isinstance(value, BUT_NOT.get(self.kind, ())):
            return f"{subject} {verb} {told(value)}; it must be {words}."
        if self.options and value not in self.options:
            allowed = ", ".join(f'"{option}"' for option in self.options)
            return f'{subject} {verb} "{value}"; it must be one of {allowed}.'
        if self.shape is not None and not _fits(value.shape, self.shape):
            return f"{subject} has shape {_shape(value.shape)}; it must be {_shape(self.shape)}."
        if self.dtype not in (None, _dtype(value)):
            return f"{subject} has dtype {_dtype(value)}; it must be {self.dtype}."
        return None


def agree(got: Any, expected: Any) -> bool | str:
    """Give True if two values agree in every bit; otherwise a sentence that says what differs.

    Tensors must have the same shape, dtype and bits, so that 0.0 and -0.0 differ and a NaN agrees
    with the same NaN. Other values are compared with `==`. The sentence does not give the expected
    values away.

    >>> agree(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0]))
    '1 of 2 values differs from the expected one, the first at index 1.'
    """
    if not isinstance(expected, torch.Tensor):
        return bool(got == expected)
    form = Form("tensor", shape=tuple(expected.shape), dtype=_dtype(expected))
    misfit = form.misfit(got, "The result")
    if misfit is not None:
        return misfit
    if bits_equal(got, expected):
        return True
    same = (got == expected) | ((got != got) & (expected != expected))  # NaN is not itself
    differing = (~same).nonzero().tolist()
    if not differing:
        return "The values are equal, but not in every bit: look at the sign of zeros, and at NaN."
    place = ", ".join(map(str, differing[0])) or "0"
    verb = "differs" if len(differing) == 1 else "differ"
    return (
        f"{len(differing)} of {expected.numel()} values {verb} from the expected one, "
        f"the first at index {place}."
    )


def told(value: Any) -> str:
    """Describe a value in a few words: what it is, and which where that is short.

    >>> told(3), told("three"), told(torch.zeros(3))
    ('the number 3', 'the text "three"', 'a tensor of shape (3) and dtype float32')
    """
    name = type(value).__name__
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {_shape(value.shape)} and dtype {_dtype(value)}"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, Real):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else "a long text"
    if isinstance(value, (list, tuple)):
        return f"a {name} of {len(value)}"
    if isinstance(value, torch.nn.Module):
        return f"a module ({name})"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"a function ({getattr(value, '__name__', name)})"
    return f"of type {name}"


def brief(value: Any) -> str:
    """Write a value in a few characters, a tensor by its shape.

    >>> brief(1 / 3), brief(torch.zeros(2, 3)), brief([1, 2]), brief(torch.matmul)
    ('0.333333', 'a tensor of 2 × 3', 'list of 2', 'matmul')
    """
    if isinstance(value, torch.Tensor) and value.dim():
        return f"a tensor of {' × '.join(map(str, value.shape))}"
    value = value.item() if isinstance(value, torch.Tensor) else value
    if isinstance(value, (str, bool)) or value is None:
        return repr(value)
    if isinstance(value, Real):
        return str(value) if isinstance(value, Integral) else f"{float(value):.6g}"
    name = type(value).__name__
    if isinstance(value, (list, tuple)):
        return f"{name} of {len(value)}"
    return str(getattr(value, "__name__", name)).lstrip("_")


def _fits(shape: torch.Size, wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        size in (None, came) for came, size in zip(shape, wanted, strict=True)
    )


def _shape(shape: torch.Size | tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)})"


def _dtype(tensor: Any) -> str:
    return str(getattr(tensor, "dtype", "")).removeprefix("torch.")
