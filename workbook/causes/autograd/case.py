"""The chapter's case: micro-batches whose gradient is another one, and six suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

TOKENS, ROWS, PARTS, CLIP, STALE, ROUNDING = (
    "tokens",
    "rows",
    "parts",
    "clip",
    "stale",
    "rounding",
)
PROGRAM = """\
import torch
import torch.nn.functional as F
from torch import nn

from workbook.causes import stored

PAD, PARTS, LIMIT = 0, 3, 1.0
TEXTS = stored("autograd/texts")  # eight, as the tokenizer gives them


def new_model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(8, 16), nn.Tanh(), nn.Linear(16, 8))


MODEL = new_model()


def loss_of(texts):
    logits, targets = MODEL(texts[:, :-1]), texts[:, 1:]
    return F.cross_entropy(logits.mT, targets, ignore_index=PAD)


def gradient(parts):
    MODEL.zero_grad()
    for texts in TEXTS.tensor_split(parts):
        (loss_of(texts) / parts).backward()
    nn.utils.clip_grad_norm_(MODEL.parameters(), LIMIT)
    return torch.cat([p.grad.flatten() for p in MODEL.parameters()])
"""
_BOTH = "first = gradient(1)\nsecond = gradient(PARTS)"

MICRO_TEXTS = Case(
    name="micro_texts",
    title="A case: the texts that did not fit into memory",
    story=(
        "Eight texts do not fit into memory at once, so their gradient is added up from three "
        "parts, and each part's loss is divided by three. It is another gradient than that of all "
        "texts at once."
    ),
    file="micro.py",
    program=PROGRAM,
    symptom=Trial("all at once, and in three parts", _BOTH),
    suspects=(
        Suspect(
            ROUNDING,
            "the parts are added in another order",
            "They are. But that nearly vanishes in float64, and this difference does not.",
        ),
        Suspect(
            ROWS,
            "eight texts make three unequal parts",
            "They do. With four parts of two texts the difference stays.",
        ),
        Suspect(TOKENS, "the parts have unequal numbers of words"),
        Suspect(
            PARTS,
            "the number of parts divides something that it should not",
            "With eight times the same text, three parts give the gradient of all.",
        ),
        Suspect(
            CLIP,
            "clipping acts on another norm",
            "It comes after the last part. Without it the difference stays.",
        ),
        Suspect(
            STALE,
            "gradients of the first call are still there in the second",
            "They would be there with eight equal texts as well, and there the two agree.",
        ),
    ),
    trials=(
        Trial("compute in float64", f"MODEL.double()\n{_BOTH}", {ROUNDING}),
        Trial("cut into four parts of two texts", f"PARTS = 4\n{_BOTH}", {ROWS}),
        Trial(
            "give it eight times the first text",
            f"TEXTS = TEXTS[:1].repeat(8, 1)\n{_BOTH}",
            {TOKENS, ROWS, CLIP},
        ),
        Trial("leave the clipping out", f"LIMIT = torch.inf\n{_BOTH}", {CLIP}),
        Trial(
            "make the model anew for the second gradient",
            "first = gradient(1)\nMODEL = new_model()\nsecond = gradient(PARTS)",
            {STALE},
        ),
    ),
    budget=3,
    culprit=TOKENS,
    lesson=(
        "The loss is a mean over words, and a mean of means over unequal parts is another mean: "
        "each word of a short part counts for more. Equal numbers of *texts* do not help. The "
        'cure: `reduction="sum"` in each part, divided by the number of all words.'
    ),
)
