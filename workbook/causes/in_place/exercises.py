"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbook.causes.in_place.aliases import ALIASES
from workbook.causes.in_place.both_forms import BOTH_FORMS
from workbook.experiment import run
from workbook.question import Exercise, Form, WrongAnswer, agree

DIGITS, SEED, SIZE, NAME = "float64", "another seed", "more elements", "a second name"


def _lets_the_form_show(missing: str) -> bool:
    if missing == NAME:
        values = run(ALIASES).finding.values
        return bool(set(values["in_place"]) - set(values["out_of_place"]))
    changes: dict[str, dict[str, Any]] = {
        DIGITS: {"dtype": "float64"}, SEED: {"seed": 1}, SIZE: {"size": 10_000},
    }  # fmt: skip
    return bool(run(BOTH_FORMS, **changes[missing]).finding.values["differing"])


def _adds_the_left(add_left: Callable[[Tensor], Any]) -> bool | str:
    x = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0])
    result = add_left(x)
    told = agree(result, torch.tensor([1.0, 3.0, 6.0, 12.0, 24.0]))
    if told is not True:
        return told
    return result.data_ptr() == x.data_ptr() or "The values are right, but in new memory, not in x."


def _keeps_weights(snapshot: Callable[[torch.nn.Module], Any]) -> bool | str:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    kept = snapshot(model)
    if not isinstance(kept, dict) or set(kept) != set(before):
        missing = ", ".join(sorted(set(before) - set(kept))) if isinstance(kept, dict) else ""
        told = f" Yours lacks {missing}." if missing else ""
        return f"It must return a dict with the keys of `state_dict()`.{told}"
    if not all(isinstance(value, Tensor) for value in kept.values()):
        return "Its values must be tensors, so that `load_state_dict` takes them."
    with torch.no_grad():
        for value in (*model.parameters(), *model.buffers()):
            value.add_(1)
    changed = [name for name, value in before.items() if not torch.equal(kept[name], value)]
    if not changed:
        return True
    return (
        f"After a step in place {len(changed)} of {len(before)} tensors of the snapshot have "
        f"changed, {changed[0]} first: they share memory with the model."
    )


def _overlaps(add_left: Callable[[torch.Tensor], Any]) -> bool:
    """Say whether torch refuses, because one place in memory is read and written."""
    try:
        add_left(torch.ones(4))
    except RuntimeError as error:
        return "single memory location" in str(error)
    return False


WHAT_IS_MISSING = Exercise(
    name="what_is_missing",
    task=(
        "The program can only print twice the same. Which one change lets the form of its addition "
        f'show? "{DIGITS}", "{SEED}", "{SIZE}" or "{NAME}" for the memory of a?'
    ),
    stub="missing = ...",
    form=Form("text", options=(DIGITS, SEED, SIZE, NAME)),
    check=_lets_the_form_show,
    wrong=(
        WrongAnswer.value(
            DIGITS, "Both forms still run one kernel: try dtype in the first explorer."
        ),
        WrongAnswer.value(
            SEED, "Other numbers, the same for both forms: try seed in the first explorer."
        ),
        WrongAnswer.value(SIZE, "More of the same: try size in the first explorer."),
    ),
    hints=("The sums have the same bits. What else does `a.add_(b)` do that `a + b` does not?",),
    solution=f'"{NAME}"',
    because="The sum is the same. What differs is who else sees it, or writes at the same time.",
)
ADD_LEFT = Exercise(
    name="add_left",
    task="Write `add_left(x)`: add to each element, in place, the one left of it; return x.",
    stub="def add_left(x):\n    return ...",
    form=Form("function", returns=Form("tensor")),
    check=_adds_the_left,
    wrong=(
        WrongAnswer(
            source="def add_left(x):\n    x[1:] += x[:-1]\n    return x",
            message="torch refuses: what is read overlaps with what is written. Read from a copy.",
            recognizes=_overlaps,
        ),
        WrongAnswer(
            source=(
                "def add_left(x):\n    for i in range(1, len(x)):\n        x[i] += x[i - 1]\n"
                "    return x"
            ),
            message="The left neighbor had been overwritten already, so this is a running total.",
        ),
        WrongAnswer(
            source="x.add_(x.roll(1))",
            message="`roll` brings the last element round to the front: the first has nothing left "
            "of it, and must stay as it is.",
        ),
    ),
    hints=("The error message of the overlap round names the cure.", "`.clone()` is a copy."),
    solution="def add_left(x):\n    x[1:] += x[:-1].clone()\n    return x",
    because="The clone holds the old values while the new ones are written.",
)
SNAPSHOT = Exercise(
    name="snapshot",
    task="Write `snapshot(model)`: its state dict as it is now, whatever training does later.",
    stub="def snapshot(model):\n    return ...",
    form=Form("function", returns=Form("anything")),
    check=_keeps_weights,
    wrong=(
        WrongAnswer(
            source="model.state_dict()",
            message="`state_dict()` has the model's own memory: optimizers write to it in place.",
        ),
        WrongAnswer(
            source="dict(model.state_dict())",
            message="The dict is new, the tensors in it are the model's.",
        ),
    ),
    hints=("Which row of the explorer about names is this?", "Each tensor needs a `clone()`."),
    solution="{name: value.clone() for name, value in model.state_dict().items()}",
    because="Each tensor has memory of its own. `copy.deepcopy(model.state_dict())` does the same.",
)

_RAISES = """x = torch.tensor([0.5, 1.0], requires_grad=True)
a = x.exp()
b = a.sigmoid()
c = b.tanh()
b.mul_(2)
c.sum().backward()"""


def _complaint() -> str:
    """Give the name of the operation that torch's message names."""
    try:
        with torch.enable_grad():
            exec(_RAISES, {"torch": torch})
    except RuntimeError as error:
        # torch 2.13 says Sigmoid where others say SigmoidBackward0.
        named = re.search(r"output 0 of ([A-Z][a-z]+)", str(error))
        return named[1].lower() if named else str(error)
    return "nothing"


READ_THE_MESSAGE = Exercise(
    name="read_the_message",
    task=(
        "The program raises. Which operation has kept the value that was overwritten: exp, "
        "sigmoid, tanh or mul_?"
    ),
    stub="keeper = ...",
    form=Form("text", options=("exp", "sigmoid", "tanh", "mul_")),
    check=lambda keeper: agree(keeper, _complaint()),
    wrong=(
        WrongAnswer.value(
            "mul_",
            "That is the write. The message names the operation that still needs the value "
            "from before.",
        ),
        WrongAnswer.value(
            "tanh",
            "tanh was given b, but its derivative is 1 − c²: it has kept c, and nobody wrote to c.",
        ),
        WrongAnswer.value(
            "exp", "exp has kept its result, a. Which tensor does the last write change?"
        ),
    ),
    hints=(
        "What follows *output 0 of* is the operation whose result is needed again (with "
        "*Backward0* at its end in some versions of torch).",
    ),
    solution='"sigmoid"',
    because=(
        "Its derivative is b · (1 − b), so it has kept b. The message names the note, the shape of "
        "the tensor and both versions: enough to find the line. Where it is not, "
        "`torch.autograd.set_detect_anomaly(True)` prints the line of the forward pass."
    ),
)
