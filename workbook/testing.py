"""Assertions for test suites: a difference is rounding, and a result repeats.

Owns what fails, and the sentence that says why. Knows bounds and comparisons; neither figures nor
notebooks, so the plain installation has all of it. Works under pytest, unittest, and without them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from workbook.bounds import Bound, matmul_bound, mean_bound, sum_bound
from workbook.bounds.bound import real_numbers
from workbook.bounds.depth import Dim
from workbook.bounds.sums import Depth
from workbook.comparison import Comparison, compare, error_of

__all__ = ["assert_repeats", "assert_rounding"]

Terms = Tensor | Sequence[Tensor]

_SUMS = {"sum": sum_bound, "mean": mean_bound}
_OPERANDS = {"matmul": "a, b", "dot": "a, b", "linear": "x, weight, bias or x, weight"}


def assert_rounding(
    actual: Tensor,
    expected: Tensor,
    *,
    op: str,
    terms: Terms,
    dim: Dim = None,
    depth: Depth = "torch",
    inputs: str | None = None,
    tensor_cores: bool = False,
    notice: float | None = None,
) -> str:
    """Pass where rounding is enough to explain how far two results of one operation are apart.

    `op` and `terms` say what both compute: "sum" or "mean" of the tensor `terms` over `dim`, or
    "matmul", "dot" or "linear" of the tensors in `terms`: (a, b), or (x, weight, bias). The bound
    follows from the terms, the format and the depth of the additions, in `workbook.bounds`'s words
    for sums: "torch" (both results are torch's own, added as `terms` lie in memory), "any" (a loop,
    a kernel of your own), or a number; for products any order is covered. `inputs` and
    `tensor_cores` are for products whose operands the hardware rounds. 16-bit results are taken to
    be added up in float32 and rounded once. Where `expected` is float64 and `actual` is not, it is
    the truth: then one limit counts instead of two.

    Returns what the check would not notice, in words. Fails, as an AssertionError with the whole
    sentence, where the difference is doubtful, wrong, or left the range of the format; and where a
    fault as large as `notice`, in the unit of the result, could hide behind the limit. ValueError
    or TypeError for what does not fit.

    >>> x = torch.tensor([1.0, 2**-24, 2**-24])
    >>> assert_rounding((x[0] + x[1]) + x[2], x[0] + (x[1] + x[2]), op="sum", terms=x)
    'a fault below 3.6e-07 could hide here, but not the loss of one element of mean size'
    """
    __tracebackhide__ = True  # pytest then shows the caller's line
    bound = _bound(op, terms, _format(actual), dim, depth, inputs, tensor_cores)
    _check_shape(actual, bound, op)
    compared = _compared(actual, expected, bound)
    unseen = compared.unseen_words()
    if not compared.within:
        raise AssertionError(compared.sentence())
    if notice is not None and not (compared.unseen or 0.0) <= notice:
        raise AssertionError(
            f"This check would not notice a fault of {notice:g}: {unseen}. State the depth of the "
            "additions, compare with float64, or check fewer terms at a time."
        )
    return unseen


def assert_repeats(function: Callable[[], Any], *, runs: int = 59) -> str:
    """Pass where a function gives the first run's bits in each of `runs` more runs.

    `function` takes nothing and returns a tensor, an array, a number, a string, or a tuple, list
    or dict of them. Returns what the runs prove, in words: if another result came with a
    probability of p a run, all would agree with one of (1 - p)**runs, so with 95 % confidence p is
    at most 1 - 0.05**(1/runs), about 3 / runs. Fails, as an AssertionError, at the first run that
    differs.
    ValueError for fewer than one run.

    >>> assert_repeats(lambda: torch.ones(3).sum(), runs=299)[:47]
    '299 runs gave the bits of the first: with 95 % '
    """
    __tracebackhide__ = True
    if isinstance(runs, bool) or not isinstance(runs, int) or runs < 1:
        raise ValueError(f"runs must be a whole number from 1, got {runs!r}")
    first, layout = _kept(function())
    for number in range(1, runs + 1):
        again, shape = _kept(function())
        if shape != layout:
            raise AssertionError(f"Run {number} of {runs} returned {shape}, the first {layout}.")
        for place, (expected, actual) in enumerate(zip(first, again, strict=True)):
            if said := _difference(expected, actual):
                where = f" in part {place + 1} of {len(first)}" if len(first) > 1 else ""
                raise AssertionError(f"Run {number} of {runs} is not the first{where}: {said}")
    most = 1 - 0.05 ** (1 / runs)
    return (
        f"{runs} runs gave the bits of the first: with 95 % confidence fewer than {most:.1%} of "
        "runs give others, of runs in one process; another one may place memory and threads anew."
    )


def _bound(
    op: str, terms: Terms, fmt: str, dim: Dim, depth: Depth, inputs: str | None, cores: bool
) -> Bound:
    """Bound one result; 16-bit formats are added up in float32."""
    result = fmt if fmt.startswith(("float16", "bfloat16", "float8")) else None
    inner = fmt if result is None else "float32"
    if op in _SUMS:
        if not isinstance(terms, Tensor):
            raise TypeError(f"terms of a {op} must be one tensor, got {type(terms).__name__}")
        if inputs is not None or cores:
            raise ValueError(f"inputs and tensor_cores are for products, got op={op!r}")
        _check_finite(terms)
        return _SUMS[op](terms, inner, dim, depth=depth, result=result)
    if op not in _OPERANDS:
        raise ValueError(f"op must be one of {', '.join((*_SUMS, *_OPERANDS))}, got {op!r}")
    if dim is not None or depth != "torch":
        raise ValueError(f"dim and depth are for sums: a {op} is bounded in any order")
    a, b = _operands(op, terms)
    return matmul_bound(a, b, inner, inputs=inputs, result=result, tensor_cores=cores)


def _operands(op: str, terms: Terms) -> tuple[Tensor, Tensor]:
    """Give two operands that fit; the bias of a linear map is one product more."""
    counts = (2, 3) if op == "linear" else (2,)
    if isinstance(terms, Tensor) or len(terms) not in counts:
        got = "one tensor" if isinstance(terms, Tensor) else f"{len(terms)} terms"
        raise ValueError(f"terms of a {op} must be ({_OPERANDS[op]}), got {got}")
    for operand in terms:
        _check_finite(operand)
    a, b = terms[0], terms[1]
    if op == "dot" and (a.dim() != 1 or a.shape != b.shape):
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"terms of a dot must be two vectors of one length, got {shapes}")
    if op != "linear":
        return a, b
    if b.dim() != 2 or a.shape[-1:] != b.shape[-1:]:
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"x and weight must end in one length, got shapes {shapes}")
    if len(terms) == 3:
        if terms[2].shape != b.shape[:1]:
            raise ValueError(f"bias must have shape {tuple(b.shape[:1])}, got "
                             f"{tuple(terms[2].shape)}")  # fmt: skip
        a = torch.cat([a, torch.ones_like(a[..., :1])], dim=-1)
        b = torch.cat([b, terms[2][:, None]], dim=1)
    return a, b.mT


def _format(actual: object) -> str:
    if not isinstance(actual, Tensor):
        raise TypeError(f"actual must be a torch.Tensor, got {type(actual).__name__}")
    real_numbers(actual)
    if not actual.is_floating_point():
        raise ValueError(
            f"actual must be floating, got {actual.dtype}: whole numbers add up exactly, so use "
            "torch.equal"
        )
    return str(actual.dtype).removeprefix("torch.")


def _check_finite(terms: Tensor) -> None:
    real_numbers(terms)
    if terms.is_floating_point() and terms.element_size() > 1:
        bad = terms.numel() - int(terms.isfinite().sum())
        if bad:
            raise ValueError(
                f"terms must be finite, got {bad} of {terms.numel()} that are NaN or infinite: no "
                "bound holds for them"
            )


def _check_shape(actual: Tensor, bound: Bound, op: str) -> None:
    shape = bound.limit.shape if isinstance(bound.limit, Tensor) else torch.Size()
    if actual.shape != shape:
        raise ValueError(
            f"these terms make a {op} of shape {tuple(shape)}, got one of {tuple(actual.shape)}: "
            "give the terms of this result, and dim"
        )


def _compared(actual: Tensor, expected: Tensor, bound: Bound) -> Comparison:
    truth = isinstance(expected, Tensor) and expected.dtype == torch.float64 != actual.dtype
    if truth:
        return error_of(actual, expected, bound=bound, first="actual", second="expected")
    return compare(actual, expected, bound=bound + bound, first="actual", second="expected")


def _kept(result: Any) -> tuple[list[Any], str]:
    """List the parts of a result, tensors copied: the next run may write into the same memory."""
    parts, layout = tree_flatten(result)
    kept = [torch.from_numpy(part) if isinstance(part, np.ndarray) else part for part in parts]
    kept = [part.detach().clone() if isinstance(part, Tensor) else part for part in kept]
    return kept, str(layout)


def _difference(expected: Any, actual: Any) -> str:
    """Say what differs, in a sentence; empty where nothing does."""
    if isinstance(expected, Tensor) and isinstance(actual, Tensor):
        old, new = ((side.shape, side.dtype, side.device) for side in (expected, actual))
        if new != old:
            return (
                f"a tensor of {actual.dtype} and shape {tuple(actual.shape)} instead of "
                f"{expected.dtype} and {tuple(expected.shape)}."
            )
        compared = compare(actual, expected, first="this run", second="the first")
        return "" if compared.identical else compared.sentence().rpartition(". ")[0] + "."
    if isinstance(expected, float) and isinstance(actual, float):
        same = expected.hex() == actual.hex()  # every bit: -0.0 is not 0.0, and NaN is NaN
    else:
        same = type(expected) is type(actual) and bool(expected == actual)
    return "" if same else f"{actual!r} instead of {expected!r}."
