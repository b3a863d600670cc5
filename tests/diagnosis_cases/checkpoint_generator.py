import torch
from torch import nn


class Trainer:
    def __init__(self):
        torch.manual_seed(9)
        self.model = nn.Linear(3, 1)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)

    def epoch(self):
        x = torch.rand(8, 3)
        self.optimizer.zero_grad()
        (self.model(x) - x.mean(1, keepdim=True)).pow(2).mean().backward()
        self.optimizer.step()

    def save(self):
        return {
            "model": {k: v.clone() for k, v in self.model.state_dict().items()},
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def straight():
    trainer = Trainer()
    for _ in range(6):
        trainer.epoch()
    return trainer.model.weight.detach()


def resumed():
    trainer = Trainer()
    for _ in range(3):
        trainer.epoch()
    state = trainer.save()
    trainer = Trainer()
    trainer.load(state)
    for _ in range(3):
        trainer.epoch()
    return trainer.model.weight.detach()
