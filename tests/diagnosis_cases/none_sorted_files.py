from pathlib import Path

import torch

FOLDER = Path(__file__).parent / "shards"


def load():
    rows = [float(v) for path in sorted(FOLDER.glob("*.txt")) for v in path.read_text().split()]
    return torch.tensor(rows)
