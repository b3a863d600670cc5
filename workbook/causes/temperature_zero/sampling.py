"""Sampling for several prompts in one call: whose sample a seed fixes.

Owns what is measured. The seed and the shares are the same; the number of rows in the call differs.
"""

import torch

ROWS, WORDS, SEEDS = 8, 50, 40


def kept(row: int) -> float:
    """Give the share of seeds with which a row gets the same sample alone and among ROWS."""
    shares = torch.rand(ROWS, WORDS)
    equal = 0
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        among = shares.multinomial(1)[row]
        torch.manual_seed(seed)
        equal += bool(shares[row].multinomial(1) == among)
    return equal / SEEDS


def ties(dtype: torch.dtype, draws: int = 400, words: int = 4096) -> float:
    """Give the share of drawn logits whose largest value stands in two places.

    A logit is the sum of eight uniform numbers, about normal, with a spread of 2.
    """
    shared = 0
    for _ in range(draws):
        logits = torch.zeros(words)
        for part in torch.rand(8, words):
            logits += (part - 0.5) * 2.45
        logits = logits.to(dtype)
        shared += int((logits == logits.max()).sum() > 1)
    return shared / draws
