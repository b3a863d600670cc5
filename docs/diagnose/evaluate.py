"""An evaluation: python evaluate.py --batch 8."""

import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--batch", type=int, required=True)
batch = parser.parse_args().batch

norm = torch.nn.BatchNorm1d(4)
data = torch.arange(32.0).reshape(8, 4) % 7
total = 0.0
for start in range(0, 8, batch):
    total += norm(data[start : start + batch]).abs().sum().item()
print(f"total {total:.3f}")
