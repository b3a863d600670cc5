"""A stand-in for torch_directml: tensors on `privateuseone:0`, with the CPU doing the work.

It takes the real module's place on PYTHONPATH, in child processes only: registering a backend
cannot be undone. Its tensors are real device tensors without host memory, so code that forgets
`.cpu()` fails as it would there. float64 is refused, products and sums are added in another order
(the simulated accelerator), and operations without a kernel warn and are computed by the CPU.
Needs torch 2.13 or newer.

A device tensor carries its values as a CPU tensor on its storage, because autograd hands on
storages and drops Python attributes of tensors. Views of it share memory as CPU views do. Strides
are not imitated: every device tensor says that it is contiguous. Nor is a new shape in place.
"""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from workbook.simulated import SimulatedAccelerator

TYPE = "privateuseone"
NO_FLOAT64 = "The GPU device does not support Double (Float64) operations!"
NO_KERNEL = ("std", "cumprod", "logsumexp", "fmod", "linalg_inv_ex", "linalg_inv")
FALLBACK = (
    "The operator 'aten::{}' is not currently supported on the DML backend and will fall back to "
    "run on the CPU. This may have performance implications."
)
CALLS: list[str] = []
"""The operators that ran on the device, in order."""

_CONTIGUOUS = ("view", "_unsafe_view")  # become a reshape: the values may have other strides


def is_available() -> bool:
    """Say that there is an adapter."""
    return True


def device_count() -> int:
    """Count the adapters."""
    return 1


def default_device() -> int:
    """Give the number of the adapter that is used."""
    return 0


def device_name(number: int) -> str:
    """Name an adapter."""
    return "Stand-in adapter"


def device(number: int | None = None) -> torch.device:
    """Give the device as torch names it."""
    return torch.device(TYPE, number or 0)


class _OnDevice(torch.Tensor):
    """Lets torch.nn.Parameter hold a device tensor; in all else it is a plain tensor."""

    __torch_function__ = torch._C._disabled_torch_function_impl


def _values(tensor: Tensor) -> Tensor:
    return tensor.untyped_storage().values  # type: ignore[attr-defined]


def _wrapped(values: Any) -> Any:
    """Put a CPU result on the device."""
    if not isinstance(values, Tensor):
        return values
    if values.dtype == torch.float64:
        raise RuntimeError(NO_FLOAT64)
    wrapper = torch._C._acc.create_empty_tensor(tuple(values.shape), values.dtype)
    wrapper.untyped_storage().values = values
    wrapper.__class__ = _OnDevice
    return wrapper


def _is_ours(value: Any) -> bool:
    place = value.device if isinstance(value, Tensor) else value
    return isinstance(place, torch.device) and place.type == TYPE


def _kernel(operator: Any, full: str, name: str) -> Any:
    """Give the kernel of one operator: the CPU's, between unwrapping and wrapping."""
    compute = torch.Tensor.reshape if full in _CONTIGUOUS else operator

    @torch.inference_mode(False)  # a storage made in that mode could not be viewed outside
    def run(*args: Any, **options: Any) -> Any:
        CALLS.append(name)
        given: dict[int, Tensor] = {}

        def unwrap(value: Any) -> Any:
            if isinstance(value, Tensor):
                inner = _values(value) if _is_ours(value) else value
                given[id(inner)] = value
                return inner
            return torch.device("cpu") if _is_ours(value) else value

        asked = options.get("device")
        args, inner = tree_map(unwrap, args), tree_map(unwrap, options)
        stays = _is_ours(asked) or (asked is None and any(map(_is_ours, given.values())))
        if name in NO_KERNEL:
            warnings.warn(FALLBACK.format(name), UserWarning, stacklevel=2)
        arithmetic = nullcontext() if name in NO_KERNEL else SimulatedAccelerator()
        with arithmetic:
            result = compute(*args, **inner)

        def wrap(value: Any) -> Any:
            if id(value) in given:  # in place, or into `out`
                return given[id(value)]
            return _wrapped(value) if stays else value

        return tree_map(wrap, result)

    return run


def _operators() -> Any:
    """Give every operator of torch that is not made of others, by its full name."""
    for full in torch._C._dispatch_get_all_op_names():
        made = torch._C._dispatch_has_kernel_for_dispatch_key(full, "CompositeImplicitAutograd")
        if not full.startswith("aten::") or made:
            continue
        name, _, overload = full.removeprefix("aten::").partition(".")
        packet = getattr(torch.ops.aten, name, None)
        operator = getattr(packet, overload or "default", None)
        if operator is not None:
            yield full.removeprefix("aten::"), name, operator


_setup_privateuseone_for_python_backend(TYPE)
_LIBRARY = torch.library.Library("aten", "IMPL")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a few operators tell that they had a kernel before
    for _full, _name, _operator in _operators():
        _LIBRARY.impl(_full, _kernel(_operator, _full, _name), "PrivateUse1")
