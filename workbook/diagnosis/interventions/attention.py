"""Attention: which kernel computes it.

Owns the patch of `scaled_dot_product_attention` and the switches that choose its kernel.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from workbook.diagnosis.interventions.intervention import AGAIN, MODULE, PAIR, Setting, on
from workbook.diagnosis.interventions.patching import hold, patch
from workbook.diagnosis.probes.facts import FACTS, Fact

_KERNELS = ("flash", "mem_efficient", "cudnn")  # beside the one that is made of plain operations


def _install(run: Setting) -> None:
    real = F.scaled_dot_product_attention

    def attention(*args: Any, **kwargs: Any) -> Any:
        FACTS.add(Fact.ATTENTION)
        return real(*args, **kwargs)

    patch(F, "scaled_dot_product_attention", attention)
    if not run.has(MATH_ATTENTION):
        return
    for name in _KERNELS:
        choose = getattr(torch._C, f"_set_sdp_use_{name}", None)
        if choose is not None:  # each version has some of them
            choose(False)
    torch._C._set_sdp_use_math(True)
    hold("sdp_use_math", *(f"sdp_use_{name}" for name in _KERNELS))


MATH_ATTENTION = on(
    "math-attention", "attention-backend", "attention is computed by plain operations", 59,
    Fact.ATTENTION, axes=AGAIN | PAIR | MODULE, install=_install,
)  # fmt: skip
ROWS = (MATH_ATTENTION,)
