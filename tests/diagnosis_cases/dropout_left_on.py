import torch
from torch import nn

torch.manual_seed(0)
MODEL = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))


def predict():
    x = torch.linspace(-1, 1, 12).reshape(2, 6)
    with torch.no_grad():
        return MODEL(x).softmax(dim=1)
