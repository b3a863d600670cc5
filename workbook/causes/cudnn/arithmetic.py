"""Rows of the catalogue: products, sums, attention, norms and losses. Data only."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from workbook.causes.cudnn.operations import Operation, batch, rand, whole

ROWS, LONG = batch(32, 1000), rand(2**20)

PRODUCTS = (
    Operation("matmul", (batch(200, 300), rand(300, 100)), torch.matmul, entry="torch.mm`"),
    Operation("bmm", (batch(8, 64, 64), batch(8, 64, 64)), torch.bmm),
    Operation(
        "bmm, sparse @ dense",
        (whole(8, 64, 64, high=4), rand(8, 64, 64)),
        lambda a, b: torch.bmm((a.float() / 3).to_sparse(), b),
        entry="torch.bmm`",
    ),
    Operation("Linear", (batch(64, 512), rand(64, 512), rand(64)), F.linear),
    Operation("Linear, weights' grad.", (batch(64, 512), rand(64, 512)), F.linear, 1),
    Operation("mv", (rand(100, 1000), rand(1000)), torch.mv, entry="torch.mv`"),
    Operation("dot", (LONG, LONG), torch.dot),
)
SUMS = (
    Operation("sum", (LONG,), torch.sum),
    Operation("sum of rows", (ROWS,), lambda x: x.sum(1)),
    Operation("mean, gradient", (ROWS,), lambda x: x.mean(1), 0),
    Operation("norm", (LONG,), lambda x: x.norm()),
    Operation("variance", (ROWS,), lambda x: x.var(1)),
    Operation("cumsum of one row", (LONG,), lambda x: x.cumsum(0), entry="cumsum"),
    Operation("cumsum of rows", (ROWS,), lambda x: x.cumsum(1), entry="cumsum"),
    Operation("logcumsumexp", (rand(2**15),), lambda x: x.logcumsumexp(0)),
    Operation("softmax", (ROWS,), lambda x: x.softmax(1)),
)

HEADS = {
    dtype: (batch(2, 1, 640, 32, dtype=dtype),) * 3 for dtype in (torch.bfloat16, torch.float32)
}


def _attention(kind: SDPBackend) -> Callable[..., Tensor]:
    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        with sdpa_kernel(kind):
            return F.scaled_dot_product_attention(q, k, v)

    return attend


MATH = _attention(SDPBackend.MATH)
BACK_ENDS = (
    ("math", SDPBackend.MATH, torch.float32),
    ("efficient", SDPBackend.EFFICIENT_ATTENTION, torch.float32),
    ("flash", SDPBackend.FLASH_ATTENTION, torch.bfloat16),
    ("cuDNN", SDPBackend.CUDNN_ATTENTION, torch.bfloat16),
)


def _lstm(x: Tensor, *weights: Tensor) -> Tensor:
    start = x.new_zeros(1, len(x), 16)
    out: Tensor = torch.lstm(
        x, (start, start), list(weights), True, 1, 0.0, torch.is_grad_enabled(), False, True
    )[0]
    return out


LSTM = (batch(8, 24, 8), rand(64, 8), rand(64, 16), rand(64), rand(64))


def _ctc(scores: Tensor, letters: Tensor) -> Tensor:
    steps, lengths = torch.tensor([len(scores)] * 8), torch.tensor([10] * 8)
    return F.ctc_loss(scores.log_softmax(2), letters + 1, steps, lengths)


SCORES, CLASSES = rand(64, 100), whole(64, high=100)
ATTENTION = (
    *(
        Operation(f"attention, {name}{', grad.' * (of == 0)}", HEADS[dtype], attend, of, other=MATH)
        for of in (None, 0)
        for name, attend, dtype in [(n, _attention(k), d) for n, k, d in BACK_ENDS]
    ),
    Operation("LSTM", LSTM, _lstm),
    Operation("LSTM, weights' gradient", LSTM, _lstm, 1),
)
LOSSES = (
    Operation(
        "LayerNorm, weights' grad.", (ROWS, rand(1000)), lambda x, w: F.layer_norm(x, (1000,), w), 1
    ),
    Operation(
        "BatchNorm, gradient",
        (rand(8, 8, 24, 24),),
        lambda x: F.batch_norm(x, None, None, training=True),
        0,
    ),
    Operation("cross_entropy, gradient", (SCORES, CLASSES), F.cross_entropy, 0),
    Operation(
        "nll_loss, 2-D",
        (rand(4, 10, 24, 24), whole(4, 24, 24, high=10)),
        F.nll_loss,
        entry="nn.NLLLoss",
    ),
    Operation(
        "CTC loss, gradient", (rand(50, 8, 20), whole(8, 10, high=19)), _ctc, 0, entry="nn.CTCLoss"
    ),
)
