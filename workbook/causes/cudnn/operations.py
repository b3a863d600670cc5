"""One operation of the catalogue: its operands, how it is called, and what torch's text calls it.

Owns the row and how it becomes a call on a device. The rows stand in `indexing`, `layers` and
`arithmetic`; this module knows none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from workbook.conditions import Conditions

# What torch says where it refuses; older ones ask for the variable before any matrix product.
REFUSALS = ("does not have a deterministic implementation", "CUBLAS_WORKSPACE_CONFIG")


@dataclass(frozen=True)
class Operand:
    """A tensor to be drawn: of `shape`, from 0 to 1, or whole numbers below `high` if that is set.

    `rows` says that the first dimension is a batch. Drawn on the CPU, so that every device gets
    the same bits.
    """

    shape: tuple[int, ...]
    high: int = 0
    rows: bool = False
    dtype: torch.dtype = torch.float32

    def drawn(self) -> Tensor:
        """Draw the tensor, on the CPU."""
        numbers = torch.rand(self.shape)
        return (numbers * self.high).long() if self.high else numbers.to(self.dtype)


def rand(*shape: int, dtype: torch.dtype = torch.float32) -> Operand:
    """Describe an operand of numbers from 0 to 1."""
    return Operand(shape, dtype=dtype)


def batch(*shape: int, dtype: torch.dtype = torch.float32) -> Operand:
    """Describe an operand of numbers from 0 to 1 whose first dimension is a batch."""
    return Operand(shape, rows=True, dtype=dtype)


def whole(*shape: int, high: int) -> Operand:
    """Describe an operand of whole numbers from 0 to high - 1."""
    return Operand(shape, high)


@dataclass(frozen=True)
class Operation:
    """A row: `compute` on the operands, or its gradient with respect to operand number `of`.

    `entry` has words that the operation's line in the documentation of
    torch.use_deterministic_algorithms contains, none if it has no line there. `other` computes the
    same by another algorithm, where the library's switches cannot choose one.
    """

    name: str
    operands: tuple[Operand, ...]
    compute: Callable[..., Tensor]
    of: int | None = None
    entry: str = ""
    other: Callable[..., Tensor] | None = None

    @property
    def has_batch(self) -> bool:
        """Whether a row of the result belongs to a row of the operands."""
        return any(operand.rows for operand in self.operands) and (
            self.of is None or self.operands[self.of].rows
        )

    @property
    def operand_words(self) -> str:
        """The operands in words: runs on others are not to be added up."""
        words = (f"{each.dtype}{list(each.shape)}{each.high or ''}" for each in self.operands)
        return ", ".join(words).replace("torch.", "")

    def drawn(self) -> tuple[Tensor, ...]:
        """Draw the operands, and the gradient that arrives from above, on the CPU."""
        operands = tuple(operand.drawn() for operand in self.operands)
        if self.of is None:
            return operands
        with torch.no_grad():
            above = (self.other or self.compute)(*operands)
        return (*operands, torch.rand(above.shape).to(above.dtype))

    def one_row(self, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Cut the operands to a batch of one: the first row."""
        above = (True,) if self.of is not None else ()
        flags = (*(operand.rows for operand in self.operands), *above)
        return tuple(t[:1] if rows else t for t, rows in zip(tensors, flags, strict=True))

    def run(self, tensors: tuple[Tensor, ...], *, other: bool = False) -> Tensor:
        """Run the operation, or compute its gradient, on tensors that `drawn` gave."""
        compute = self.other if other and self.other else self.compute
        if self.of is None:
            with torch.no_grad():
                return compute(*tensors)
        *operands, above = tensors
        leaf = operands[self.of].detach().requires_grad_()
        operands[self.of] = leaf
        with torch.enable_grad():
            result = compute(*operands)
        (gradient,) = torch.autograd.grad(result, leaf, above)
        return gradient


def on(where: Conditions, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Move the tensors to the device of the conditions."""
    return tuple(tensor.to(where.torch_device) for tensor in tensors)
