import torch
from torch import nn


def predict():
    model = nn.Sequential(nn.Linear(6, 24), nn.Dropout(0.5), nn.Linear(24, 2))
    x = torch.ones(3, 6)
    with torch.no_grad():
        return model(x)
