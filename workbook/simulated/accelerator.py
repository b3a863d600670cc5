"""The switch of the imitated accelerator: what it imitates, refuses and hands on.

Works below autograd, so that backward passes are imitated too. Knows the table of operators, and
nothing of conditions or experiments.
"""

from collections import Counter
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from workbook.simulated.operators import OPERATORS
from workbook.simulated.reduction import Reduction

FLOAT64 = ("downcast", "refuse")
"""What an accelerator without float64 arithmetic may do with float64."""

_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


class SimulatedAccelerator(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's base
    """Compute matrix products, sums and means as another processor might, while it is entered.

    Imitated are mm, bmm, mv, dot, addmm, baddbmm, addmv, sum and mean, and with them what torch
    builds from them (Linear, einsum, their gradients), for dense CPU tensors of float16, bfloat16,
    float32 and float64. Arithmetic is float32 throughout; the result is rounded to its dtype at
    the end. All else, convolution and softmax for example, passes through untouched. `calls`
    counts the operators that were imitated; while `paused` is set there are none. It holds for the
    thread that enters it.

    `tile`, `order`, `lanes`, `fma`: see `Reduction`. `order` decides nothing where a dot product
    fits into one tile, or a sum into one row of lanes; `fma` concerns products alone. `float64`:
    "downcast" keeps the label float64 on float32 arithmetic, as torch-directml does on a GPU that
    stores float64 (microsoft/DirectML#398). "refuse" raises the RuntimeError that it raises on
    the others (#430), for every operator that takes or makes float64 except a cast away from it.
    Either way, a float64 reference has to be computed outside.

    With every setting a result is a function of the inputs alone: only single IEEE operations in
    a fixed order are used, so its bits are the same on every CPU, with any number of threads and
    in any torch. (Flushing subnormal numbers to zero, where somebody switched it on, changes them.)
    Raises ValueError or TypeError for settings outside their ranges.

    >>> halves = torch.tensor([1.0, 2.0**-24, 2.0**-24])
    >>> with SimulatedAccelerator(lanes=1, order="sequential"):
    ...     first = halves.sum()
    >>> with SimulatedAccelerator(lanes=1, order="reverse"):
    ...     second = halves.sum()
    >>> bool(first == second)
    False
    """

    def __init__(
        self,
        *,
        tile: int = 16,
        order: str = "sequential",
        lanes: int = 64,
        fma: bool = False,
        float64: str = "downcast",
    ) -> None:
        """Check the settings; nothing is switched before the object is entered."""
        super().__init__()  # type: ignore[no-untyped-call]  # torch's base class
        if float64 not in FLOAT64:
            raise ValueError(f"float64 must be one of {', '.join(FLOAT64)}, got {float64!r}")
        self.reduction = Reduction(tile=tile, order=order, lanes=lanes, fma=fma)
        self.float64 = float64
        self.calls: Counter[str] = Counter()
        self.paused = False

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: tuple[type, ...],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Imitate an operator of the table; refuse float64 where asked to; hand on the rest."""
        options = kwargs or {}
        if self.paused:
            return func(*args, **options)
        if self.float64 == "refuse":
            _refuse_float64((args, options), cast=str(func) == "aten._to_copy.default")
        imitated = self._imitate(str(func), args, options)
        if imitated is not None:
            return imitated
        if func.has_kernel_for_dispatch_key(_COMPOSITE):  # so in inference mode: take it apart
            with self:
                return func.decompose(*args, **options)
        result = func(*args, **options)
        if self.float64 == "refuse":
            _refuse_float64(result, cast=False)
        return result

    def _imitate(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Tensor | None:
        """Compute an operator of the table, into `out` where there is one; None for others."""
        if name not in OPERATORS:
            return None
        inputs = {option: value for option, value in options.items() if option != "out"}
        result: Tensor | None = OPERATORS[name](self.reduction, *args, **inputs)
        out: Tensor | None = options.get("out")
        if result is None or (out is not None and out.dtype != result.dtype):
            return None
        self.calls[name.split(".")[1]] += 1
        if out is None:
            return result
        if out.shape != result.shape:
            out.resize_(result.shape)
        return out.copy_(result)


def _refuse_float64(value: object, *, cast: bool) -> None:
    """Raise torch-directml's error for the dtype float64, and for its tensors but in a cast."""
    for leaf in tree_leaves(value):
        stored = isinstance(leaf, Tensor) and leaf.dtype == torch.float64 and not cast
        if stored or leaf is torch.float64:
            raise RuntimeError("The GPU device does not support Double (Float64) operations!")
