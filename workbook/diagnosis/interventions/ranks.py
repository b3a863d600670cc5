"""Several processes that train one model: who gets which rows, and what is put together, and how.

Owns the patches of samplers, of batch statistics, of backward and of what ranks exchange. Each acts
where a process group of several ranks is there, and where `WORKBOOK_JOIN` says that one process
stands for several.
"""

import os
from typing import Any

import torch
import torch.nn.functional as F
from torch import distributed as dist
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from workbook.diagnosis.interventions.intervention import RANKS, Setting, on
from workbook.diagnosis.patching import SEEDERS, wrap, wrap_named, wrap_seeds
from workbook.diagnosis.probes.facts import FACTS, Fact
from workbook.diagnosis.probes.steps import weights

JOIN = "WORKBOOK_JOIN"
"""How many ranks one process stands for: its loaders hand out batches so many times as large."""

ROWS_SEEN = [0]
"""Rows that the outermost module has got since the last backward pass."""


def several() -> int:
    """Count the ranks of the process group; 1 where there is none."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def _weights(run: Setting) -> None:
    """Send parameters from rank 0 after each step."""

    def after(optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        for weight in weights(optimizer) if several() > 1 else ():
            dist.broadcast(weight.data, 0)

    if run.has(SEND_WEIGHTS):
        register_optimizer_step_post_hook(after)


def _seeds(run: Setting) -> None:
    """Start every rank from one seed, whatever seeds the program sets."""
    if run.has(SAME_SEED):
        for _, owner, name in SEEDERS:
            getattr(owner, name)(0)
        wrap_seeds(lambda library, real, *args, **kwargs: real(0))


def _samplers(run: Setting) -> None:
    """Note a sampler that is read again without a new epoch; let it have one."""
    from torch.utils.data.distributed import DistributedSampler

    seen: dict[int, tuple[int, int]] = {}  # how often a sampler was read, and in which epoch last

    def rows(real: Any, sampler: Any) -> Any:
        number, epoch = seen.get(id(sampler), (0, None))
        if sampler.shuffle and epoch == sampler.epoch:
            FACTS.add(Fact.SAME_EPOCH)
        seen[id(sampler)] = number + 1, sampler.epoch
        if run.has(SET_EPOCH):
            sampler.set_epoch(number)
        return real(sampler)

    wrap(rows, DistributedSampler, "__iter__")


def _loaders(run: Setting) -> None:
    """Share out the rows of loaders that every rank reads as a whole; join batches for one."""
    from torch.utils.data import DataLoader
    from torch.utils.data.distributed import DistributedSampler

    join = int(os.environ.get(JOIN, "1"))

    def start(real: Any, given: dict[str, Any]) -> None:
        if join > 1 and given["batch_size"] and isinstance(given["sampler"], DistributedSampler):
            given["batch_size"] *= join
        sampled = given["sampler"] is not None or given["batch_sampler"] is not None
        plain = not sampled and given["batch_size"] and hasattr(given["dataset"], "__len__")
        if plain and several() > 1 and run.has(SHARE_ROWS):
            shuffle = bool(given["shuffle"])
            given["sampler"] = DistributedSampler(given["dataset"], shuffle=shuffle)
            given["shuffle"] = None
        real(**given)

    wrap_named(start, DataLoader, "__init__")


def _norm(run: Setting) -> None:
    """Note batch statistics of one rank's rows; take them over the rows of all ranks."""

    def batch_norm(real: Any, given: dict[str, Any]) -> torch.Tensor:
        if given["training"] and several() > 1:
            FACTS.add(Fact.LOCAL_STATISTICS)
            if run.has(JOIN_STATISTICS):
                del given["training"]
                return _joined(*given.values())
        made: torch.Tensor = real(**given)
        return made

    wrap_named(batch_norm, F, "batch_norm")


class _Sum(torch.autograd.Function):
    """The sum over all ranks; what comes back to one rank is the sum of what comes back to all."""

    @staticmethod
    def forward(context: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        return _Sum.forward(context, gradient.contiguous())


def _joined(
    x: torch.Tensor,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    momentum: float,
    eps: float,
) -> torch.Tensor:
    """Normalize by the mean and the variance over all ranks (in two passes, as on one)."""
    dims = [0, *range(2, x.dim())]
    shape = [1, -1, *[1] * (x.dim() - 2)]
    count = _Sum.apply(torch.tensor(float(x.numel() // x.shape[1]), device=x.device))
    mean = _Sum.apply(x.sum(dims)) / count
    centered = x - mean.view(shape)
    variance = _Sum.apply(centered.square().sum(dims)) / count
    with torch.no_grad():
        for kept, now in ((running_mean, mean), (running_var, variance * count / (count - 1))):
            if kept is not None:
                kept.lerp_(now.to(kept.dtype), momentum)
    made: torch.Tensor = centered * torch.rsqrt(variance + eps).view(shape)
    made = made if weight is None else made * weight.view(shape)
    return made if bias is None else made + bias.view(shape)


def _shards(run: Setting) -> None:
    """Weigh each rank's backward pass by its share of the rows."""

    def backward(real: Any, tensors: Any, *args: Any, **kwargs: Any) -> None:
        rows, ROWS_SEEN[0] = ROWS_SEEN[0], 0
        if run.has(WEIGH_SHARDS) and several() > 1 and isinstance(tensors, torch.Tensor):
            total = torch.tensor(float(rows))
            dist.all_reduce(total)
            if total:
                tensors = tensors * (rows * several() / float(total))
        real(tensors, *args, **kwargs)

    wrap(backward, torch.autograd, "backward")


def _reduction(run: Setting) -> None:
    """Add the ranks' gradients one after another in float64, whatever their buckets are."""

    def start(real: Any, module: Any, *args: Any, **kwargs: Any) -> None:
        real(module, *args, **kwargs)
        # it takes a hook with annotations of its own types only
        module.register_comm_hook(None, lambda state, bucket: _in_order(bucket))

    if run.has(FIXED_REDUCTION):
        wrap(start, torch.nn.parallel.DistributedDataParallel, "__init__")


def _in_order(bucket: Any) -> torch.futures.Future[torch.Tensor]:
    """Sum what the ranks have in a bucket by rank, in float64, and take the mean."""
    own = bucket.buffer()
    parts = [torch.empty_like(own) for _ in range(several())]
    dist.all_gather(parts, own)
    total = torch.zeros_like(own, dtype=torch.float64)
    for part in parts:
        total += part
    done: torch.futures.Future[torch.Tensor] = torch.futures.Future()
    done.set_result((total / several()).to(own.dtype))
    return done


def _install(run: Setting) -> None:
    """Put the patches on where this torch can have ranks at all, and there are some, or one."""
    if dist.is_available() and "WORLD_SIZE" in os.environ:
        for patch in (_seeds, _weights, _samplers, _loaders, _norm, _shards, _reduction):
            patch(run)


SEND_WEIGHTS = on(
    "send-weights", "rank-drift", "parameters are sent from rank 0 after each step", 70,
    axes=RANKS, install=_install)  # fmt: skip
SET_EPOCH = on(
    "set-epoch", "rank-data", "the sampler is told each epoch", 71, Fact.SAME_EPOCH, axes=RANKS,
    install=_install, draws=True)  # fmt: skip
SAME_SEED = on(
    "same-seed", "rank-data", "all ranks start from one seed", 69, axes=RANKS,
    install=_install, draws=True, renumbers=True)  # fmt: skip
SHARE_ROWS = on(
    "share-rows", "rank-data", "each rank gets rows of its own", 72, axes=RANKS,
    install=_install, draws=True)  # fmt: skip
JOIN_STATISTICS = on(
    "join-statistics", "world-size", "batch statistics are taken over the rows of all ranks", 73,
    Fact.LOCAL_STATISTICS, axes=RANKS, install=_install)  # fmt: skip
WEIGH_SHARDS = on(
    "weigh-shards", "rank-data", "each rank counts by its share of the rows", 74, axes=RANKS,
    install=_install)  # fmt: skip
FIXED_REDUCTION = on(
    "fixed-reduction", "world-size", "gradients are added by rank, in float64", 75, axes=RANKS,
    install=_install)  # fmt: skip
ROWS = (
    SAME_SEED, SEND_WEIGHTS, SET_EPOCH, SHARE_ROWS, JOIN_STATISTICS, WEIGH_SHARDS, FIXED_REDUCTION,
)  # fmt: skip
