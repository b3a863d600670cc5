"""The chapter's case: a prompt that is answered otherwise in company, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

PLACES, HIDDEN, ROUNDING, NEIGHBORS, DRAWS = (
    "positions", "masking", "rounding", "neighbors", "draws",
)  # fmt: skip
PROGRAM = """\
import torch

from workbook.causes.temperature_zero.served import Served  # somebody else's model

PAD = 0
PROMPTS = [[5, 3, 9, 2, 7, 7], [8, 1, 4], [4, 6, 2, 12]]

torch.manual_seed(0)
MODEL = Served().eval()


def serve(prompts):
    longest = max(len(prompt) for prompt in prompts)
    rows = [[PAD] * (longest - len(prompt)) + prompt for prompt in prompts]
    words = [[False] * (longest - len(prompt)) + [True] * len(prompt) for prompt in prompts]
    with torch.no_grad():
        return MODEL(torch.tensor(rows), torch.tensor(words))
"""
_BOTH = "first = serve(PROMPTS[1:2])[0]\nsecond = serve(PROMPTS)[1]"


COMPANY = Case(
    name="company",
    title="A case: the prompt in company",
    story=(
        "`serve()` gives the logits after each prompt. The second prompt gets others in company "
        "than alone, and everybody says: the batch, that is rounding. The model is somebody "
        "else's: it is told which places are words, and what it does with that is not known."
    ),
    file="serve.py",
    program=PROGRAM,
    symptom=Trial("alone, and with two others", _BOTH),
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
            "Fill the padding with another word, and no logit moves.",
        ),
        Suspect(PLACES, "the padding moves the prompt to other places"),
        Suspect(
            NEIGHBORS,
            "a normalization takes its mean from all rows",
            "With other neighbors of the same lengths the logits are the same.",
        ),
        Suspect(DRAWS, "dropout is still active", "Alone the prompt gets the same logits twice."),
    ),
    trials=(
        Trial("compute in float64", f"MODEL.double()\n{_BOTH}", {ROUNDING}),
        Trial(
            "alone, twice",
            "first, second = serve(PROMPTS[1:2])[0], serve(PROMPTS[1:2])[0]",
            {PLACES, HIDDEN, ROUNDING, NEIGHBORS},
        ),
        Trial(
            "cut all prompts to the same length",
            f"PROMPTS = [prompt[-3:] for prompt in PROMPTS]\n{_BOTH}",
            {PLACES, HIDDEN},
        ),
        Trial(
            "same company twice, but another word as the padding",
            "first = serve(PROMPTS)[1]\nPAD = 15\nsecond = serve(PROMPTS)[1]",
            {ROUNDING, PLACES},
        ),
        Trial(
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
