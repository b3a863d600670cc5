"""Rows of the catalogue: operations that write or gather by index. Data only.

Many values meet in few places, as atomics are used for. Forward ones write, gradients of gathering
ones write too.
"""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.operations import Operation, rand, whole

MANY, FEW, WIDE = 2**15, 64, 16
TARGET, INDEX, VALUES = rand(FEW), whole(MANY, high=FEW), rand(MANY)
SPREAD = (TARGET, INDEX, VALUES)


def _reduced(kind: str, target: Tensor, index: Tensor, values: Tensor) -> Tensor:
    # Values near 1, so that a product of hundreds of them neither underflows nor overflows.
    return target.scatter_reduce(0, index, values * 2**-10 + 1, kind)


def put(accumulate: bool, target: Tensor, index: Tensor, values: Tensor) -> Tensor:
    """Put values into a copy of the target, added up or written over one another."""
    return target.clone().put_(index, values, accumulate=accumulate)


ADDING = (
    Operation("index_add", SPREAD, lambda t, i, v: t.index_add(0, i, v), entry="index_add"),
    Operation("scatter_add", SPREAD, lambda t, i, v: t.scatter_add(0, i, v), entry="scatter_add_"),
    *(
        Operation(
            f"scatter_reduce {kind}",
            SPREAD,
            partial(_reduced, kind),
            entry=f"scatter_reduce '{kind}'",
        )
        for kind in ("sum", "mean", "prod", "amax")
    ),
    Operation(
        "index_put, adding",
        SPREAD,
        lambda t, i, v: t.index_put((i,), v, accumulate=True),
        entry="index_put accumulate=True",
    ),
    Operation("put_, adding", SPREAD, partial(put, True), entry="Tensor.put_ accumulate=True"),
    Operation(
        "bincount, weights",
        (INDEX, VALUES),
        lambda i, v: torch.bincount(i, v, FEW),
        entry="bincount",
    ),
    Operation("histc", (VALUES,), lambda v: torch.histc(v, FEW, 0, 1), entry="histc"),
)
OVERWRITING = (
    Operation(
        "scatter, duplicates",
        SPREAD,
        lambda t, i, v: t.scatter(0, i, v),
        entry="Tensor.scatter` src",
    ),
    Operation(
        "index_copy, dupl.", SPREAD, lambda t, i, v: t.index_copy(0, i, v), entry="index_copy"
    ),
    Operation(
        "index_put, dupl.",
        SPREAD,
        lambda t, i, v: t.index_put((i,), v),
        entry="index_put accumulate=False",
    ),
    Operation(
        "put_, duplicates", SPREAD, partial(put, False), entry="Tensor.put_ accumulate=False"
    ),
)
EQUALS = whole(MANY, high=8)
SORTING = (
    Operation("sort", (VALUES,), lambda v: v.sort().indices),
    Operation("topk", (VALUES,), lambda v: v.topk(100).values),
    Operation("median, index", (VALUES,), lambda v: v.median(0).indices, entry="median"),
    Operation("kthvalue", (VALUES,), lambda v: v.kthvalue(100).values, entry="kthvalue"),
    Operation("median of equals, index", (EQUALS,), lambda v: v.median(0).indices, entry="median"),
    Operation(
        "kthvalue of equals, index", (EQUALS,), lambda v: v.kthvalue(100).indices, entry="kthvalue"
    ),
)

TABLE, WORDS = rand(FEW, WIDE), whole(2**12, high=FEW)
BAGS = whole(2**8, 2**4, high=FEW)
GATHERING = (
    Operation(
        "gather, gradient", (TARGET, INDEX), lambda t, i: t.gather(0, i), 0, entry="torch.gather"
    ),
    Operation(
        "index_select, gradient",
        (TABLE, WORDS),
        lambda t, i: t.index_select(0, i),
        0,
        entry="index_select",
    ),
    Operation("x[index], gradient", (TABLE, WORDS), lambda t, i: t[i], 0, entry="__getitem__"),
    Operation("take, gradient", (TARGET, INDEX), lambda t, i: t.take(i), 0),
    Operation("embedding, gradient", (TABLE, WORDS), lambda t, i: F.embedding(i, t), 0),
    *(
        Operation(
            f"embedding_bag {mode}, grad.",
            (TABLE, BAGS),
            lambda t, i, mode=mode: F.embedding_bag(i, t, mode=mode),
            0,
            entry=f"EmbeddingBag '{mode}'",
        )
        for mode in ("sum", "mean", "max")
    ),
    Operation(
        "repeat_interleave, grad.",
        (TABLE,),
        lambda t: t.repeat_interleave(40, 0),
        0,
        entry="repeat_interleave",
    ),
)
