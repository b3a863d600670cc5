import torch
from torch import nn

torch.manual_seed(0)
NET = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))
CALIBRATION = torch.rand(16, 3)


def calibrated_score():
    NET.train()
    with torch.no_grad():
        NET(CALIBRATION)
    NET.eval()
    with torch.no_grad():
        return NET(torch.ones(2, 3))
