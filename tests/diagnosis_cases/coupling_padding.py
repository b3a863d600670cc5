import torch
from torch import nn

DOCUMENTS = [[4, 9, 2], [7, 1, 3, 8, 8, 5], [6, 2, 9, 1]]
PAD = 0


class Encoder(nn.Module):
    def __init__(self, vocabulary=10, width=12):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.read = nn.GRU(width, width, batch_first=True)
        self.mix = nn.MultiheadAttention(width, 2, batch_first=True)

    def forward(self, tokens, padded=None):
        states, _ = self.read(self.embed(tokens))
        mixed, _ = self.mix(states, states, states, key_padding_mask=padded)
        if padded is not None:
            mixed = mixed.masked_fill(padded[..., None], 0.0)
            return mixed.sum(1) / (~padded).sum(1, keepdim=True)
        return mixed.mean(1)


torch.manual_seed(5)
ENCODER = Encoder().eval()


def encode(documents):
    rows = [torch.tensor(document) for document in documents]
    tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD)
    return ENCODER(tokens)


@torch.no_grad()
def service():
    return torch.cat([encode([document]) for document in DOCUMENTS])


@torch.no_grad()
def nightly():
    return encode(DOCUMENTS)
