import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(6, 10)
        self.top = nn.Linear(10, 4)

    def forward(self, x):
        return self.top(torch.tanh(self.trunk(x)))


def data():
    rows = torch.Generator().manual_seed(21)
    return torch.rand(24, 6, generator=rows), torch.randint(0, 4, (24,), generator=rows)


def fitted(clear):
    torch.manual_seed(2)
    tagger = Tagger()
    optimizer = torch.optim.SGD(tagger.top.parameters(), lr=0.4)
    x, y = data()
    for at in range(0, 24, 6):
        (tagger if clear == "model" else optimizer).zero_grad()
        loss = nn.functional.cross_entropy(tagger(x[at : at + 6]), y[at : at + 6])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tagger.parameters(), 0.3)
        optimizer.step()
    return tagger.top.weight.detach()


def clears_model():
    return fitted("model")


def clears_optimizer():
    return fitted("optimizer")
