"""The chapter's exercises: what is asked, how it is checked, and the wrong answers foreseen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from workbook.floats import bits_equal
from workbook.question import Exercise, Form, WrongAnswer, agree

SEEDS = (0, 1, 7)


def _same(one: nn.Linear, other: nn.Linear) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(bits_equal(a.detach(), b.detach()) for a, b in pairs)


@contextmanager
def _shapes_built() -> Iterator[list[tuple[int, int]]]:
    """List the shapes of the Linear layers that are built meanwhile, in order."""
    built: list[tuple[int, int]] = []
    real = nn.Linear.__init__

    def init(layer: nn.Linear, inputs: int, outputs: int, *args: Any, **options: Any) -> None:
        built.append((inputs, outputs))
        real(layer, inputs, outputs, *args, **options)

    nn.Linear.__init__ = init  # type: ignore[assignment]
    try:
        yield built
    finally:
        nn.Linear.__init__ = real  # type: ignore[method-assign]


def _built(hidden: Callable[[int, bool], nn.Linear]) -> list[tuple[int, int]]:
    with _shapes_built() as built:
        hidden(3, True)
    return built


def _unshifted(hidden: Callable[[int, bool], nn.Linear]) -> bool | str:
    plain = [hidden(seed, False) for seed in SEEDS]
    if [tuple(layer.weight.shape) for layer in plain] != [(3, 4)] * len(SEEDS):
        return "The layer that comes back must be `nn.Linear(4, 3)`."
    if _same(plain[0], plain[1]):
        return "Two seeds give the same layer: the seed that comes in is not used."
    if not all(_same(hidden(seed, False), one) for seed, one in zip(SEEDS, plain, strict=True)):
        return "The same seed, twice, gives two layers."
    if _built(hidden) != [(5, 5), (4, 3)]:
        return "With `extra`, `nn.Linear(5, 5)` must be built once, and `nn.Linear(4, 3)` after it."
    kept = all(_same(hidden(seed, True), one) for seed, one in zip(SEEDS, plain, strict=True))
    return kept or "With the extra layer, the same seed still gives other weights."


DRAWS_OF_A_LAYER = Exercise(
    name="draws_of_a_layer",
    task="How many draws does building `nn.Linear(7, 3)` take from the stream?",
    stub="draws = ...",
    form=Form("whole number"),
    check=lambda draws: agree(draws, 7 * 3 + 3),
    wrong=(
        WrongAnswer.value(21, "These are the weights. What else does the layer hold?"),
        WrongAnswer.value(1, "One call builds the layer, but every number in it is drawn."),
        WrongAnswer.value(2, "Weight and bias are two tensors. Every number in them is drawn."),
        WrongAnswer.value(
            8, "That is the ledger's layer, with 3 inputs and 2 outputs. This one is larger."
        ),
        WrongAnswer.value(48, "In `float64` each number takes two draws. This layer is `float32`."),
        WrongAnswer.value(28, "There is one bias for each output, not for each input."),
    ),
    hints=(
        "Count the cells of `hidden` in the draw ledger: it is `nn.Linear(3, 2)`.",
        "`sum(p.numel() for p in layer.parameters())` counts all numbers of a layer.",
    ),
    solution="7 * 3 + 3",
    because="One draw for each weight and each bias. In `float64` it would be two for each.",
)
NOT_SHIFTED = Exercise(
    name="not_shifted",
    task=(
        "Write `hidden(seed, extra)`: it returns an `nn.Linear(4, 3)` and, if `extra` is true, "
        "builds `nn.Linear(5, 5)` before it. The weights depend on the seed, not on `extra`."
    ),
    stub="def hidden(seed, extra):\n    ...",
    form=Form("function", returns=Form("module")),
    check=_unshifted,
    wrong=(
        WrongAnswer(
            source=(
                "torch.manual_seed(seed)\n"
                "if extra:\n"
                "    torch.nn.Linear(5, 5)\n"
                "return torch.nn.Linear(4, 3)"
            ),
            message="One seed at the top: the extra layer takes its draws first and shifts yours.",
        ),
        WrongAnswer(
            source="torch.manual_seed(0)\nreturn torch.nn.Linear(4, 3)",
            message="The same weights, whatever seed comes in.",
            recognizes=lambda hidden: _same(hidden(3, False), hidden(4, True)),
        ),
        WrongAnswer(
            source=(
                "torch.manual_seed(seed)\n"
                "layer = torch.nn.Linear(4, 3)\n"
                "if extra:\n"
                "    torch.nn.Linear(5, 5)\n"
                "return layer"
            ),
            message="The extra layer is built last, where it shifts nobody. Here it comes first.",
            recognizes=lambda hidden: _built(hidden) == [(4, 3), (5, 5)],
        ),
    ),
    hints=(
        "Which draws come before those of the layer? Set the stream after them.",
        "Or build the extra layer in `with torch.random.fork_rng():`, which puts the state back.",
    ),
    solution=(
        "if extra:\n"
        "    torch.nn.Linear(5, 5)\n"
        "torch.manual_seed(seed)\n"
        "return torch.nn.Linear(4, 3)"
    ),
    because="Nothing is drawn between the seed and the layer. `fork_rng` does as well.",
    may_change=("random numbers",),
)
