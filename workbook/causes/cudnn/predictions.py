"""What the reader is asked before each round, and how the answer is measured.

What only a GPU can answer is measured on one, where this machine has it, and otherwise looked up in
what was measured on one.
"""

from __future__ import annotations

from typing import Any

from workbook.causes.cudnn.arrival import ARRIVAL
from workbook.causes.cudnn.catalogue import CATALOGUE
from workbook.causes.cudnn.circumstances import CIRCUMSTANCES, FRAGMENTS
from workbook.causes.cudnn.documentation import DOCUMENTED
from workbook.causes.cudnn.flags import FLAGGED, PROGRAMS
from workbook.causes.cudnn.switches import CUDNN, SWITCHES
from workbook.causes.cudnn.tensor_float import TF32
from workbook.causes.cudnn.training import TRAINING
from workbook.devices import DeviceUnavailable, device
from workbook.experiment import Experiment, run
from workbook.question import Prediction
from workbook.recording import recorded
from workbook.result import Finding

ZERO, SMALL = "exactly 0", "a small number"
SUMS_VARY, WRITES_VARY, BOTH_VARY = "the sum", "the adding by index", "both"
REPAIRS, REPAIRS_NONE = "yes, it repeats then", "no, it changes nothing there"
ONE_LIST, TWO_LISTS = "they are the same operations", "some raise that never varied"
SAME_WEIGHTS, OTHER_WEIGHTS = "yes, in every bit", "no"
NEITHER, ONLY_CONV, ONLY_MATMUL, BOTH_TF32 = "neither", "convolutions", "matrix products", "both"
ONE_TOTAL, MORE_TOTALS = "one", "more than one"
NO_CHANGE, CHANGE = "no", "yes, in the last bits"


def on_gpu(experiment: Experiment, **settings: Any) -> Finding:
    """What the experiment finds on a GPU: measured now if there is one, else as recorded.

    DeviceUnavailable where there is neither.
    """
    wanted = {**experiment.opening, **experiment.recorded, **settings, "device": "cuda"}
    reason = device("cuda").absent()
    if reason is None:
        return run(experiment, **wanted).finding
    for each in recorded(experiment.name):
        if each.provenance["device"] == "cuda":
            return each.find(experiment.name, wanted).finding
    raise DeviceUnavailable(f"{reason} And {experiment.name} has not been recorded on a GPU.")


def _difference_of_program() -> str:
    counts = run(FLAGGED).finding.values["by_flags"]
    return ZERO if all(counts[name] == 1 for name in PROGRAMS) else SMALL


def _which_varies() -> str:
    adding = "index_add" in on_gpu(CATALOGUE).values["varies"]
    summing = "sum" in on_gpu(CATALOGUE, family="sums").values["varies"]
    if adding and summing:
        return BOTH_VARY
    return WRITES_VARY if adding else SUMS_VARY


def _cudnn_repairs_index_add() -> str:
    return REPAIRS if on_gpu(SWITCHES).values["repaired"][CUDNN] else REPAIRS_NONE


def _raises_and_varies() -> str:
    return TWO_LISTS if on_gpu(DOCUMENTED).values["raises_and_never_varied"] else ONE_LIST


def _six_trainings() -> str:
    counts = on_gpu(TRAINING).values["distinct"]
    return SAME_WEIGHTS if counts["as torch comes"] == 1 else OTHER_WEIGHTS


def _tf32_by_default() -> str:
    coarse = on_gpu(TF32).values["coarse"]
    # As torch comes, matmul precision is "highest" and TF32 in cuDNN is allowed.
    matmul, conv = "matmul, highest" in coarse, "conv, on" in coarse
    return {(False, False): NEITHER, (False, True): ONLY_CONV, (True, False): ONLY_MATMUL}.get(
        (matmul, conv), BOTH_TF32
    )


def _totals_by_arrival() -> str:
    return ONE_TOTAL if run(ARRIVAL).finding.values["by_arrival"] == 1 else MORE_TOTALS


def _fragments() -> str:
    return CHANGE if on_gpu(CIRCUMSTANCES).values["other"][FRAGMENTS] else NO_CHANGE


WHAT_IT_PRINTS = Prediction(
    name="what_it_prints",
    question=(
        "A program runs two `nn.Linear` layers twice on one input, first with "
        "`torch.backends.cudnn.deterministic = False`, then with `True`, and prints the largest "
        "difference, to show how non-deterministic the default is. What does it print?"
    ),
    options=(SMALL, ZERO),
    measure=_difference_of_program,
    because=(
        "cuDNN is a library for GPUs, for convolutions and recurrent layers above all. The program "
        "has neither, and its tensors are on the CPU. Its flags switch nothing that it uses."
    ),
)
IN_ORDER_OF_ARRIVAL = Prediction(
    name="in_order_of_arrival",
    question=(
        "64 numbers are added to one total, one after another. In 20 runs they arrive in 20 "
        "orders. How many different totals come out?"
    ),
    options=(ONE_TOTAL, MORE_TOTALS),
    measure=_totals_by_arrival,
    because=(
        "Each addition rounds, and another order rounds other partial sums. No update is lost and "
        "nothing is random in the arithmetic: the order was the only thing that changed."
    ),
)
WHICH_VARIES = Prediction(
    name="which_varies",
    question=(
        "On a GPU, a million numbers are summed with `sum`, and thousands are added to a few "
        "places with `index_add`, again and again on the same inputs. What varies?"
    ),
    options=(SUMS_VARY, WRITES_VARY, BOTH_VARY),
    measure=_which_varies,
    because=(
        "Both use thousands of threads. But `sum` adds along a fixed tree, whoever is first. "
        "`index_add` uses atomic additions: numbers for one place are added in order of arrival."
    ),
)
CUDNN_REPAIRS = Prediction(
    name="cudnn_repairs",
    question="`index_add` varies on a GPU. Does `torch.backends.cudnn.deterministic = True` help?",
    options=(REPAIRS, REPAIRS_NONE),
    measure=_cudnn_repairs_index_add,
    because=(
        "The flag is asked for only where torch calls cuDNN. `index_add` is torch's own kernel. "
        "`torch.use_deterministic_algorithms(True)` is the switch for all of torch."
    ),
)
TWO_LISTS_OR_ONE = Prediction(
    name="two_lists_or_one",
    question=(
        "With `use_deterministic_algorithms(True)` some operations raise an error. Are they the "
        "operations that varied?"
    ),
    options=(ONE_LIST, TWO_LISTS),
    measure=_raises_and_varies,
    because=(
        "An operation raises because somebody marked its kernel as one that may vary. Whether it "
        "does depends on sizes and duplicates, and some marks are older than the kernel."
    ),
)
SIX_TRAININGS = Prediction(
    name="six_trainings",
    question=(
        "A small convolutional network is trained six times on a GPU, from one seed, on the same "
        "images in the same order, with torch's default settings. Are their final weights equal?"
    ),
    options=(SAME_WEIGHTS, OTHER_WEIGHTS),
    measure=_six_trainings,
    because=(
        "A seed fixes the draws, not the order in which threads add. One gradient that varies in "
        "its last bit is enough: from then on no step starts from the same weights."
    ),
)
WHO_USES_TF32 = Prediction(
    name="who_uses_tf32",
    question="As torch comes, what uses TF32 for `float32` tensors on a recent NVIDIA GPU?",
    options=(NEITHER, ONLY_MATMUL, ONLY_CONV, BOTH_TF32),
    measure=_tf32_by_default,
    because=(
        "There are two switches with two defaults: `torch.backends.cudnn.allow_tf32` is on, while "
        "`set_float32_matmul_precision` stands at highest."
    ),
)
FRAGMENTED = Prediction(
    name="fragmented",
    question="Do results on a GPU change when its memory is fragmented?",
    options=(NO_CHANGE, CHANGE),
    measure=_fragments,
    because=(
        "An address is no operand. torch's allocator starts every tensor at a multiple of 512 "
        "bytes, so a kernel sees the same layout wherever the tensor lies."
    ),
)
PREDICTIONS = (
    WHAT_IT_PRINTS, IN_ORDER_OF_ARRIVAL, WHICH_VARIES, CUDNN_REPAIRS, TWO_LISTS_OR_ONE,
    SIX_TRAININGS, WHO_USES_TF32, FRAGMENTED,
)  # fmt: skip
