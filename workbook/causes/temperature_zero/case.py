"""The chapter's case: a prompt that is answered otherwise in company, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, trial

PLACES, HIDDEN, ROUNDING, NEIGHBORS, DRAWS = (
    "positions", "masking", "rounding", "neighbors", "draws",
)  # fmt: skip
PROGRAM = """\
import torch
import torch.nn.functional as F
from torch import nn

PAD = 0
PROMPTS = [[5, 3, 9, 2, 7, 7], [8, 1, 4], [4, 6, 2, 12]]


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(16, 32), nn.Embedding(8, 32)
        self.parts, self.head = nn.Linear(32, 96), nn.Linear(32, 16)
        self.norm, self.drop = nn.LayerNorm(32), nn.Dropout(0.1)

    def forward(self, tokens):
        length = tokens.shape[1]
        x = self.drop(self.words(tokens) + self.places(torch.arange(length)))
        q, k, v = self.parts(self.norm(x)).chunk(3, dim=2)
        seen = (tokens != PAD)[:, None, :] | torch.eye(length, dtype=torch.bool)
        x = x + F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.head(self.norm(x))[:, -1]


torch.manual_seed(0)
MODEL = Small().eval()


def serve(prompts):
    longest = max(len(prompt) for prompt in prompts)
    rows = [[PAD] * (longest - len(prompt)) + prompt for prompt in prompts]
    with torch.no_grad():
        return MODEL(torch.tensor(rows))
"""
_BOTH = "first = serve(PROMPTS[1:2])[0]\nsecond = serve(PROMPTS)[1]"


COMPANY = Case(
    name="company",
    title="A case: the prompt in company",
    story=(
        "`serve()` gives the logits after each prompt. The second prompt gets others in company "
        "than alone, and everybody says: the batch, that is rounding."
    ),
    file="serve.py",
    program=PROGRAM,
    symptom=trial("alone, and with two others", _BOTH),
    suspects=(
        Suspect(
            ROUNDING,
            "the library adds in another order for three rows",
            "It may. But that nearly vanishes in float64, and this difference stays as large as it "
            "was.",
        ),
        Suspect(
            HIDDEN,
            "attention looks at the padding",
            "The mask hides it: fill the padding with another word, and no logit moves.",
        ),
        Suspect(PLACES, "the padding moves the prompt to other places"),
        Suspect(
            NEIGHBORS,
            "a normalization takes its mean from all rows",
            "LayerNorm takes it from one token. With other neighbors of the same length the logits "
            "are the same.",
        ),
        Suspect(
            DRAWS,
            "dropout is still active",
            "`eval()` was called. With the generator put back the difference stays.",
        ),
    ),
    trials=(
        trial("compute in float64", f"MODEL.double()\n{_BOTH}", {ROUNDING}),
        trial(
            "put the generator back between the two",
            "state = torch.get_rng_state()\nfirst = serve(PROMPTS[1:2])[0]\n"
            "torch.set_rng_state(state)\nsecond = serve(PROMPTS)[1]",
            {DRAWS},
        ),
        trial(
            "cut all prompts to the same length",
            f"PROMPTS = [prompt[-3:] for prompt in PROMPTS]\n{_BOTH}",
            {PLACES, HIDDEN},
        ),
        trial(
            "same company twice, but another word as the padding",
            "first = serve(PROMPTS)[1]\nPAD = 15\nsecond = serve(PROMPTS)[1]",
            {ROUNDING, PLACES},
        ),
        trial(
            "as many neighbors of the same lengths, other words",
            "first = serve(PROMPTS)[1]\n"
            "PROMPTS = [PROMPTS[0][::-1], PROMPTS[1], PROMPTS[2][::-1]]\n"
            "second = serve(PROMPTS)[1]",
            {ROUNDING, PLACES, HIDDEN},
        ),
    ),
    budget=2,
    culprit=PLACES,
    lesson=(
        "Rounding is the excuse that everybody believes. One trial asks whether padding matters at "
        "all, the next in which way. The cure: positions that are counted from the first real word."
    ),
)
