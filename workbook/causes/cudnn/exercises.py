"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from workbook.causes.cudnn.repeats import distances
from workbook.question import Exercise, Form, WrongAnswer, agree
from workbook.wording import counted

PLACES, MANY = 8, 400
OPERATION = " does not have a deterministic implementation"
OTHERS_WARNING = "the loader is slow"
WARNING = "torch.use_deterministic_algorithms(True, warn_only=True)"
NAMED = f"""def named(step):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        {{}}
        try:
            step()
        finally:
            torch.use_deterministic_algorithms(False)
    for each in caught:
        name, said, _ = str(each.message).partition("{OPERATION}")
        if said:
            {{}}
    return ""
"""
ENOUGH, BY_THE_RULE = 149, 150  # the least n with 0.98**n < 0.05; 3 / 2 %


def _pair() -> tuple[Tensor, Tensor]:
    a = torch.rand(32) + 1
    b = a.clone()
    b[::4] *= 1 + 2**-10
    return a, b


def _measures_share(v_c: Callable[[Tensor, Tensor], Any]) -> bool | str:
    a, b = _pair()
    if not agree(float(v_c(a, a.clone())), 0.0):
        return "Two equal tensors must give 0."
    parts = (slice(0, 32), slice(0, 2), slice(1, 3))  # a quarter, a half, and none
    shares = [agree(float(v_c(a[part], b[part])), distances(a[part], b[part])[0]) for part in parts]
    if not all(share is True for share in shares):
        return "That is not the share of this pair."
    b = torch.where(torch.arange(32) % 4 == 0, a.nextafter(2 * a), a)
    last = agree(float(v_c(a, b)), 0.25)
    return last or "Where a quarter of the elements differ in the last bit it gives something else."


def _scattered() -> tuple[Tensor, Tensor]:
    """Draw places, and numbers over so many powers of two that float64 rounds their sums too."""
    numbers = torch.cat([torch.rand(MANY // 8) * 2.0**p for p in range(-40, 40, 10)])
    return (torch.rand(MANY) * PLACES).long(), numbers


def _canceling() -> tuple[Tensor, Tensor]:
    """Draw each large number with its opposite, so that what float64 loses on the way shows."""
    index, numbers = _scattered()
    large = torch.rand(MANY) * 2.0**70
    return index.repeat(3), torch.cat([numbers, large, -large])


def _same_bits(add: Callable[[Tensor, Tensor], Any]) -> bool | str:
    index, values = _canceling()
    totals = []
    for _ in range(12):
        order = torch.randperm(len(values))
        totals.append(add(index[order], values[order]).clone())
    if any(not torch.equal(each, totals[0]) for each in totals):
        return "The pairs arrived in another order, and the totals have other bits."
    index, values = _scattered()
    values[index == 0] *= -1
    exact = torch.zeros(PLACES, dtype=torch.float64).index_add(0, index, values.double())
    near = torch.allclose(add(index, values).double(), exact, rtol=MANY * 2**-23)
    return near or "One answer for every order, but not the totals."


def _unpools() -> None:
    torch.zeros(3).index_add(0, torch.tensor([0, 0]), torch.ones(2))
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)  # a step draws nothing
    values, places = F.max_pool2d(picture, 2, return_indices=True)
    F.max_unpool2d(values, places, [2, 2])


def _puts() -> None:
    warnings.warn(OTHERS_WARNING, stacklevel=1)
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))
    _unpools()


STEPS: tuple[tuple[Callable[[], object], str], ...] = (
    (_unpools, "max_unpooling2d"),
    (_puts, "put_"),
    (lambda: torch.ones(3).cumsum(0), ""),
)


def _names_them(named: Callable[[Callable[[], object]], str]) -> bool | str:
    for step, begins in STEPS:
        ended: list[object] = []
        name = named(lambda: ended.append(step()))  # noqa: B023  # called here
        if len(ended) != 1:
            return f"`step()` came to its end {counted(len(ended), 'time')}; once is meant."
        if not name and begins:
            return "A step that uses an operation without a deterministic kernel got no name."
        if name and not begins:
            return "A step of which torch warns nothing got a name."
        if OPERATION in name or not name.startswith(begins):
            return "The name is not the one with which torch's first such warning begins."
    return True


def _raises(named: Callable[[Callable[[], object]], str]) -> bool:
    try:
        named(_unpools)
    except RuntimeError as error:
        return OPERATION in str(error)
    return False


def _enough(n: int) -> bool | str:
    if not 0 <= n < ENOUGH:
        return ENOUGH <= n <= BY_THE_RULE
    return (
        f"A result that comes in 2 of 100 runs stays away {n} times in a row with the chance "
        f"{0.98**n:.2%}. At 95 % that must be less than 5 %."
    )


SHARE_THAT_DIFFERS = Exercise(
    name="share_that_differs",
    task="Write `v_c(a, b)`: the share of elements that differ between two results, from 0 to 1.",
    stub="def v_c(a, b):\n    ...",
    form=Form("function", returns=Form("number")),
    check=_measures_share,
    wrong=(
        WrongAnswer(
            source="return (a != b).sum()",
            message="That is how many elements differ. Divide by how many there are.",
        ),
        WrongAnswer(
            source="return 100 * (a != b).float().mean()",
            message="That is in percent. A share goes from 0 to 1.",
        ),
        WrongAnswer(
            source="return ((a - b).abs() / a.abs()).mean()",
            message="That is V_ermv: how far they are apart. V_c says how many are apart at all.",
        ),
    ),
    hints=("`a != b` is a tensor of True and False.", "The mean of ones and zeros is a share."),
    solution="return (a != b).float().mean()",
    because="V_c finds a single differing bit; V_ermv says whether it matters.",
)
ANY_ORDER_OF_ARRIVAL = Exercise(
    name="any_order_of_arrival",
    task=(
        "Write `add(index, values)`: a tensor of eight totals. The number `values[k]` belongs to "
        "the total `index[k]`. In whatever order the pairs arrive, the totals have the same bits."
    ),
    stub="def add(index, values):\n    ...",
    form=Form("function", returns=Form("tensor", shape=(PLACES,))),
    check=_same_bits,
    wrong=(
        WrongAnswer(
            source="return torch.zeros(8).index_add(0, index, values.sort().values)",
            message="Only the values were sorted: each has lost its index. Sort the pairs.",
        ),
        WrongAnswer(
            source="return torch.zeros(8).index_add(0, index, values)",
            message="These are the totals in the order of arrival. Sorted by index they are the "
            "same: pairs of one index stay in the order in which they came. Deterministic "
            "algorithms add in that order, too.",
        ),
        WrongAnswer(
            source=(
                "wide = torch.zeros(8, dtype=torch.float64)\n"
                "return wide.index_add(0, index, values.double()).float()"
            ),
            message="In float64 the order counts later, and it counts: these numbers cancel.",
        ),
    ),
    hints=(
        "On a CPU with one thread `index_add` adds from the first pair to the last.",
        "Put the pairs into an order that does not depend on how they came: sort by value.",
    ),
    solution=(
        "order = values.argsort()\nreturn torch.zeros(8).index_add(0, index[order], values[order])"
    ),
    because="Sorting costs time; this is what deterministic algorithms pay for.",
)
NAMED_IN_A_WARNING = Exercise(
    name="named_in_a_warning",
    task=(
        "Write `named(step)`: call `step()` once, with torch warning of operations that have no "
        "deterministic kernel, and give the name of the first one that it warns of; an empty text "
        "if it warns of none. Leave torch as you found it."
    ),
    setup="import warnings\nimport torch",
    stub="def named(step):\n    ...",
    form=Form("function", returns=Form("text")),
    check=_names_them,
    wrong=(
        WrongAnswer(
            source=NAMED.format("torch.use_deterministic_algorithms(True)", "return name"),
            message="Without `warn_only=True` torch raises, and the step never comes to its end.",
            recognizes=_raises,
        ),
        WrongAnswer(
            source=NAMED.format("pass", "return name"),
            message="As torch comes it warns of nothing: the step has to run under the switch.",
        ),
        WrongAnswer(
            source=NAMED.format(WARNING, "return str(each.message)"),
            message="That is the whole sentence. The operation's name is what it begins with.",
        ),
        WrongAnswer(
            source=NAMED.format(WARNING, "return name").replace("if said:", "if True:"),
            message="Some other warning came first: look for what all of torch's sentences say.",
        ),
    ),
    hints=(
        "`torch.use_deterministic_algorithms(True, warn_only=True)` warns where it would raise.",
        '`with warnings.catch_warnings(record=True) as caught:` and `simplefilter("always")` '
        "collect what is said; each has a `message`.",
        f"torch's sentence is *name*{OPERATION}, and so on.",
    ),
    solution=NAMED.format(WARNING, "return name"),
    because=(
        "The name is the kernel's, not always that of the function that you called: search torch's "
        "list for a part of it. On a GPU many more operations warn."
    ),
)
HOW_MANY_REPEATS = Exercise(
    name="how_many_repeats",
    task=(
        "A test passed and repeated every bit. How many equal repeats after the first show, at "
        "95 %, that another result comes in at most 2 of 100 runs? Give the smallest number, "
        "exactly or by the rule of three."
    ),
    stub="n = ...",
    form=Form("whole number"),
    check=_enough,
    wrong=(
        WrongAnswer.value(
            50, "In 50 runs such a result is expected once; more than one in three misses it."
        ),
        WrongAnswer.value(59, "59 equal repeats leave 5 % possible. Here the limit is 2 %."),
        WrongAnswer(
            source="1000",
            message="That is more than needed: fewer equal repeats show it, too.",
            recognizes=lambda n: n > BY_THE_RULE,
        ),
    ),
    hints=(
        "At rate p, n runs are all equal with the chance (1 − p)ⁿ. At which n is that 0.05?",
        "The rule of three: n equal runs leave rates up to about 3/n possible.",
    ),
    solution="150",
    because="3/150 is 2 %. The exact number is 149; the rule of three is close enough.",
)
