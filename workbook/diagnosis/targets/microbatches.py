"""Micro-batches: the weights that would make several backward passes count like one.

Owns the hypotheses: the losses were summed instead of averaged, or every part counted alike
although the parts have different numbers of rows.
"""

from typing import Any


def hypotheses(facts: dict[str, Any], other: dict[str, Any]) -> list[tuple[float, ...]]:
    """Weights for each backward pass of a run, where it makes more of them than the other run."""
    passes = facts["lists"].get("backward", [])
    if len(passes) <= len(other["lists"].get("backward", [])) or len(passes) < 2:
        return []
    groups: dict[tuple[int, int], list[int]] = {}
    for _, step, rows, weights in passes:
        groups.setdefault((step, weights), []).append(rows)
    summed, shares, both = list[float](), list[float](), list[float]()
    for _, step, rows, weights in passes:
        parts = groups[step, weights]
        share = rows / sum(parts) if sum(parts) else 1.0 / len(parts)
        summed.append(1.0 / len(parts))
        shares.append(len(parts) * share)
        both.append(share)
    unique = dict.fromkeys((tuple(summed), tuple(shares), tuple(both)))
    return [one for one in unique if any(abs(factor - 1.0) > 1e-9 for factor in one)]
