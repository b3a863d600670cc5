"""The model of this chapter's case.

Owns how it is put together. Which layers, and which of them torch is told of, stands in a file: the
case keeps that from its reader.
"""

from torch import Tensor, nn

from workbook.causes import stored

KINDS = (nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout)


class Judge(nn.Module):
    """Score rows of six numbers, (n, 6) to (n, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[nn.Module] = []
        for number, (kind, told, *sizes) in enumerate(stored("eval_mode/judge")):
            part = KINDS[kind](*sizes)
            self.parts.append(part)
            if told:
                self.add_module(f"part{number}", part)

    def forward(self, rows: Tensor) -> Tensor:
        """Compute the scores."""
        for part in self.parts:
            rows = part(rows)
        return rows
