"""The programs that need CUDA as rows: which program, what is asked, and which cause is right.

A label is proved by `differs`, without the engine: two runs of it differ, or do not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One program with its label; `proved` is empty where it is proved on the device.

    Otherwise it says why two runs beside one another prove nothing.
    """

    name: str
    targets: str
    cause: str
    unproved: str = ""


_MEMORY = "what lies in memory that was handed out before is chance"
_CHOICE = "whether the device adds otherwise depends on the device"

PROGRAMS = (
    Row("word_votes", "tally", "nondeterministic-op"),
    Row("upscale", "gradient", "nondeterministic-op"),
    Row("bag_max", "train", "nondeterministic-op"),
    Row("histogram", "counts", "nondeterministic-op"),
    Row("stations", "means", "uninitialised-memory", _MEMORY),
    Row("masks", "scores", "uninitialised-memory", _MEMORY),
    Row("seeded_training", "train", "none"),
    Row("seeded_attention", "encode", "none"),
    Row("unseeded", "noisy", "random-numbers"),
    Row("extra_draw", "plain looking", "generator-shift"),
    Row("two_generators", "on_the_cpu on_the_device", "device-generator"),
    Row("two_devices", "on_cpu on_gpu", "device"),
    Row("tf32", "exact quick", "reduced-precision"),
    Row("fp32_precision", "careful usual", "reduced-precision"),
    Row("half_sums", "full mixed", "reduced-precision", _CHOICE),
    Row("attention_kernels", "chosen formula", "attention-backend"),
    Row("own_convolution", "by_cudnn by_torch", "cudnn-algorithm"),
    Row("early_read", "patient hasty", "unsynchronised"),
    Row("side_stream", "in_order at_once", "unsynchronised"),
    Row("autocast", "plain mixed", "reduced-precision"),
    Row("dropout_on", "predict", "dropout-active"),
    Row("running_mean", "centered", "module-state"),
    Row("scaled_twice", "scaled", "input-mutated"),
    Row("compiled", "eager compiled", "compile"),
)
