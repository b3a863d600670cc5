"""Predictions of a classifier that was trained before."""

import torch
from torch import nn

torch.manual_seed(21)
MODEL = nn.Sequential(nn.Linear(30, 60), nn.ReLU(), nn.Dropout(0.3), nn.Linear(60, 3)).cuda()
X = torch.randn(10, 30, device="cuda")


def predict():
    with torch.no_grad():
        return MODEL(X).softmax(1)
