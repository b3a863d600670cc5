"""What rows do inside a run, without a run: weighed means, rewritten loops, renamed weights."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest
import torch
from torch.utils.data import RandomSampler

from workbook.diagnosis.interventions import (
    batches,
    checkpoints,
    operations,
    seeds,
    source,
    streams,
    training,
)
from workbook.diagnosis.interventions.batches import Series
from workbook.diagnosis.patching import wrap
from workbook.diagnosis.probes import steps
from workbook.diagnosis.probes.facts import FACTS, Fact


@pytest.fixture(autouse=True)
def facts() -> Iterator[None]:
    """Facts of this test alone."""
    FACTS.start()
    yield
    FACTS.start()


def test_a_switch_is_heard_by_name_and_by_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A property of torch.backends that took the setter itself takes what is wrapped around it."""
    name, heard = "_set_mkldnn_enabled", []
    real = getattr(torch._C, name)
    monkeypatch.setattr(torch._C, name, real)
    monkeypatch.setattr(vars(type(torch.backends.mkldnn))["enabled"], "setter", real)
    wrap(lambda real, wanted: heard.append(wanted), torch._C, name)
    torch.backends.mkldnn.enabled = False
    torch._C._set_mkldnn_enabled(True)
    assert heard == [False, True]


def orders(*, validates: bool) -> list[list[int]]:
    """Three epochs' orders of a sampler, whose draws are keyed, with another one in between."""
    made = []
    with streams.KeyedDraws(streams.Epoch(True, 0)):
        for _ in range(3):
            made.append(list(RandomSampler(range(9))))
            if validates:
                assert set(RandomSampler(range(9))) == set(range(9))
    return made


def test_a_librarys_draw_belongs_to_the_users_line() -> None:
    """Two samplers draw at one line of torch's; neither takes the numbers of the other."""
    plain = orders(validates=False)
    assert plain == orders(validates=True) and plain[0] != plain[1]


def weighed(sizes: list[int], *, acts: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of parts' means, and the mean of all rows, in float64."""
    rows = torch.arange(sum(sizes), dtype=torch.float64).square()
    series = Series(sys._getframe())
    made = [series.weighed(part.mean(), len(part), acts) for part in rows.split(sizes)]
    return torch.stack(made).mean(), rows.mean()


def test_the_mean_of_weighed_means_is_the_mean_of_all_rows() -> None:
    """Whatever the parts' sizes and their number, the last of which is known to nobody."""
    for sizes in ([4, 1], [5, 5, 2], [1, 7, 3, 3]):
        ours, all_rows = weighed(sizes, acts=True)
        torch.testing.assert_close(ours, all_rows, rtol=1e-12, atol=0)
        assert Fact.MEANS_OF_PARTS in FACTS.seen
        assert weighed(sizes, acts=False)[0] != all_rows


def test_a_weighed_mean_times_its_rows_is_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """As tensor and as number; times anything else, or alone, it is the weighed one."""
    for name in ("__mul__", "__rmul__", "mul", "item"):
        monkeypatch.setattr(torch.Tensor, name, getattr(torch.Tensor, name))
    batches._products()
    series = Series(sys._getframe())
    parts = torch.arange(7, dtype=torch.float64).square().split([4, 3])
    means = [series.weighed(part.mean(), len(part), True) for part in parts]
    for numbers in (means, [mean.item() for mean in means]):
        sums = [number * len(part) for number, part in zip(numbers, parts, strict=True)]
        assert float(sums[1]) == float(3 * numbers[1]) == pytest.approx(16 + 25 + 36)
        assert float(sum(sums)) / 7 == pytest.approx(13) == float(sum(numbers)) / 2
        assert float(numbers[1] * 2) == 2 * float(numbers[1]) != 2 * parts[1].mean()


def test_means_of_equal_parts_are_left_alone() -> None:
    """Parts of one size need no weights: nothing is noted, and no bit changes."""
    ours, _ = weighed([3, 3, 3], acts=True)
    assert Fact.MEANS_OF_PARTS not in FACTS.seen and ours == weighed([3, 3, 3], acts=False)[0]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("for i in range(0, n, size):\n    f(x[i:i + size], size)",
         "for i in range(0, n, 1):\n    f(x[i:i + 1], 1)"),
        ("[f(x[i:i + 4], 4) for i in range(0, n, 4)]",
         "[f(x[i:i + 1], 4) for i in range(0, n, 1)]"),
        ("for i in range(0, n, self.k):\n    f(self.k)", "for i in range(0, n, 1):\n    f(1)"),
        ("for i in range(n):\n    f(size)", "for i in range(n):\n    f(size)"),
    ],
)  # fmt: skip
def test_a_loop_takes_one_row_at_a_time(text: str, wanted: str) -> None:
    """The size is 1 wherever the loop uses it; a number is one only in range and slices."""
    assert ast.unparse(source.Loops().visit(ast.parse(text))) == wanted


def test_a_format_is_the_next_wider_one() -> None:
    """np.float16 and its names in calls become float32; torch's formats and other texts stay."""
    text = "y = x.astype(np.float16) + np.zeros(3, dtype='half') + x.to(torch.float16)\nz = 'half'"
    made = ast.unparse(source.Wider(source.HALF).visit(ast.parse(text)))
    assert made == text.replace("np.float16", "np.float32").replace("'half') +", "'float32') +")
    assert source.formats(ast.parse(text), "p.py") == {Fact.HALF_ARRAYS}
    assert FACTS.lists["wide-halves"] == ["float16 at p.py:1"]


def test_a_weight_gets_the_one_whose_name_ends_alike() -> None:
    """Prefixes on either side do not matter; what is over goes by shape; nothing is invented."""
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 3))
    state = {f"module.{name}": value + 1 for name, value in net.state_dict().items()}
    made = checkpoints.renamed(net, state)
    assert {
        name: torch.equal(made[name], value + 1) for name, value in net.state_dict().items()
    } == (dict.fromkeys(net.state_dict(), True))
    assert checkpoints.renamed(net, {"other": torch.ones(7)}) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def f(n, seed=1):\n    return n", [(1, "seed")]),
        ("@g\ndef f(*, random_seed):\n    pass", [(1, "random_seed")]),
        ("def f(seed):\n    def g():\n        return seed\n    return g", []),
        ("def f(seed):\n    return {**locals()}", []),
        ("def f(n):\n    return n", []),
    ],
)
def test_a_seed_that_nothing_reads_is_seen(text: str, found: list[tuple[int, str]]) -> None:
    """By its parameter's name, in the body and in functions inside it."""
    assert list(seeds._arguments(ast.parse(text))) == found


@pytest.mark.parametrize(
    ("text", "reads"),
    [("torch.manual_seed(cfg.seed)", True), ("torch.seed()", False), ("cfg.seed = 3", False),
     ("f(**vars(cfg))", True), ("cfg.scale", False)],
)  # fmt: skip
def test_settings_may_be_read_by_name(text: str, reads: bool) -> None:
    """An attribute that is read, or a way to read all of them, is a reader; setting one is none."""
    assert any(seeds._reads(node) for node in ast.walk(ast.parse(text))) is reads


def test_what_leaves_its_range_is_noted_once() -> None:
    """The operation that makes an infinity of finite numbers, not those that hand it on."""
    with operations.Leaving():
        _ = (torch.tensor([1.0, 100.0]).exp() * 2).log()
    (place,) = FACTS.lists["overflow"]
    assert place.startswith("aten.exp at test_patches.py:")


def test_short_integers_do_not_wrap() -> None:
    """Bytes are computed with 64 bits; other formats are left alone."""
    pixels = torch.tensor([250, 3], dtype=torch.uint8)
    with operations.WideIntegers():
        assert (pixels + 10).tolist() == [260, 13] and (pixels.float() + 10).dtype == torch.float32
    assert (pixels + 10).tolist() == [4, 13]


def test_weights_that_something_else_wrote_are_seen() -> None:
    """Between two steps: a write past autograd's counters, too; a step by itself is none."""
    net = torch.nn.Linear(2, 1)
    sgd = torch.optim.SGD(net.parameters(), 0.1)
    watch = training.Weights()
    steps.LEFT[sgd] = steps.digest(steps.weights(sgd))
    watch.before_step(sgd, (), {})
    assert Fact.WEIGHTS_WRITTEN not in FACTS.seen
    net.weight.data.mul_(0.5)
    watch.before_step(sgd, (), {})
    assert Fact.WEIGHTS_WRITTEN in FACTS.seen
