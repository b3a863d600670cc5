import torch
from torch import nn

torch.manual_seed(3)
MODEL = nn.Sequential(nn.Linear(192, 128), nn.ReLU(), nn.Linear(128, 32)).eval()
REQUESTS = torch.rand(24, 192)


def batched():
    with torch.no_grad():
        return MODEL(REQUESTS)


def one_by_one():
    with torch.no_grad():
        return torch.cat([MODEL(REQUESTS[i : i + 1]) for i in range(len(REQUESTS))])
