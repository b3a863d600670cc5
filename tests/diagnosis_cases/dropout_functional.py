import torch
import torch.nn.functional as F
from torch import nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, tokens):
        h = self.embed(tokens).mean(1)
        h = F.dropout(h, 0.3)
        return self.head(h)


torch.manual_seed(2)
model = Classifier().eval()


def logits():
    tokens = torch.arange(12).reshape(3, 4)
    return model(tokens)
