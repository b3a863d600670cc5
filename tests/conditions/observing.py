"""Every switch and random state, read and moved without the code under test."""

import hashlib
import pickle
import random
import sys

import numpy as np
import torch
import torch.utils.deterministic

NEWER_TF32 = [
    (backend, operation)
    for backend in ("generic", "cuda", "mkldnn")
    for operation in (("all",) if backend == "generic" else ("all", "matmul", "conv", "rnn"))
]


def observe():
    """Give every switch of the process and thread, and a digest of every random state."""
    compiler = sys.modules.get("torch._inductor.config")
    return {
        "threads": torch.get_num_threads(),
        "default_dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "compiler": getattr(compiler, "deterministic", False),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "cudnn_deterministic": torch.backends.cudnn.deterministic,
        "flush": flushes(),
        "tf32": tf32(),
        "random": randomness(),
    }


def flushes():
    """Say whether torch's own addition loses the smallest number: 2**-149 in float32."""
    smallest = torch.tensor([1], dtype=torch.int32).view(torch.float32)
    return bool((smallest + smallest).view(torch.int32).item() == 0)


def tf32():
    """Give the older switches, and the newer ones where this torch has them."""
    readings = [
        answer_of(torch.get_float32_matmul_precision),
        answer_of(lambda: torch.backends.cuda.matmul.allow_tf32),
        answer_of(lambda: torch.backends.cudnn.allow_tf32),
    ]
    if hasattr(torch._C, "_get_fp32_precision_getter"):
        readings += [torch._C._get_fp32_precision_getter(*key) for key in NEWER_TF32]
    return readings


def answer_of(reading):
    """Give what a reading answers, or that torch refuses it because its switches disagree."""
    try:
        return reading()
    except RuntimeError:
        return "refused"


def randomness():
    """Give a digest of every random state of torch, NumPy and random."""
    states = [random.getstate(), pickle.dumps(np.random.get_state(legacy=False))]
    states.append(torch.get_rng_state().numpy().tobytes())
    if torch.cuda.is_available():
        states += [state.numpy().tobytes() for state in torch.cuda.get_rng_state_all()]
    return hashlib.sha256(pickle.dumps(states)).hexdigest()


MEDDLING = {
    "threads": lambda: torch.set_num_threads(3),
    "default dtype": lambda: torch.set_default_dtype(torch.float64),
    "grad": lambda: torch.set_grad_enabled(False),
    "deterministic": lambda: torch.set_deterministic_debug_mode("error"),
    "warn only": lambda: torch.set_deterministic_debug_mode("warn"),
    "fill": lambda: setattr(torch.utils.deterministic, "fill_uninitialized_memory", False),
    "benchmark": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cudnn tf32": lambda: setattr(torch.backends.cudnn, "allow_tf32", False),
    "matmul": lambda: torch.set_float32_matmul_precision("medium"),
    "seeds": lambda: (torch.manual_seed(3), np.random.seed(3), random.seed(3)),
    "flush": lambda: torch.set_flush_denormal(True),
}
