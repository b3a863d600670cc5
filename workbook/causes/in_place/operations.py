"""The operations that torch offers in both forms, found from torch itself.

Owns finding them, and arguments that each accepts. Knows no experiment. A name counts if Tensor,
torch or torch.nn.functional has it with and without the trailing underscore; an overload counts if
torch's own schemas give both forms the same arguments. Arguments are found by trying values of the
type that the schema asks for, so that no list of operations is kept here.
"""

import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

REFUSALS = (RuntimeError, TypeError, ValueError, IndexError)
HOMES = (torch.Tensor, torch, torch.nn.functional)
SELVES = ("vector", "whole", "matrix", "batch", "row")
# What is tried for each type of argument, in this order; a str names an operand or is the value.
TENSORS = ("vector", "whole", "mask", "index", "matrix", "batch", "row", "single")
VALUES: Mapping[str, tuple[Any, ...]] = {
    "Tensor": TENSORS,
    "List[Tensor]": (("index",),),
    "List[Optional[Tensor]]": (("index",),),
    "List[int]": ((4, 1), (0,)),
    "number": (0.5, 2),
    "float": (0.5,),
    "int": (0, 1),
    "bool": (True,),
    "str": ("=sum", "=add", "=prod", "=floor"),
}


@dataclass(frozen=True)
class Operation:
    """One overload in both forms, and the arguments that were found for it.

    `recipe` names the operand that the operation is called on, then the value of each argument,
    of which the last are passed by the names in `keywords`; without one, `reason` says why.
    `draws` says whether it moved the random generator.
    """

    name: str
    in_place: Any
    out_of_place: Any
    keywords: tuple[str, ...] = ()
    recipe: tuple[Any, ...] = ()
    reason: str = ""
    draws: bool = False

    def run(self, form: Any, operands: Mapping[str, Tensor]) -> Tensor:
        """Call one form on a fresh copy of its operand; whatever torch raises is raised."""
        values = [_value(value, operands) for value in self.recipe[1:]]
        by_place = len(values) - len(self.keywords)
        named = dict(zip(self.keywords, values[by_place:], strict=True))
        result: Tensor = form(operands[self.recipe[0]].clone(), *values[:by_place], **named)
        return result


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """List every overload that has both forms, sorted by name; searched once in a process."""
    pairs = [pair for name in _names() for pair in _overloads(name)]
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # some of the forms tried are deprecated
        torch.manual_seed(0)
        operands = make_operands(16, torch.float64, torch.device("cpu"))
        return tuple(_found(*pair, operands) for pair in pairs)


@lru_cache(maxsize=1)
def only_in_place() -> tuple[str, ...]:
    """List the names with an underscore that have no plain form with the same arguments."""
    return tuple(f"{name}_" for name in _names() if not list(_overloads(name)))


def make_operands(size: int, dtype: torch.dtype, device: torch.device) -> dict[str, Tensor]:
    """Draw the tensors that arguments are made of, of about `size` elements, with torch.rand.

    A name with 2 is another draw of the same shape, for arguments: no operand meets itself.
    """
    side = max(1, math.isqrt(size))
    shapes = {
        "vector": (size,), "matrix": (side, side), "batch": (2, side, side),
        "row": (side,), "single": (),
    }  # fmt: skip
    made = {}
    for name, shape in shapes.items():
        made[name] = torch.rand(shape).to(device, dtype)
        made[f"{name}2"] = torch.rand(shape).to(device, dtype)
    for name in ("whole", "whole2"):
        made[name] = (torch.rand(size) * 8).long().to(device)
    made["index"] = torch.rand(size).argsort().to(device)
    made["mask"] = (torch.rand(size) < 0.5).to(device)
    return made


def _names() -> list[str]:
    every = {name for home in HOMES for name in dir(home) if not name.startswith("_")}
    return sorted(name[:-1] for name in every if name.endswith("_") and callable(_public(name)))


def _public(name: str) -> Any:
    return next((getattr(home, name) for home in HOMES if hasattr(home, name)), None)


def _overloads(name: str) -> Iterator[tuple[str, list[Any]]]:
    """Give the arguments of each overload that both forms have, with a title of its own."""
    if not callable(_public(name)):
        return
    packets = [getattr(torch.ops.aten, form, None) for form in (f"{name}_", name)]
    written, plain = ([] if p is None else [getattr(p, o) for o in p.overloads()] for p in packets)
    in_both = {_signature(overload) for overload in plain}
    for variant in written:
        arguments = variant._schema.arguments
        if _signature(variant) in in_both and str(arguments[0].type) == "Tensor":
            overload = f".{variant._overloadname}" if len(written) > 1 else ""
            yield f"{name}_{overload}".removesuffix(".default"), arguments[1:]


def _signature(overload: Any) -> tuple[tuple[str, str], ...]:
    """Give types and names, but not the operand's own name: dropout says input for self."""
    arguments = overload._schema.arguments
    return tuple(
        (part.name if place else "", str(part.type)) for place, part in enumerate(arguments)
    )


def _found(title: str, arguments: list[Any], operands: Mapping[str, Tensor]) -> Operation:
    name = title.split(".")[0]
    forms = _public(name), _public(name[:-1])
    reason = ""
    for keywords, recipe in _recipes(arguments):
        before = torch.get_rng_state()
        operation = Operation(title, *forms, keywords, recipe)
        try:
            for form in forms:
                operation.run(form, operands)
        except REFUSALS as error:
            reason = reason or first_line(error)
        else:
            draws = not torch.equal(before, torch.get_rng_state())
            return replace(operation, draws=draws)
    return Operation(title, *forms, reason=reason or "nothing is known that it accepts")


def _recipes(arguments: list[Any]) -> Iterator[tuple[tuple[str, ...], tuple[Any, ...]]]:
    """List what to try: first only the arguments that must be given, then one that may be, too."""
    needed = [part for part in arguments if not part.has_default_value()]
    for more in (None, *(part for part in arguments if part.has_default_value())):
        chosen = [part for part in arguments if part in needed or part is more]
        keywords = tuple(part.name for part in chosen if part.kwarg_only or part is more)
        values = [("index",) if part.name == "index" else _values(part.type) for part in chosen]
        yield from ((keywords, recipe) for recipe in itertools.product(SELVES, *values))


def _values(kind: object) -> tuple[Any, ...]:
    name = str(kind)
    if name.startswith("Optional["):
        name = name.removeprefix("Optional[").removesuffix("]")
    return VALUES.get(name, ())


def _value(value: Any, operands: Mapping[str, Tensor]) -> Any:
    if isinstance(value, tuple):
        return [_value(part, operands) for part in value]
    if isinstance(value, str):
        return value[1:] if value.startswith("=") else operands.get(f"{value}2", operands[value])
    return value


def first_line(error: Exception) -> str:
    """Cut an error to its first line, without the traces that torch may add."""
    return str(error).strip().split("\n")[0]
