"""The chapter's case: a test that passes when it runs by itself, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, trial

SHIFT, NUMPY, WRITTEN, CACHED, OWN = "shift", "numpy", "written", "cached", "own"
PROGRAM = """\
import functools

import numpy as np
import torch
from torch import nn

PICTURES = torch.arange(48.0).reshape(3, 16) / 48
OWN = torch.Generator().manual_seed(0)
MODELS = {}


def model():
    if "small" not in MODELS:
        torch.manual_seed(0)
        MODELS["small"] = nn.Sequential(
            nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Dropout(0.1), nn.Linear(8, 2)
        )
    return MODELS["small"].eval()


@functools.cache
def light(count):
    return torch.rand(count, 1, generator=OWN) / 4


def augmented(pictures):
    turned = torch.from_numpy(np.random.rand(len(pictures), 1) < 0.5)
    return torch.where(turned, pictures.flip(1), pictures) + light(len(pictures))


def test_shape():
    batch = augmented(PICTURES[:2])
    batch -= batch.mean(0)
    assert model()(batch + torch.rand(2, 16)).shape == (2, 2)


def scores():
    torch.manual_seed(0)
    np.random.seed(0)
    with torch.no_grad():
        return model()(augmented(PICTURES))
"""
_BEFORE = "first = scores()\nexec(PROGRAM)  # the file, loaded again\n"
_AFTER = f"{_BEFORE}test_shape()\n"

PASSES_ALONE = Case(
    name="passes_alone",
    title="A case: the test that passes by itself",
    story=(
        "`test_scores` holds what `scores()` gives against numbers in the repository. By itself it "
        "passes; where `test_shape` runs before it, in the same process, it fails. In a trial's "
        "code `first` is `scores()` in a fresh file, `second` after `test_shape()`."
    ),
    file="test_pictures.py",
    program=PROGRAM,
    symptom=trial("by itself, and after the other test", f"{_AFTER}second = scores()"),
    suspects=(
        Suspect(
            SHIFT,
            "the other test draws from torch's generator and shifts its stream",
            "It does draw. But `scores()` sets the seed before it needs the stream, and with the "
            "generators put back the difference stays.",
        ),
        Suspect(
            NUMPY,
            "the other test draws from NumPy's generator",
            "`scores()` seeds it as well, and with the generators put back the difference stays.",
        ),
        Suspect(
            WRITTEN,
            "the other test writes into the pictures",
            "`batch -= ...` is in place, but `torch.where` made that batch anew. With copies the "
            "difference stays.",
        ),
        Suspect(
            CACHED,
            "both tests share one model, and the first changes it",
            "They do share it. But it is in evaluation mode in both; with a copy the difference "
            "stays.",
        ),
        Suspect(OWN, "the light in the second test follows on what was drawn for the first"),
    ),
    trials=(
        trial(
            "put torch's and NumPy's global generators back after the other test",
            f"{_BEFORE}states = torch.get_rng_state(), np.random.get_state()\ntest_shape()\n"
            "torch.set_rng_state(states[0])\nnp.random.set_state(states[1])\nsecond = scores()",
            {SHIFT, NUMPY},
        ),
        trial(
            "load the file again after the other test",
            f"{_AFTER}exec(PROGRAM)\nsecond = scores()",
            {WRITTEN, CACHED, OWN},
        ),
        trial(
            "give the other test copies of the pictures and the model",
            f"{_BEFORE}import copy\nkept = PICTURES.clone(), copy.deepcopy(model())\n"
            'test_shape()\nPICTURES, MODELS["small"] = kept\nsecond = scores()',
            {WRITTEN, CACHED},
        ),
        trial(
            "augment nothing in the other test",
            f"{_BEFORE}augment, augmented = augmented, torch.clone\ntest_shape()\n"
            "augmented = augment\nsecond = scores()",
            {NUMPY, OWN},
        ),
    ),
    budget=2,
    culprit=OWN,
    lesson=(
        "A generator of its own is the cure of this chapter, and it is a state as well: it starts "
        "when the file is loaded, and goes on from test to test. The cache seems to prevent that, "
        "but it keeps one light for each *number* of pictures. Make the generator inside the "
        "function, or in a fixture that every test gets anew."
    ),
)
