"""Bag of words with a running document count."""

import torch

SEEN = {"documents": 0}
DOCS = ["red green blue", "green yellow", "blue blue black white"]


def vocabulary():
    return list(set(" ".join(DOCS).split()))


def features():
    vocab = vocabulary()
    rows = []
    for doc in DOCS:
        SEEN["documents"] += 1
        rows.append([doc.split().count(w) / SEEN["documents"] for w in vocab])
    return torch.tensor(rows)
