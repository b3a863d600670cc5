"""What the reader is asked before each round, and how the answer is measured."""

import torch

from workbook.causes.temperature_zero import decoding, library, sampling
from workbook.causes.temperature_zero.ways import ONLY_MASK, OTHER, PADDED, WAYS_TO_COMPUTE
from workbook.conditions import Conditions
from workbook.experiment import run
from workbook.question import Estimate, Option, Prediction


def _what_changes() -> dict[str, int]:
    """Count texts that change with the repeat, with the other prompts' words, with their number.

    The first prompt's text is counted for the words: the others are replaced.
    """
    where = Conditions(device="cpu", dtype="bfloat16", threads=1, seed=4)
    with where:
        small, starts = decoding.opened(where, 32, 8)
        linear = library.product(library.BY_ROWS, library.ROUNDED)
        together = decoding.text(small, starts, linear)
        again = decoding.text(small, starts, linear)
        others = torch.cat([starts[:1], starts[1:].flip(1)])
        replaced = decoding.text(small, others, linear)
        single = torch.cat([decoding.text(small, start[None], linear) for start in starts])
    return {
        "repeat": int((together != again).any(1).sum()),
        "words": int((together[:1] != replaced[:1]).any(1).sum()),
        "number": int((together != single).any(1).sum()),
    }


WHAT_CAN_CHANGE = Prediction(
    "what_can_change",
    "Greedy decoding on a CPU, one thread: the largest logit is taken, nothing is drawn. Weights "
    "and prompt stay. What can change the answer?",
    (
        Option(
            "nothing",
            lambda measured: not any(measured.values()),
            "Taking the largest is deterministic, and nothing is drawn. But the logits that it "
            "chooses from need not be the same bits each time.",
        ),
        Option(
            "each new run, by chance",
            lambda measured: measured["repeat"] > 0,
            "On a GPU, or with several threads, some operations do that. Here is one thread and "
            "no draw: the same call repeats.",
        ),
        Option(
            "how many other prompts are in the call",
            lambda measured: (
                measured["number"] > 0 and not measured["words"] and not measured["repeat"]
            ),
        ),
        Option(
            "the words of the other prompts",
            lambda measured: measured["words"] > 0,
            "It looks as if one prompt leaked into another. But no number of another prompt "
            "enters: replace their words, and your text stays. What counts is how many they are.",
        ),
    ),
    _what_changes,
    "A matrix library may add in another order for another number of rows. Where two logits are "
    "close, another rounding is another token, and every later token follows from it.",
)


def _leads_that_flip(change: float = 0.01) -> list[float]:
    leads = (0.5 * change, 1.5 * change, 2.5 * change)
    worst = torch.tensor([[lead - change, change] for lead in leads])
    return [lead for lead, first in zip(leads, worst.argmax(1).tolist(), strict=True) if first]


SAFE_LEAD = Prediction(
    "safe_lead",
    "By another order of addition, every logit moves by at most 0.01. From which lead over the "
    "second is the first token safe?",
    (
        Option(
            "above 0.01",
            lambda leads: len(leads) == 1,
            "That is enough if the second stands still while the first falls. Both may move, and "
            "in opposite directions.",
        ),
        Option("above 0.02", lambda leads: len(leads) == 2),
        Option(
            "no lead is safe",
            lambda leads: len(leads) == 3,
            "Every logit moves, so it seems that anything may happen. But only a change of the "
            "order of the two largest changes the token, and for that they have to meet.",
        ),
        Option(
            "it depends on the number of words",
            lambda leads: len(leads) == 0,
            "More words make close leads more common. But any two that compete move by at most as "
            "much.",
        ),
    ),
    _leads_that_flip,
    "One falls by 0.01, the other rises by 0.01: a lead up to 0.02 can be lost, a larger one "
    "cannot. It is arithmetic, and holds for any model.",
)
HOW_OFTEN_TIED = Estimate(
    name="how_often_tied",
    question=(
        "Logits for 4096 words are drawn, about normal with a spread of 2, in `bfloat16`. In how "
        "many percent of the draws do two words share the largest logit, to the last bit?"
    ),
    measure=lambda: 100 * sampling.ties(torch.bfloat16),
    between=(1, 10),
    unit="%",
    factor=10,
    too_low=(
        "In `float32` a tie is that rare. `bfloat16` has 8 bits for the digits: between 4 and 8, "
        "where the largest logits lie, its steps are 1/32."
    ),
    too_high=(
        "Among all 4096 words nearly each has a twin. But far out, where the largest are, few "
        "words remain, and mostly the steps part them."
    ),
    because=(
        "A tie has to be broken by a rule. `argmax` returns the first of the largest; `topk` and "
        "`sort` promise nothing, unless `sort` is told `stable=True`."
    ),
)
PADDED_LEFT = Prediction(
    "padded_left",
    "A prompt gets four words of padding on its left, and a mask hides them from attention. "
    "Positions are learned. Are the logits those of the prompt without padding?",
    (
        Option(
            "yes: what is masked is not there",
            lambda values: values[ONLY_MASK] != OTHER,
            "It is not there for attention. Positions are counted before that, and they count it.",
        ),
        Option(
            "only if the positions leave the padding out as well",
            lambda values: values[ONLY_MASK] == OTHER and values[PADDED] != OTHER,
        ),
        Option(
            "no, never",
            lambda values: values[PADDED] == OTHER,
            "Bits may differ, as more columns are added up. But with mask and positions the same "
            "numbers meet: what is left is rounding.",
        ),
    ),
    lambda: run(WAYS_TO_COMPUTE).finding.values,
    "The first word of the prompt stands in place 4 instead of 0, and gets another vector. With "
    "rotary positions only distances count, and the mask is enough, up to rounding.",
)


def _samples() -> tuple[float, float]:
    return sampling.kept(0), sampling.kept(5)


SEED_IN_A_BATCH = Prediction(
    "seed_in_a_batch",
    "Now tokens are sampled. Your prompt is sent with a seed: once alone, once as one of eight "
    "rows. On a CPU, does it get the same sample?",
    (
        Option(
            "yes, the seed fixes it",
            lambda kept: kept == (1, 1),
            "The seed fixes a stream of numbers, but not who gets them: they are dealt out row by "
            "row.",
        ),
        Option(
            "no, whichever row it is",
            lambda kept: kept[0] < 1,
            "All rows share one stream, so all seem to be shifted. But the first row gets the "
            "first numbers of the stream, as it does alone.",
        ),
        Option("only as the first row", lambda kept: kept[0] == 1 and kept[1] < 0.5),
    ),
    _samples,
    "The sixth row gets the sixth hand of numbers. The cure is a generator for each request.",
)
