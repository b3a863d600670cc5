"""An answer beside the solution, or a foreseen one: is it the same, and by how much does it miss?

Owns the comparison of two answers, call by call. What is told does not give the solution away.
Judging stands in `judging`.
"""

import math
from numbers import Real
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_map

from workbook.conditions import randomness
from workbook.question.form import brief
from workbook.question.rows import Exercise
from workbook.question.watched import Watched

ROUNDED = 2.0**-16
"""Of the largest number of a result: more than float32 rounds, less than another formula gives."""


def solved(exercise: Exercise, source: str, file: str = "<solution>") -> Any:
    """Give the answer that this code gives in a notebook that has come to the exercise."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(exercise.setup, f"<{exercise.name}: setup>", "exec"), names)
    exec(compile(source, file, "exec"), names)
    return eval(exercise.answer, names)


def handed(exercise: Exercise, answer: Any) -> Any:
    """Give the answer as a check gets it: watched, where it is called, else as a plain value."""
    if not exercise.form.is_called:
        return exercise.form.plain(answer)
    return Watched(answer, returns=exercise.form.returns, may_change=exercise.may_change)


def alike(first: Any, second: Any) -> bool:
    """Say whether two answers, as a check got them, gave the same in each call, but for rounding.

    Modules are the same if their states are.
    """
    both = (each.calls if isinstance(each, Watched) else each for each in (first, second))
    (flat, layout), (others, laid) = (tree_flatten(tree_map(_state, each)) for each in both)
    return bool(layout == laid) and all(map(_near, flat, others))


def _state(value: Any) -> Any:
    return value.state_dict() if isinstance(value, torch.nn.Module) else value


def _near(first: Any, second: Any) -> bool:
    if not all(isinstance(each, (Real, torch.Tensor)) for each in (first, second)):
        return bool(first == second)
    got, other = (torch.as_tensor(each).detach().double() for each in (first, second))
    largest = torch.nan_to_num(other, 0.0, 0.0, 0.0).abs().max() if other.numel() else 0.0
    return got.shape == other.shape and torch.allclose(
        got, other, rtol=0, atol=ROUNDED * float(largest), equal_nan=True
    )


def missed(exercise: Exercise, answer: Any) -> str:
    """Say what was tried with an answer that failed, and by how much it missed the solution's.

    A function or module comes as it was watched while it was checked. The solution is then checked
    in the same way, from the same seed; what is told is the call whose result is furthest from the
    solution's.
    """
    right = solved(exercise, exercise.solution)
    if not exercise.form.is_called:
        return _value_missed(answer, exercise.form.plain(right))
    if exercise.any_values or not answer.calls:
        return ""
    watched = handed(exercise, right)
    randomness.seed(0)
    exercise.check(watched)
    pairs = list(zip(answer.calls, watched.calls, strict=False))
    apart = [_apart(got, right) if one == other else AGREES for (one, got), (other, right) in pairs]
    furthest = max(range(len(apart)), key=lambda call: apart[call][0])
    arguments, got = answer.calls[furthest]
    if apart[furthest] is AGREES:  # the fault is elsewhere: this call would mislead
        return ""
    return f"Tried: `{exercise.answer}({arguments})` gave {brief(got)}{apart[furthest][1]}."


def _value_missed(answer: Any, right: Any) -> str:
    """Tell a number and, from a factor of two on, its miss: a nearer one would give it away."""
    if not _is_number(answer) or not _is_number(right):
        return ""
    size, miss = _apart(answer, right)
    return f"You gave {answer!r}{miss if size >= 2 else ''}."


AGREES = (0.0, "")  # as far as it can be compared


def _apart(got: Any, right: Any) -> tuple[float, str]:
    """Give the relative distance of two numbers, tensors or modules' weights, and words for it.

    The words have one digit, and do not give a number away.
    """
    got, right = _plain(got), _plain(right)
    if isinstance(got, torch.Tensor) and isinstance(right, torch.Tensor):
        return _tensors_apart(got.detach(), right.detach())
    plain = (Real, str, type(None))
    if not isinstance(got, plain) or not isinstance(right, plain):
        return AGREES
    if got == right:
        return AGREES
    if not _is_number(got) or not _is_number(right):
        return 1.0, ", the solution something else"
    size, wanted = float(got), float(right)  # type: ignore[arg-type]
    gap = abs(size - wanted)
    if not math.isfinite(gap):
        return math.inf, ""
    way = "too small" if size < wanted else "too large"
    if size * wanted <= 0:
        return math.inf, f", {way} by about {_digit(gap)}"
    factor = max(size / wanted, wanted / size)
    if factor >= 2:
        return factor, f", {way} by a factor of about {_digit(factor)}"
    return gap / abs(wanted), f", {way} by about {_digit(100 * gap / abs(wanted))} %"


def _plain(value: Any) -> Any:
    """Give a module's parameters as one tensor, and a tensor without dimensions as its number."""
    if isinstance(value, torch.nn.Module):
        weights = [each.detach().flatten() for each in value.parameters()]
        value = torch.cat(weights) if weights else None
    return value.item() if getattr(value, "shape", None) == () else value


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _tensors_apart(got: torch.Tensor, right: torch.Tensor) -> tuple[float, str]:
    if got.shape != right.shape or not got.numel() or _close(got, right):
        return AGREES
    gaps = (got.double() - right.double()).abs()
    count, largest = int((gaps != 0).sum()), float(gaps.max())  # NaN counts
    if not count:
        return AGREES
    words = f", {count} of {got.numel()} values not the solution's"
    if not math.isfinite(largest):
        return math.inf, words
    size = max(float(right.double().abs().max()), torch.finfo(torch.double).tiny)
    return largest / size, f"{words}, by {_digit(largest)} at most"


def _close(got: torch.Tensor, right: torch.Tensor) -> bool:
    """Say whether they are as near as torch's own tests ask for: a rounding is no miss."""
    try:
        torch.testing.assert_close(got, right, check_dtype=False, equal_nan=True)
    except AssertionError:
        return False
    return True


def _digit(size: float) -> str:
    return f"{float(f'{size:.1g}'):g}"
