"""The repeat-and-compare loop: one operation, again and again, on the same inputs.

Owns repeating, counting distinct results, and the two measures of how far they are apart. Knows no
operation and no experiment. The loop stays on the device: results are compared there, and nothing
is copied to the host before the last repeat is done.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from workbook import devices
from workbook.causes.cudnn.count import Count
from workbook.floats import bits, ulp_distance

Compute = Callable[[], Tensor]
PIECE = 2**24  # elements that are looked at together: 128 MiB as whole numbers
GOLDEN = -7046029254386353131  # 2**64 over the golden ratio, as a signed odd number


@dataclass(frozen=True)
class Repeats:
    """What repeating gave: how often each result came, and the distance of the farthest.

    `keys` are fingerprints, that of the first run first. `changed` is V_c, the share of elements
    that differ between two results A and B; `apart` is V_ermv, the mean of |A - B| / |A| over the
    elements with A other than 0. Both, and `ulps`, hold for a first result and the one with the
    most differing elements. (Shanmugavelu et al., arXiv 2408.05148.)
    """

    keys: Mapping[int, int]
    changed: float = 0.0
    apart: float = 0.0
    ulps: int = 0

    @property
    def distinct(self) -> int:
        """How many different results came, bit for bit."""
        return len(self.keys)

    @property
    def count(self) -> Count:
        """How many of the runs after the first had other bits than the first."""
        first, *others = self.keys.values()
        return Count(sum(others), first - 1 + sum(others))

    def joined(self, later: "Repeats") -> "Repeats":
        """Join these runs to later ones of the same operation on the same inputs."""
        keys = Counter(self.keys)  # keeps the order in which results came
        keys.update(later.keys)
        farther = max(self, later, key=lambda each: each.changed)
        return Repeats(keys, farther.changed, farther.apart, farther.ulps)


def repeat(compute: Compute, count: int) -> Repeats:
    """Call `count` times and compare each result with the first, bit for bit, on its device."""
    results = [compute() for _ in range(count)]
    counts = torch.cat(list(_differing(results))).tolist()  # the only wait for the device
    others = [result for result, different in zip(results, counts, strict=True) if different]
    first, *rest = fingerprints([results[0], *others])
    keys = Counter({first: count - len(others)})
    keys.update(rest)
    if not others:
        return Repeats(keys)
    return Repeats(keys, *distances(results[0], results[counts.index(max(counts))]))


def _differing(results: Sequence[Tensor]) -> Iterator[Tensor]:
    """Count how many elements of each result differ from the first one's, a piece at a time."""
    pattern = bits(results[0]).reshape(-1)
    for rows in _rows(results):
        yield (rows != pattern).sum(1)


def fingerprints(results: Sequence[Tensor]) -> list[int]:
    """Compute a number for the bits of each result, on its device: equal for equal bits.

    The bits as whole numbers times odd factors, added modulo 2**64. Such a sum has no rounding, so
    its order does not matter. Results that differ share one by a chance near 2**-60.
    """
    factors = _factors(results[0].numel(), results[0].device)
    sums = [(rows.to(torch.int64) * factors).sum(1) for rows in _rows(results)]
    return [int(number) for number in torch.cat(sums).tolist()]


@lru_cache(maxsize=8)
def _factors(count: int, device: torch.device) -> Tensor:
    """Make odd factors, (count,) int64, one for each place; neighbors get unrelated ones."""
    mixed = torch.arange(1, count + 1, device=device) * GOLDEN
    for shift in (30, 27, 31):
        mixed = (mixed ^ (mixed >> shift)) * GOLDEN
    return mixed | 1


def _rows(results: Sequence[Tensor]) -> Iterator[Tensor]:
    """Give the results' bits as rows of whole numbers, as many at once as a piece may hold."""
    together = max(1, PIECE // max(results[0].numel(), 1))
    for start in range(0, len(results), together):
        yield torch.stack([bits(part).reshape(-1) for part in results[start : start + together]])


def fingerprint(result: Tensor) -> int:
    """Compute the fingerprint of one result."""
    return fingerprints([result])[0]


def distances(a: Tensor, b: Tensor) -> tuple[float, float, int]:
    """Compute V_c, V_ermv and the greatest distance of two results in ULPs (0 for integers).

    >>> distances(torch.tensor([1.0, 2.0, 0.0]), torch.tensor([1.0, 2.5, 0.0]))[:2]
    (0.3333333333333333, 0.125)
    """
    share = float((bits(a) != bits(b)).double().mean())
    if not a.is_floating_point():
        return share, 0.0, 0
    there = a != 0
    relative = ((a.double() - b.double()).abs() / a.double().abs())[there]
    mean = float(relative.mean()) if len(relative) else 0.0
    return share, mean, int(ulp_distance(a, b).max())


def seconds(compute: Compute, count: int) -> float:
    """Measure the mean time of one call, waiting for its device at the end."""
    device = compute().device
    wait = devices.device(device.type).synchronize
    wait()
    started = time.perf_counter()
    for _ in range(count):
        compute()
    wait()
    return (time.perf_counter() - started) / count
