import os
from pathlib import Path

import torch

HERE = Path(__file__).parent / "shards"


def load(path):
    return torch.tensor([float(line) for line in path.read_text().split()])


def first_shard():
    shards = [load(HERE / name) for name in os.listdir(HERE) if name.endswith(".txt")]
    return shards[0].mean() - shards[-1].mean()
