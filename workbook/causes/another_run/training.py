"""A small training that can be stopped, saved, rebuilt and continued, with everything it needs.

Owns the program that chapter 10's checkpoints belong to: 24 rows, three batches an epoch, batch
normalization, dropout, a shuffle of its own, a scheduler and a scaler of gradients.
"""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

ROWS, BATCH, EPOCHS = 24, 8, 4
PER_EPOCH = ROWS // BATCH
STEPS = EPOCHS * PER_EPOCH
SCALE = 2.0**17  # too large for gradients in float16: the first steps are skipped until it fits
SINGLE, HALF = "float32", "rounded to float16"

Optimizer = Callable[[Any], torch.optim.Optimizer]
OPTIMIZERS: dict[str, Optimizer] = {
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.02),
    "SGD with momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9),
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
}


class Training:
    """Everything that one run of the program holds: built the same way at each start.

    The seed is set first, as a script does on its first line; so a program that is started again
    begins with generators in the state in which the first one began.
    """

    def __init__(self, seed: int, optimizer: str, gradients: str = SINGLE) -> None:
        self.start = seed, optimizer, gradients
        torch.manual_seed(seed)
        self.rows = torch.rand(ROWS, 4)
        self.targets = self.rows.sum(1, keepdim=True).sin()
        self.model = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.25), nn.Linear(8, 1)
        )
        if gradients == HALF:
            for each in self.model.parameters():
                each.register_hook(lambda gradient: gradient.half().float())  # type: ignore[no-untyped-call]
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters())
        self.scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 2, 0.5)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=SCALE, growth_interval=4)
        self.shuffle = torch.Generator().manual_seed(seed)
        self.skipped = 0  # steps since the start, for a gradient that overflowed
        self.order: list[int] = []
        self.batch = PER_EPOCH  # of the epoch's batches, those done: an epoch begins with the first

    def step(self) -> None:
        """Take one batch; at the end of an epoch the scheduler moves on."""
        if self.batch == PER_EPOCH:
            self.order = torch.randperm(ROWS, generator=self.shuffle).tolist()
            self.batch = 0
        chosen = self.order[self.batch * BATCH : (self.batch + 1) * BATCH]
        loss = (self.model(self.rows[chosen]) - self.targets[chosen]).square().mean()
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        before = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.skipped += self.scaler.get_scale() < before
        self.batch += 1
        if self.batch == PER_EPOCH:
            with warnings.catch_warnings():  # torch warns where all steps so far were skipped
                warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
                self.scheduler.step()

    def numbers(self) -> Tensor:
        """Give all weights and statistics as one tensor, (n,) float64."""
        state = self.model.state_dict().values()
        return torch.cat([each.detach().double().flatten() for each in state])


def _load_position(training: Training, saved: Any) -> None:
    training.order, training.batch = list(saved[0]), saved[1]


SAVE: dict[str, Callable[[Training], Any]] = {
    "the model": lambda t: t.model.state_dict(),
    "the optimizer": lambda t: t.optimizer.state_dict(),
    "the scheduler": lambda t: t.scheduler.state_dict(),
    "the scaler": lambda t: t.scaler.state_dict(),
    "torch's generator": lambda t: torch.get_rng_state(),
    "the generator of the shuffle": lambda t: t.shuffle.get_state(),
    "the place in the epoch": lambda t: (t.order, t.batch),
}
LOAD: dict[str, Callable[[Training, Any], Any]] = {
    "the model": lambda t, saved: t.model.load_state_dict(saved),
    "the optimizer": lambda t, saved: t.optimizer.load_state_dict(saved),
    "the scheduler": lambda t, saved: t.scheduler.load_state_dict(saved),
    "the scaler": lambda t, saved: t.scaler.load_state_dict(saved),
    "torch's generator": lambda t, saved: torch.set_rng_state(saved),
    "the generator of the shuffle": lambda t, saved: t.shuffle.set_state(saved),
    "the place in the epoch": _load_position,
}


def checkpoint(training: Training) -> dict[str, Any]:
    """Copy every part of the training's state, by name: `state_dict()` itself is a view."""
    return {name: copy.deepcopy(save(training)) for name, save in SAVE.items()}


def resumed(start: tuple[int, str, str], saved: dict[str, Any], without: str = "") -> Training:
    """Start the program again and load what was saved, but for the part named `without`."""
    training = Training(*start)
    for name, load in LOAD.items():
        if name != without:
            load(training, copy.deepcopy(saved[name]))
    return training
