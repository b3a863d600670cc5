"""An all-reduce in which each rank puts one number into every slot: are all slots' sums equal?

Owns one experiment. The factor is the number of ranks. Every slot gets the same summands; a slot
whose sum is another one got them in another order.
"""

import torch

from workbook.causes.another_run.ranks import summed
from workbook.conditions import Conditions
from workbook.control import Choice
from workbook.experiment import Experiment
from workbook.result import Finding

WORLDS = (2, 3, 4)


def fill(where: Conditions, *, slots: int) -> Finding:
    """All-reduce tensors filled with one number a rank; count the sums, and repeat it once.

    The numbers are 1 and halves of its last bit, so that 1 + e + e is 1 or 1 + 2e by the order.
    """
    counts: dict[int, int] = {}
    same_everywhere = repeats = True
    for world in WORLDS:
        numbers = [1.0] + [2.0**-24] * (world - 1)
        filled = [torch.full((slots,), number) for number in numbers]
        sums, again = summed([filled, filled])
        counts[world] = len(torch.unique(sums[0]))
        same_everywhere &= all(torch.equal(each, sums[0]) for each in sums)
        repeats &= torch.equal(sums[0], again[0])
    values = {"sums": counts, "equal on all ranks": same_everywhere, "repeats": repeats}
    reading = ", ".join(f"{world} ranks: {n}" for world, n in counts.items())
    return Finding(_verdict(counts), reading, values=values)


def _verdict(counts: dict[int, int]) -> str:
    several = [world for world, n in counts.items() if n > 1]
    if several == [3, 4]:
        return "Two ranks give one sum in all slots; three and four give more than one."
    return f"More than one sum with this many ranks: {', '.join(map(str, several)) or 'none'}."


RING = Experiment(
    "ring",
    "Every slot adds the same numbers. Is every slot's sum the same?",
    "the number of ranks",
    (Choice("slots", 1000, (1, 8, 1000, 100_000), ordered=True),),
    fill,
)
