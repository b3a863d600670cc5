"""What the bound of a sum notices and what it calls wrong: planted losses, and honest other orders.

A loss: a float32 sum without k of its n uniform numbers, 20 seeds each. Aim: none of 80 is called
rounding or identical. An honest pair: the sum of the same numbers as they lie, and in another
order, layout, number of threads or instruction set, or by a loop, each with its own bound. Aim:
none of 10,000 is called wrong, and at most 1 in 1,000 doubtful, of equal terms only.

`--cuda` does both on a GPU, with the depth that the probe measures there, and says what n - 1 in
its place would miss.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor

from workbook.bounds import Bound, measured_depth, sum_bound
from workbook.bounds.sums import Depth
from workbook.comparison import compare

LOSSES = ((1, 1_000), (3, 10_000), (5, 100_000), (25, 1_000_000))
SIZES = {100: 150, 1_000: 150, 10_000: 70, 100_000: 10, 1_000_000: 1}  # how many seeds of each
DATA: dict[str, Callable[[int, torch.Generator], Tensor]] = {
    "uniform": lambda n, seed: torch.rand(n, generator=seed),
    "signed": lambda n, seed: torch.rand(n, generator=seed) - 0.5,
    "wide": lambda n, seed: torch.rand(n, generator=seed) * _powers(n, seed),
    "canceling": lambda n, seed: _canceling(n, seed),
    "equal": lambda n, seed: torch.rand(1, generator=seed).expand(n).contiguous(),
}
CAPABILITIES = ("default", "avx2")  # ATEN_CPU_CAPABILITY: other instruction sets than the best one


def _powers(n: int, seed: torch.Generator) -> Tensor:
    return 2.0 ** torch.randint(-30, 31, (n,), generator=seed)


def _canceling(n: int, seed: torch.Generator) -> Tensor:
    half = (torch.rand(n // 2, generator=seed) - 0.5) * 1000
    return torch.cat([half, -half])[torch.randperm(2 * (n // 2), generator=seed)]


DepthOf = Callable[[Tensor], Depth]


def torchs(x: Tensor) -> Depth:
    """Leave the depth to `sum_bound`, which knows that of torch's sums on a CPU."""
    return "torch"


@cache
def _probed(terms: int) -> int:
    """Measure the depth of a sum on the GPU, from three terms.

    Up to 10**5 terms with every other term as partner. Beyond, with the neighbors (which other
    threads add) and with each 128th term from there on (which the same thread adds, or another
    block: threads come in warps of 32, and each reads up to four numbers at a time).
    """
    leaves = (0, terms // 3, terms - 1)
    partners = set(range(terms))
    if terms > 10**5:
        near = {leaf + step for leaf in leaves for step in range(-2048, 2049)}
        partners &= near.union(*(range(leaf % 128, terms, 128) for leaf in leaves))
    return measured_depth(torch.sum, terms, device="cuda", leaves=leaves, partners=sorted(partners))


def probed(x: Tensor) -> Depth:
    """Give the depth that was measured on the GPU, for numbers that lie as they did then."""
    return _probed(len(x)) if x.is_cuda and x.dim() == 1 and x.is_contiguous() else "torch"


def losses(seeds: int = 20, device: str = "cpu", depth: DepthOf = torchs) -> Counter[str]:
    """Count the words for sums with a few elements missing."""
    words: Counter[str] = Counter()
    for missing, of in LOSSES:
        for number in range(seeds):
            seed = torch.Generator().manual_seed(number)
            x = torch.rand(of, generator=seed).to(device)
            kept = x[torch.randperm(of, generator=seed)[missing:].sort().values.to(device)]
            bound = sum_bound(x, "float32", depth=depth(x))
            words[compare(kept.sum(), x.sum(), bound=bound + bound).verdict] += 1
    return words


def on_a_gpu(x: Tensor, seed: torch.Generator) -> Iterator[tuple[str, Tensor, Bound]]:
    """Add the same numbers on a GPU: as they lie there, in other orders and in other layouts."""
    n, y = len(x), x.cuda()
    orders = {
        "as it is": y,
        "shuffled": y[torch.randperm(n, generator=seed).cuda()],
        "sorted": y.sort().values,
        "every other": torch.stack([y, y], 1)[:, 0],
        "as a square": y[: n // 10 * 10].view(10, -1).t(),
        "in reverse": y.flip(0),
    }
    for name, z in orders.items():
        yield name, z.sum().cpu(), sum_bound(z, "float32", depth=probed(z))


def ways(x: Tensor, seed: torch.Generator) -> Iterator[tuple[str, Tensor, Bound]]:
    """Add the same numbers in other honest ways, each with the bound of its own depth."""
    n = len(x)
    orders = {
        "shuffled": x[torch.randperm(n, generator=seed)],
        "sorted": x.sort().values,
        "every other": torch.stack([x, x], 1)[:, 0],
        "as a square": x[: n // 10 * 10].view(10, -1).t(),
    }
    for name, y in orders.items():
        yield name, y.sum(), sum_bound(y, "float32")
    rows = x.expand(3, n).contiguous()
    yield "a row", rows.sum(1)[1], _first(sum_bound(rows[:1], "float32", 1))
    if n <= 10_000:
        columns = x[:, None].expand(n, 37).contiguous()
        yield "a column", columns.sum(0)[36], _first(sum_bound(columns, "float32", 0))
    before = torch.get_num_threads()
    for threads in (1, 2, 3, 4):
        torch.set_num_threads(threads)
        yield f"{threads} threads", x.sum(), sum_bound(x, "float32")
    torch.set_num_threads(before)
    loop = torch.tensor(np.add.accumulate(x.numpy())[-1])
    yield "a loop", loop, sum_bound(x, "float32", depth="any")


def _first(bound: Bound) -> Bound:
    """Take the bound of the first of several equal results."""
    assert isinstance(bound.limit, Tensor) and isinstance(bound.probable, Tensor)
    return Bound(bound.limit[0], bound.name, bound.source, bound.probable[0])


def cases(scale: float = 1.0) -> Iterator[tuple[str, int, torch.Generator, Tensor]]:
    """Draw every kind of data in every size, for several seeds."""
    for size, seeds in SIZES.items():
        for kind, draw in DATA.items():
            for number in range(max(1, round(seeds * scale))):
                seed = torch.Generator().manual_seed(number)
                yield kind, size, seed, draw(size, seed)


Ways = Callable[[Tensor, torch.Generator], Iterator[tuple[str, Tensor, Bound]]]


def honest(
    scale: float = 1.0, capabilities: tuple[str, ...] = CAPABILITIES, others: Ways | None = None
) -> Counter[str]:
    """Count the words for honest pairs, and the doubtful ones by data, way and size."""
    words: Counter[str] = Counter()
    elsewhere = [_elsewhere(name, scale) for name in capabilities]
    for place, (kind, size, seed, x) in enumerate(cases(scale)):
        first, bound = x.sum(), sum_bound(x, "float32")
        found = list((others or ways)(x, seed))
        found += [(name, torch.tensor(sums[place]), bound) for name, sums in elsewhere]
        for name, other, limit in found:
            word = compare(other, first, bound=bound + limit).verdict
            words[word] += 1
            if word not in ("identical", "rounding"):
                words[f"{word}: {kind}, {name}, {size}"] += 1
    return words


def _elsewhere(capability: str, scale: float) -> tuple[str, list[float]]:
    """Sum all cases in a process that uses other instructions."""
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": capability}
    command = [sys.executable, "-m", "benchmarks.bench_bounds", "--sums", str(scale)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return capability, [float.fromhex(line) for line in done.stdout.split()]


def main(cuda: bool) -> None:
    """Print how often each word was said."""
    if cuda:
        for _, of in LOSSES:
            print(f"{of} terms on a GPU: depth {_probed(of)}, at most {of - 1}")
        print("planted losses, probed depth:", dict(losses(20, "cuda", probed)))
        print("planted losses, depth n - 1:", dict(losses(20, "cuda")))
        words = honest(0.5, (), on_a_gpu)
    else:
        print("planted losses:", dict(losses()))
        words = honest()
    for word, count in words.items():
        print(f"honest pairs, {word}: {count}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sums"]:
        for _, _, _, numbers in cases(float(sys.argv[2])):
            print(numbers.sum().item().hex())
    else:
        main("--cuda" in sys.argv)
