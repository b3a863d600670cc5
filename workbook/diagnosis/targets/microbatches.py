"""Micro-batches: the weights that would make several backward passes count like one.

Owns the hypotheses: the losses were summed instead of averaged, or every part counted alike
although the parts have different numbers of rows.
"""

from collections import Counter
from typing import Any


def hypotheses(facts: dict[str, Any], other: dict[str, Any]) -> list[tuple[float, ...]]:
    """Weights for each backward pass of a run, where it makes more of them than the other run.

    Which rows a pass is of can be told in several ways; each gives weights of its own.
    """
    passes = facts["lists"].get("backward", [])
    if len(passes) <= len(other["lists"].get("backward", [])) or len(passes) < 2:
        return []
    groups = [(step, weights) for _, step, weights, *_ in passes]
    found = [tuple(1.0 / groups.count(group) for group in groups)]
    for rows in zip(*(counts for _, _, _, *counts in passes), strict=True):
        total = Counter[tuple[int, int]]()
        for group, count in zip(groups, rows, strict=True):
            total[group] += count
        if all(total.values()):
            shares = [n / total[group] for group, n in zip(groups, rows, strict=True)]
            parts = map(groups.count, groups)
            found.append(tuple(n * share for n, share in zip(parts, shares, strict=True)))
            found.append(tuple(shares))
    unique = dict.fromkeys(found)
    return [one for one in unique if any(abs(factor - 1.0) > 1e-9 for factor in one)]
