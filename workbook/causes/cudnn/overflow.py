"""Near overflow: sums that are finite in one order and infinite, or no number, in another.

Owns one experiment. The factor is the device, and with it the order of additions; the numbers stay.
"""

import math

import numpy as np
import torch

from workbook.causes.cudnn.catalogue import DEVICE
from workbook.conditions import Conditions
from workbook.experiment import Experiment
from workbook.result import Finding

COUNT, LARGE = 2**16, 1e35
PERIODS = (1, 2, 8, 32, 128, 512, 4096, COUNT // 2)


def near_overflow(where: Conditions) -> Finding:
    """Add as many large numbers of each sign, arranged in runs of one sign of various lengths."""
    words: dict[str, dict[str, str]] = {}
    for period in PERIODS:
        signs = 1.0 - 2.0 * (torch.arange(COUNT) // period % 2)
        numbers = signs * LARGE
        name = f"runs of {period}"
        with np.errstate(all="ignore"):  # it overflows on purpose
            in_turn = np.add.accumulate(numbers.numpy())[-1]
        words[name] = {"one after another": _word(float(in_turn))} | {
            f"sum, {device.type}": _word(float(numbers.to(device).sum()))
            for device in (torch.device("cpu"), where.torch_device)
        }
    unlike = [name for name, line in words.items() if len(set(line.values())) > 1]
    reading = f"{len(unlike)} of {len(PERIODS)} arrangements overflow in one order only"
    verdict = "Each arrangement overflows in every order, or in none."
    if unlike:
        verdict = "The same numbers overflow in one order of addition and not in another."
    return Finding(verdict, reading, values={"words": words, "unlike": unlike})


def _word(number: float) -> str:
    return "finite" if math.isfinite(number) else "nan" if math.isnan(number) else "inf"


OVERFLOW = Experiment(
    name="near_overflow",
    question="Can a sum be finite on one device and infinite on another?",
    factor="the order of additions",
    controls=(DEVICE,),
    measure=near_overflow,
)
