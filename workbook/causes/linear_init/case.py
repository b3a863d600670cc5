"""The chapter's case: a test that passes when it runs by itself, and five suspects.

Owns the program and the rows. What each trial shows is measured when it is run.
"""

from workbook.question.case import Case, Suspect, Trial

SHIFT, NUMPY, WRITTEN, CACHED, OWN = "shift", "numpy", "written", "cached", "own"
PROGRAM = """\
import copy

import numpy as np
import torch
from torch import nn

from workbook.causes import stored

SET = stored("linear_init/settings")  # the project's settings, in a file
PICTURES = torch.arange(48.0).reshape(3, 16) / 48
OWN = torch.Generator().manual_seed(0)
MODELS = {}


def seed():  # before the first test
    torch.manual_seed(0)
    np.random.seed(0)


def model():
    if not MODELS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            layers = nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Linear(8, 2)
        MODELS["small"] = nn.Sequential(*layers).eval()
    return MODELS["small"] if SET["one model"] else copy.deepcopy(MODELS["small"])


def augmented(pictures):
    generators = {"own": OWN, "new": torch.Generator().manual_seed(0), "torch's": None}
    light = torch.rand(len(pictures), 1, generator=generators[SET["light"]])
    numbers = np.random if SET["global NumPy"] else np.random.default_rng(0)
    turned = torch.from_numpy(numbers.random((len(pictures), 1)) < 0.5)
    new = torch.where(turned, pictures.flip(1), pictures) + light
    return pictures.copy_(new) if SET["in place"] else new


def test_shape():
    batch = augmented(PICTURES[:2])
    assert model().train()(batch + torch.rand(2, 16)).shape == (2, 2)


def scores():
    with torch.no_grad():
        return model()(augmented(PICTURES))
"""
_BEFORE = "seed()\nfirst = scores()\nexec(PROGRAM)  # the file, loaded again\nseed()\n"
_AFTER = f"{_BEFORE}test_shape()\n"

PASSES_ALONE = Case(
    name="passes_alone",
    title="A case: the test that passes by itself",
    story=(
        "`test_scores` holds what `scores()` gives against numbers in the repository. By itself it "
        "passes; where `test_shape` runs before it, in the same process, it fails. What the "
        "project has set stands in a file that you do not see. In a trial's code `first` is "
        "`scores()` in a fresh file, `second` after `test_shape()`."
    ),
    file="test_pictures.py",
    program=PROGRAM,
    symptom=Trial("by itself, and after the other test", f"{_AFTER}second = scores()"),
    suspects=(
        Suspect(
            SHIFT,
            "the other test draws from torch's generator and shifts its stream",
            "It does draw. But with the generators put back the difference stays.",
        ),
        Suspect(
            NUMPY,
            "the other test draws from NumPy's generator",
            "With the generators put back the difference stays.",
        ),
        Suspect(
            WRITTEN,
            "the other test writes into the pictures",
            "With a copy of the pictures the difference stays.",
        ),
        Suspect(
            CACHED,
            "both tests share one model, and the first changes it",
            "With a copy of the model the difference stays.",
        ),
        Suspect(OWN, "the light of the second test follows on what was drawn for the first"),
    ),
    trials=(
        Trial(
            "put torch's and NumPy's global generators back after the other test",
            f"{_BEFORE}states = torch.get_rng_state(), np.random.get_state()\ntest_shape()\n"
            "torch.set_rng_state(states[0])\nnp.random.set_state(states[1])\nsecond = scores()",
            {SHIFT, NUMPY},
        ),
        Trial(
            "load the file again after the other test",
            f"{_AFTER}exec(PROGRAM)\nsecond = scores()",
            {WRITTEN, CACHED, OWN},
        ),
        Trial(
            "give the other test copies of the pictures and the model",
            f"{_BEFORE}import copy\nkept = PICTURES.clone(), copy.deepcopy(model())\n"
            'test_shape()\nPICTURES, MODELS["small"] = kept\nsecond = scores()',
            {WRITTEN, CACHED},
        ),
        Trial(
            "augment nothing in the other test",
            f"{_BEFORE}augment, augmented = augmented, torch.clone\ntest_shape()\n"
            "augmented = augment\nsecond = scores()",
            {NUMPY, WRITTEN, OWN},
        ),
    ),
    budget=2,
    culprit=OWN,
    lesson=(
        "A generator of its own is the cure of this chapter, and it is a state as well: it starts "
        "when the file is loaded, and goes on from test to test. Seeding torch and NumPy again "
        "does not reach it. Make the generator inside the function, or in a fixture that every "
        "test gets anew."
    ),
)
