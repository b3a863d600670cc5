"""A small fixed set of checks, each boiled down to a digest of its bits.

Owns what a fingerprint of an environment compares. Run as a file it prints the CPU's digests as
JSON; it imports torch and nothing of the workbook, so that a child process starts fast.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

PORTABLE = ("rand", "sum by halves")
"""Checks that use single IEEE operations alone: their bits are the same on every CPU."""


def digests(there: torch.device) -> dict[str, str]:
    """Compute every check on a device and give the digest of each result, 12 hexadecimal digits.

    Inputs are drawn on the CPU from seed 0, but for `rand` and `randn`, which draw on the device.
    The global generator is left where the last check put it.
    """
    torch.manual_seed(0)
    a, b = torch.rand(2, 256, 256).unbind()
    numbers, image = torch.rand(2**20), torch.rand(1, 3, 32, 32)
    checks: dict[str, tuple[Callable[..., Tensor], tuple[Tensor, ...]]] = {
        "sum by halves": (_by_halves, (numbers,)),
        "sum": (lambda x: x.sum(), (numbers,)),
        "matmul": (lambda x, y: x @ y, (a, b)),
        "softmax": (lambda x: (8 * x).softmax(dim=1), (a,)),
        "convolution": (lambda x, w: torch.conv2d(x, w), (image, torch.rand(8, 3, 5, 5))),
    }
    digests = {}
    for name, draw in (("rand", torch.rand), ("randn", torch.randn)):
        torch.manual_seed(0)
        digests[name] = digest(draw(1000, device=there))
    with torch.no_grad():
        for name, (compute, inputs) in checks.items():
            digests[name] = digest(compute(*(each.to(there) for each in inputs)))
    return digests


def digest(tensor: Tensor) -> str:
    """Compute the first 12 hexadecimal digits of the SHA-256 of a tensor's bytes."""
    return hashlib.sha256(tensor.cpu().contiguous().numpy().tobytes()).hexdigest()[:12]


def _by_halves(numbers: Tensor) -> Tensor:
    while len(numbers) > 1:
        half = len(numbers) // 2
        numbers = numbers[:half] + numbers[half:]
    return numbers


def in_a_child(variables: Mapping[str, str | None]) -> dict[str, str]:
    """Take the CPU's digests in a new process with these variables, without those that are None.

    RuntimeError with the process's last line where it fails.
    """
    given = {**os.environ, **variables}
    try:
        child = subprocess.run(
            [sys.executable, __file__],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in given.items() if value is not None},
            text=True,
            check=False,
        )
    except OSError as error:
        raise RuntimeError(f"the second process gave no answer: {error}") from error
    if child.returncode != 0:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"the second process failed: {last}")
    digests: dict[str, str] = json.loads(child.stdout.strip().splitlines()[-1])
    return digests


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(torch.device("cpu"))) + "\n")
