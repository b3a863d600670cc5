"""The three cases: what was seen, who is suspected, and what each trial would show.

Owns the rows. Which suspects a trial would clear follows from `Trial.removes`; what it does show is
measured.
"""

from functools import partial

from workbook.causes.your_own_program.programs import REVIEWS, SCORES, TRAINING
from workbook.question.case import Case, Suspect, Trial

DROPOUT, STATE, NOISE = "dropout-active", "module-state", "random-numbers"
THREADS, EMPTY, SHIFT = "thread-count", "uninitialised-memory", "generator-shift"
MUTATED, GRADIENTS = "input-mutated", "gradient-accumulation"
HASHES, CLOCK = "hash-seed", "wall-clock"

_CALLS = "first = scores()\nsecond = scores()"
_BOTH = "first = quiet()\nsecond = logged()"
_EACH = "result = vectors()"
_fresh = partial(Trial, processes=2)

UNSTEADY_SCORES = Case(
    name="unsteady_scores",
    title="Case 1: the scores that do not stand still",
    story=(
        "`scores()` is called twice in one process, on the same rows with the same weights. The "
        "two results differ. What is set stands in a file that you do not see."
    ),
    file="scores.py",
    program=SCORES,
    targets=("scores",),
    symptom=Trial("call it twice", _CALLS),
    suspects=(
        Suspect(DROPOUT, "dropout is still active"),
        Suspect(
            NOISE,
            "the jitter draws new numbers in each call",
            "Leave the jitter out, and the difference stays.",
        ),
        Suspect(
            STATE,
            "the running mean in `Center` moves with each call",
            "It does move. But with the generator put back the difference goes although the mean "
            "still moves.",
        ),
        Suspect(
            EMPTY,
            "`torch.empty` hands out memory with old values",
            "It does. But `eval()` writes no more elements than before, and yet it takes the "
            "difference away.",
        ),
        Suspect(
            THREADS,
            "threads add in another order",
            "Rounding would nearly vanish in float64; this difference stays as large as it was.",
        ),
    ),
    trials=(
        Trial("call `MODEL.eval()` first", f"MODEL.eval()\n{_CALLS}", {DROPOUT, STATE}),
        Trial(
            "put the generator back before the second call",
            "state = torch.get_rng_state()\nfirst = scores()\n"
            "torch.set_rng_state(state)\nsecond = scores()",
            {DROPOUT, NOISE},
        ),
        Trial(
            "load the program again before the second call",
            "first = scores()\nexec(PROGRAM)\nsecond = scores()",
            {DROPOUT, NOISE, STATE},
        ),
        Trial("leave the jitter out", f"jittered = lambda x: x\n{_CALLS}", {NOISE}),
        Trial("freeze `Center`", f"MODEL[0].eval()\n{_CALLS}", {STATE}),
        Trial("use one thread", f"torch.set_num_threads(1)\n{_CALLS}", {THREADS}),
        Trial(
            "compute in float64",
            f"MODEL.double()\nROWS = ROWS.double()\n{_CALLS}".replace(
                "\nfirst", "\ntorch.set_default_dtype(torch.float64)\nfirst", 1
            ),
            {THREADS},
        ),
    ),
    budget=3,
    culprit=DROPOUT,
    lesson=(
        "`eval()` switches off two suspects at once, dropout and the running mean: only a trial "
        "that treats those two differently parts them."
    ),
)

LOGGED_TRAINING = Case(
    name="logged_training",
    title="Case 2: the log that changes the training",
    story=(
        "`quiet()` and `logged()` train the same model from the same seed. The second also calls "
        "`report()`, which is said to look only. The trained weights differ. What a report does "
        "is set in a file that you do not see."
    ),
    file="training.py",
    program=TRAINING,
    targets=("quiet", "logged"),
    symptom=Trial("train both ways", _BOTH),
    suspects=(
        Suspect(
            STATE,
            "`report()` leaves the model in another mode",
            "`report()` does switch to eval mode. But give it a copy of the model, and the "
            "difference stays.",
        ),
        Suspect(
            MUTATED,
            "`report()` changes the training data in place",
            "`rows -= ...` writes in place. But give `report()` a clone of the data, and the "
            "difference stays.",
        ),
        Suspect(SHIFT, "`report()` draws random numbers, and all later draws are shifted"),
        Suspect(
            GRADIENTS,
            "`report()` adds to the gradients",
            "Give it a copy of the model, and the difference stays.",
        ),
        Suspect(
            THREADS,
            "the additions run in another order",
            "Rounding would nearly vanish in float64; this difference stays as large as it was.",
        ),
    ),
    trials=(
        Trial(
            "make `report()` do nothing",
            f"def report(model, data):\n    pass\n\n{_BOTH}",
            {STATE, MUTATED, SHIFT, GRADIENTS},
        ),
        Trial(
            "give `report()` copies of the model and the data",
            "import copy\nlook = report\n\ndef report(model, data):\n"
            f"    look(copy.deepcopy(model), data.clone())\n\n{_BOTH}",
            {STATE, MUTATED, GRADIENTS},
        ),
        Trial(
            "give `report()` a clone of the data",
            f"look = report\n\ndef report(model, data):\n    look(model, data.clone())\n\n{_BOTH}",
            {MUTATED},
        ),
        Trial(
            "put the generator back after `report()`, and clear the gradients",
            "look = report\n\ndef report(model, data):\n    state = torch.get_rng_state()\n"
            f"    look(model, data)\n    torch.set_rng_state(state)\n    "
            f"model.zero_grad()\n\n{_BOTH}",
            {SHIFT, GRADIENTS},
        ),
        Trial(
            "clear the gradients after `report()`",
            "look = report\n\ndef report(model, data):\n"
            f"    look(model, data)\n    model.zero_grad()\n\n{_BOTH}",
            {GRADIENTS},
        ),
        Trial("compute in float64", f"torch.set_default_dtype(torch.float64)\n{_BOTH}", {THREADS}),
    ),
    budget=3,
    culprit=SHIFT,
    lesson=(
        "Copies of the model and the data clear three suspects in one trial. Making `report()` do "
        "nothing clears only one: it takes away everything at once."
    ),
)

RESTLESS_REVIEWS = Case(
    name="restless_reviews",
    title="Case 3: the same script, another morning",
    story=(
        "The script is started twice, and `vectors()` gives other numbers in the second process. "
        "The script's settings stand in a file that you do not see."
    ),
    file="reviews.py",
    program=REVIEWS,
    targets=("vectors",),
    symptom=_fresh("start it twice", _EACH),
    suspects=(
        Suspect(
            NOISE,
            "NumPy shuffles without a fixed seed",
            "With NumPy seeded in the trial's own code the difference stays.",
        ),
        Suspect(
            CLOCK,
            "the time of day gets into the numbers",
            "With the clock stopped the difference stays.",
        ),
        Suspect(HASHES, "the words come out of a set in another order"),
        Suspect(
            THREADS,
            "the processes use different numbers of threads",
            "That would be rounding, and with one thread in each the difference stays.",
        ),
    ),
    trials=(
        _fresh("set every seed once more", f"np.random.seed(0)\n{_EACH}", {NOISE}),
        Trial(
            "call it twice in one process",
            "first = vectors()\nsecond = vectors()",
            {HASHES, THREADS},
        ),
        _fresh(
            "stop the clock",
            f"class time:\n    time = staticmethod(lambda: 0.0)\n\n{_EACH}",
            {CLOCK},
        ),
        _fresh("use one thread in each", f"torch.set_num_threads(1)\n{_EACH}", {THREADS}),
        _fresh(
            "start both with one `PYTHONHASHSEED`, and stop the clock",
            "# in the shell: export PYTHONHASHSEED=1\n"
            f"class time:\n    time = staticmethod(lambda: 0.0)\n\n{_EACH}",
            {HASHES, CLOCK},
            same_hash=True,
        ),
        _fresh("compute in float64", f"torch.set_default_dtype(torch.float64)\n{_EACH}", {THREADS}),
    ),
    budget=2,
    culprit=HASHES,
    lesson=(
        "Two calls in one process share everything that a process has: its hash seed, its threads. "
        "So one cheap trial halves the suspects. Sorting the words is the cure."
    ),
)
