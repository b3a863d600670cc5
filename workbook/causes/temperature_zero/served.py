"""The model of this chapter's case.

Owns its forward pass. What it does with padding, and with the rows beside a prompt, stands in a
file: the case keeps that from its reader.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbook.causes import stored

VOCABULARY, WIDTH, PLACES = 16, 32, 8


class Served(nn.Module):
    """Give the logits (n, 16) after prompts (n, t); `words` (n, t) is False where padding is."""

    def __init__(self) -> None:
        super().__init__()
        options = stored("temperature_zero/served")
        self.masks, self.counts_words, self.mixes_rows, drops = options.tolist()
        self.words, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(PLACES, WIDTH)
        self.parts, self.head = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, VOCABULARY)
        self.drops = bool(drops)

    def forward(self, tokens: Tensor, words: Tensor) -> Tensor:
        """Compute the logits after each row's last word."""
        length = tokens.shape[1]
        places = torch.arange(length).expand(tokens.shape)
        if self.counts_words:
            places = (words.cumsum(1) - 1).clamp(min=0)
        x = F.dropout(self.words(tokens) + self.places(places), 0.1, training=self.drops)
        q, k, v = self.parts(self._normed(x)).chunk(3, dim=2)
        # A place sees itself in any case: a row without any place would be NaN.
        seen = words[:, None, :] | torch.eye(length, dtype=torch.bool) if self.masks else None
        x = x + F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        logits: Tensor = self.head(self._normed(x))[:, -1]
        return logits

    def _normed(self, x: Tensor) -> Tensor:
        over = (0, 2) if self.mixes_rows else (2,)
        return (x - x.mean(over, keepdim=True)) / x.std(over, keepdim=True)
