import torch
from torch import nn


def predict():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.Dropout(), nn.Linear(16, 2))
    model.eval()
    with torch.no_grad():
        return model(torch.linspace(0, 1, 18).reshape(3, 6))
