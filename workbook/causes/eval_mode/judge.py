"""The model of this chapter's case.

Owns the model, which the case keeps from its reader: its program imports it, as one imports a model
that somebody else has written.
"""

from torch import Tensor, nn


class Judge(nn.Module):
    """Score rows of six numbers, (n, 6) to (n, 1); one layer stands where torch overlooks it."""

    def __init__(self) -> None:
        super().__init__()
        self.body = [nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU()]
        self.drop, self.last = nn.Dropout(0.3), nn.Linear(16, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Compute the scores."""
        for part in self.body:
            rows = part(rows)
        scores: Tensor = self.last(self.drop(rows))
        return scores
