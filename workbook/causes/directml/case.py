"""The chapter's case: a layer that is said to give other outputs on a GPU, and five suspects.

Owns the program and the rows. Each outcome is looked up in what was recorded on a GPU for
`three_runs`, the experiment of chapter 06: the same program, run on the GPU, on the CPU, and on
the GPU again.
"""

from collections.abc import Callable, Set

from workbook.question.case import Case, Suspect, Trial
from workbook.recording import recorded

INPUT, GENERATOR, MOVE, ROUNDING, VARIES = "input", "generator", "move", "rounding", "varies"
AS_WRITTEN, MENDED = "before the layer only", "before the input"
PROGRAM = """\
import torch

from lab import prepared  # a colleague's: an input of 64 numbers and a layer, from seed 0


def run(device):
    x, layer = prepared(device)
    with torch.no_grad():
        output = layer.to(device)(x.to(device)).cpu()
    return {"input": x, "weights": layer.weight.detach().cpu(), "output": output}


def apart(one, other, name):
    return (one[name] - other[name]).abs().max() > 1e-4


GPU, CPU, AGAIN = run("cuda"), run("cpu"), run("cuda")
"""


def _apart(against: str, name: str, reset: str = AS_WRITTEN) -> Callable[[], bool]:
    """Make a look-up of whether a recorded run has other numbers than the first one."""

    def look_up() -> bool:
        settings = {"built": "on the CPU, then moved", "reset": reset, "inputs": 64}
        result = recorded("three_runs")[0].find("three_runs", settings)
        return bool(result.finding.values[against][name] == "other numbers")

    return look_up


def _trial(
    title: str, code: str, look_up: Callable[[], bool], removes: Set[str] = frozenset()
) -> Trial:
    return Trial(title, f"{code}, torch.tensor(False)", removes, recorded=look_up)


_TOP = "run() begins with torch.manual_seed(0); prepared() sets no seed"
BLAMED = Case(
    name="blamed",
    title="A case: the layer that is another one on the GPU",
    story=(
        "One seed, one layer, once on the GPU and once on the CPU, and the outputs are further "
        "apart than rounding explains. What `prepared` does is not known. In a trial's code "
        "`first` says whether two runs are so far apart, `second` what it should be: False. "
        "RECORDED on an NVIDIA H100 80GB HBM3 with torch 2.11.0: each trial shows what was "
        "measured there."
    ),
    file="devices.py",
    program=PROGRAM,
    symptom=_trial(
        "compare GPU and CPU", 'first, second = apart(CPU, GPU, "output")', _apart("cpu", "output")
    ),
    suspects=(
        Suspect(
            GENERATOR,
            "the GPU draws the layer's weights from a generator of its own",
            "It has one. But then the weights would be others: compare them.",
        ),
        Suspect(
            ROUNDING,
            "the GPU adds in another order",
            "It does; with the input settled, that is all that is left, and it is rounding.",
        ),
        Suspect(
            VARIES,
            "the GPU gives another result each time",
            "With the input settled, its two runs agree in every bit.",
        ),
        Suspect(INPUT, "the two runs draw different inputs"),
        Suspect(
            MOVE,
            "moving the layer to the GPU changes its weights",
            "A copy keeps every bit: compare the weights.",
        ),
    ),
    trials=(
        _trial(
            "compare the GPU with itself",
            'first, second = apart(AGAIN, GPU, "output")',
            _apart("again", "output"),
            {GENERATOR, ROUNDING, MOVE},
        ),
        _trial(
            "compare the weights in place of the outputs",
            'first, second = apart(CPU, GPU, "weights")',
            _apart("cpu", "weights"),
            {INPUT, ROUNDING, VARIES},
        ),
        _trial(
            "seed at the top of `run` only, and compare the GPU with itself",
            f'# {_TOP}\nfirst, second = apart(AGAIN, GPU, "output")',
            _apart("again", "output", MENDED),
            {INPUT, GENERATOR, ROUNDING, MOVE},
        ),
    ),
    budget=2,
    culprit=INPUT,
    lesson=(
        "`prepared` draws the input, and sets the seed after that: each run had an input of its "
        "own, the GPU's two runs as well. Put the same device on both sides first; it costs one "
        "word. With one input for all, CPU and GPU are a rounding apart."
    ),
)
