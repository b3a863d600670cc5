"""A small language model, written out: embeddings, attention with a cache, two products, logits.

Owns its weights and one forward pass. How a product and an attention are computed is handed in, so
that nothing else changes when they do.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Linear = Callable[[Tensor, Tensor], Tensor]
Attend = Callable[[Tensor, Tensor, Tensor, "Tensor | None"], Tensor]
Cache = list[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Model:
    """Weights in one format: `words` (V, d), `places` (P, d), `head` (V, d).

    Each block has four matrices: (3d, d) for query, key and value, (d, d), (2d, d) and (d, 2d).
    """

    words: Tensor
    places: Tensor
    head: Tensor
    blocks: tuple[tuple[Tensor, Tensor, Tensor, Tensor], ...]
    heads: int

    def to(self, device: torch.device, dtype: torch.dtype) -> "Model":
        """Round the weights to a format and move them."""
        words, places, head = (
            each.to(device, dtype) for each in (self.words, self.places, self.head)
        )
        blocks = tuple(tuple(w.to(device, dtype) for w in block) for block in self.blocks)
        return Model(words, places, head, blocks, self.heads)  # type: ignore[arg-type]


def build(width: int, *, layers: int, vocabulary: int, places: int, heads: int) -> Model:
    """Draw a model's weights in float32, from torch's generator, the same on every machine."""

    def drawn(*shape: int) -> Tensor:
        return (2 * torch.rand(*shape) - 1) * math.sqrt(3 / shape[-1])

    blocks = tuple(
        (drawn(3 * width, width), drawn(width, width), drawn(2 * width, width),
         drawn(width, 2 * width))
        for _ in range(layers)
    )  # fmt: skip
    words, learned, head = (drawn(rows, width) for rows in (vocabulary, places, vocabulary))
    return Model(words, learned, head, blocks, heads)


def attend(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None) -> Tensor:
    """Attend as torch does: (n, heads, t, size) by (n, heads, T, size).

    `seen` (n, 1, t, T) says which places are seen; None stands for those up to one's own.
    """
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)


def forward(
    model: Model,
    tokens: Tensor,
    cache: Cache | None = None,
    *,
    places: Tensor | None = None,
    real: Tensor | None = None,
    linear: Linear = F.linear,
    attention: Attend = attend,
) -> Tensor:
    """Give the logits (n, t, V) after each of the tokens (n, t); a cache is filled in place.

    `places` are the tokens' positions, counted on from the cache unless given. `real` (n, T) marks
    the tokens, the cache's among them, that are no padding.
    """
    n, t = tokens.shape
    past = cache[0][0].shape[2] if cache else 0
    if places is None:
        places = torch.arange(past, past + t, device=tokens.device).expand(n, t)
    x = model.words[tokens] + model.places[places]
    seen = _seen(past, tokens, real) if past or real is not None else None
    for number, (mixing, out, up, down) in enumerate(model.blocks):
        q, k, v = _parted(linear(_normed(x), mixing), model.heads)
        if cache is not None:
            k, v = _remembered(cache, number, k, v)
        mixed = attention(q, k, v, seen).transpose(1, 2).flatten(2)
        x = x + linear(mixed, out)
        x = x + linear(linear(_normed(x), up).relu(), down)
    return linear(_normed(x), model.head)


def _seen(past: int, tokens: Tensor, real: Tensor | None) -> Tensor:
    """Say which places each token sees, (n, 1, t, T): those up to its own that are no padding."""
    n, t = tokens.shape
    order = torch.arange(past + t, device=tokens.device)
    seen = (order <= order[past:, None]).expand(n, 1, t, past + t)
    if real is None:
        return seen
    # A place of padding sees itself: a row without any place would be NaN.
    return seen & real[:, None, None, :] | (order == order[past:, None])


def _normed(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])


def _parted(x: Tensor, heads: int) -> list[Tensor]:
    n, t, _ = x.shape
    return [each.view(n, t, heads, -1).transpose(1, 2) for each in x.chunk(3, dim=2)]


def _remembered(cache: Cache, number: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    if number < len(cache):
        before = cache[number]
        cache[number] = torch.cat([before[0], k], 2), torch.cat([before[1], v], 2)
    else:
        cache.append((k, v))
    return cache[number]


def greedy(
    model: Model,
    prompts: Tensor,
    count: int,
    *,
    linear: Linear = F.linear,
    attention: Attend = attend,
    cached: bool = True,
) -> Tensor:
    """Give the next `count` tokens (n, count), the one with the largest logit each time.

    Token by token with a cache, or else the whole text so far for each token.
    """
    text, cache = prompts, Cache()
    for token in torch.split(prompts, 1, dim=1) if cached else ():
        logits = forward(model, token, cache, linear=linear, attention=attention)
    for number in range(count):
        if not cached:
            logits = forward(model, text, linear=linear, attention=attention)
        elif number:
            logits = forward(model, text[:, -1:], cache, linear=linear, attention=attention)
        text = torch.cat([text, logits[:, -1].argmax(-1, keepdim=True)], 1)
    return text[:, prompts.shape[1] :]
