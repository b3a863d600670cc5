"""Resumed runs, loaders, compiled functions and ranks, held against other ways to know."""

import copy
import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from workbook.causes.another_run import (
    BUCKETS,
    COMPILED,
    EXACT_RESUME,
    NOISE_OF_AN_ITEM,
    RESUMED,
    RING,
    SHARDS,
    WHOLE_GRADIENT,
    WORKERS,
    WRAPPER,
    buckets,
    compiled,
    loaders,
    ranks,
    shards,
    training,
)
from workbook.causes.another_run.ranks import ranked, summed
from workbook.devices import DeviceUnavailable
from workbook.experiment import run
from workbook.question import judge

DIVIDED = list(itertools.product(shards.WORLDS, shards.DIVISIONS))


@pytest.mark.parametrize("optimizer", training.OPTIMIZERS)
@pytest.mark.parametrize("stop", [1, 3, 4, 11])
def test_with_every_part_a_run_goes_on_in_every_bit(optimizer: str, stop: int) -> None:
    """Wherever it stops, a run restored in full is equal to the run without a stop."""
    whole = training.Training(0, optimizer)
    for _ in range(stop):
        whole.step()
    saved = training.checkpoint(whole)
    for _ in range(6):
        whole.step()
    again = training.resumed(whole.start, saved)
    for _ in range(6):
        again.step()
    assert torch.equal(again.numbers(), whole.numbers())


def test_what_the_model_has_not_saved_starts_anew() -> None:
    """Without the model's part, its weights are those of a new start."""
    whole = training.Training(0, "SGD")
    new = whole.numbers()
    for _ in range(4):
        whole.step()
    again = training.resumed(whole.start, training.checkpoint(whole), without="the model")
    assert torch.equal(again.numbers(), new)


def test_at_the_end_of_an_epoch_a_place_is_not_needed() -> None:
    """Stopped after a whole epoch, the run goes on without its place in the epoch."""
    exact = run(RESUMED, stop=2 * training.PER_EPOCH).finding.values["exact"]
    assert "the place in the epoch" in exact
    assert "the place in the epoch" not in run(RESUMED).finding.values["exact"]


def test_plain_sgd_remembers_nothing() -> None:
    """Before the learning rate falls, SGD without momentum has no state that matters."""
    assert "the optimizer" in run(RESUMED, optimizer="SGD").finding.values["exact"]
    momentum = run(RESUMED, optimizer="SGD with momentum").finding.values["exact"]
    assert "the optimizer" not in momentum


def test_keys_are_the_same_for_any_number_of_workers() -> None:
    """What a key draws, and an order with a generator of its own, do not know the workers."""
    for workers in (1, 2):
        same = run(WORKERS, workers=workers).finding.values["same"]
        assert all(same[loaders.KEYED])
        assert all(same[loaders.GENERATOR_ORDER])


def test_each_worker_serves_a_whole_stream() -> None:
    """An iterable dataset that does not divide its items gives them once a worker."""
    served = run(WORKERS).finding.values["served"]
    assert served == sorted(2 * list(range(loaders.ITEMS)))
    assert len(list(DataLoader(loaders.Stream()))) == loaders.ITEMS


def test_reading_and_splitting_change_no_bit() -> None:
    """Dynamo alone, and with AOTAutograd, gives the bits of the program as written."""
    found = run(COMPILED).finding.values["shares"]
    assert {share for line in found.values() for share in line.values()} == {0.0}


def test_a_missing_compiler_is_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be compiled the table says so, and nothing is raised."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no C++ compiler")

    monkeypatch.setattr(compiled.torch, "compile", refuse)
    result = run(COMPILED)
    kinds = {kind for line in result.finding.chart.panels[0].kinds for kind in line}
    assert kinds == {"raises"}
    assert result.verdict == "Nothing could be compiled here."


def test_the_sum_of_the_ranks_is_the_sum() -> None:
    """Whole numbers, which add exactly, are summed as NumPy would, and stay as they were."""
    numbers = [torch.arange(5.0) * n for n in (1, 10, 100)]
    for got in summed([numbers])[0]:
        assert got.tolist() == [0.0, 111.0, 222.0, 333.0, 444.0]
    assert numbers[0].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_without_gloo_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch without gloo, and a network that refuses, end in one sentence."""
    monkeypatch.setattr(torch.distributed, "is_gloo_available", lambda: False)
    with pytest.raises(DeviceUnavailable, match="without gloo"):
        summed([[torch.ones(1)] * 2])
    monkeypatch.undo()
    monkeypatch.setattr(ranks, "_group", lambda *_: 1 / 0)
    monkeypatch.setattr(ranks, "PAUSE", 0.0)
    with pytest.raises(DeviceUnavailable, match="could not be connected"):
        summed([[torch.ones(1)] * 2])


def test_a_connection_that_breaks_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rank loses its connection once, all connect again, and each rank works once."""
    group, worked, broken = ranks._group, [], []

    def breaks_once(store: object, number: int, *rest: object) -> object:
        if number == 1 and not broken:
            broken.append(number)
            raise RuntimeError("connection closed by peer")
        return group(store, number, *rest)

    monkeypatch.setattr(ranks, "_group", breaks_once)
    monkeypatch.setattr(ranks, "PAUSE", 0.0)
    ranked(2, lambda rank, _: worked.append(rank))
    assert broken == [1]
    assert sorted(worked) == [0, 1]


def test_a_firewall_on_the_loopback_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine refuses connections to itself, no rank waits for one."""

    def refused(*_: object) -> None:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr("socket.create_connection", refused)
    with pytest.raises(DeviceUnavailable, match=r"to itself \(127.0.0.1\): refused. .* firewall"):
        summed([[torch.ones(1)] * 2])


def test_nobody_waits_for_a_rank_that_failed() -> None:
    """The error of a rank is raised although another one is still waiting for it."""
    waits = threading.Event()

    def work(rank: int, group: object) -> None:
        if rank == 1:
            raise ZeroDivisionError("of rank 1")
        waits.wait()

    try:
        with pytest.raises(ZeroDivisionError, match="of rank 1"):
            ranked(2, work)
    finally:
        waits.set()


def test_more_ranks_than_gpus() -> None:
    """On GPUs each rank has one of its own."""
    many = torch.cuda.device_count() + 1
    with pytest.raises(DeviceUnavailable, match=f"{many} ranks need {many} GPUs|without NCCL"):
        ranked(many, lambda rank, group: None, "cuda")


def test_the_wrapper_averages_what_it_was_given() -> None:
    """Wrapped, weights, gradients and next statistics are equal; what came later is not."""
    equal = run(WRAPPER).finding.values["equal"]
    wrapped = {part for part, line in equal.items() if line["wrapped"]}
    assert wrapped == {"first weights", "gradients", "statistics at the next step"}
    assert not any(line["not wrapped"] for line in equal.values())


def test_wrapped_gradients_are_the_mean_over_the_ranks() -> None:
    """However they are packed, ranks of equal shards get the whole batch's gradient (float64)."""
    model = buckets.Branches().double()
    x = torch.rand(buckets.ROWS, buckets.WIDTH, dtype=torch.float64)
    model(x).backward()
    whole = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    for way in buckets.gradients(model, x, 3):
        for got in way:
            torch.testing.assert_close(got, whole, rtol=0, atol=1e-15)


def test_two_ranks_have_no_order() -> None:
    """With two ranks no option changes a bit; with three the buckets' size does, by rounding."""
    two, three = (run(BUCKETS, ranks=ranks).finding.values for ranks in (2, 3))
    assert set(two["share"].values()) == {0.0}
    assert {name for name, share in three["share"].items() if share} == {buckets.SMALL}
    assert all(three["rounding"].values()) and three["repeats"] and three["equal on all ranks"]


def test_a_scaler_that_starts_again_skips_steps_again() -> None:
    """In float16 the scale has to be found; without its state the run fails and skips anew."""
    values = run(RESUMED, gradients=training.HALF).finding.values
    assert "the scaler" not in values["exact"] and "nothing" in values["exact"]
    assert values["skipped"]["the scaler"] > values["skipped"]["nothing"]
    assert values["skipped"]["nothing"] == values["skipped"]["no stop"]


@pytest.mark.parametrize(("world", "kind"), DIVIDED)
def test_shards_hold_every_row_once(world: int, kind: str) -> None:
    """However the batch is divided, its parts together have all rows and none is empty."""
    sizes = shards.sizes(world, kind)
    assert sum(sizes) == shards.ROWS and min(sizes) > 0 and len(sizes) == world


def test_only_weights_repair_unequal_shards() -> None:
    """Weighted by rows, unequal shards give the whole batch's gradient; plain means do not."""
    plain = run(SHARDS, shards=shards.UNEQUAL).finding.values
    weighted = run(SHARDS, shards=shards.UNEQUAL, average=shards.WEIGHTED).finding.values
    assert list(plain["rounding"]) == [True, False, False, False]
    assert all(weighted["rounding"])


def test_a_sum_is_as_many_times_too_large() -> None:
    """Not divided, the gradient is off by one less than the number of ranks, of its own size."""
    apart = run(SHARDS, average=shards.SUMS).finding.values["apart"]
    assert [round(each) for each in apart] == [0, 1, 2, 3]


def test_summed_losses_are_as_many_times_too_small() -> None:
    """The mean over ranks of summed losses is the summed loss's gradient divided by the ranks."""
    apart = run(SHARDS, average=shards.SUMMED).finding.values["apart"]
    assert apart == pytest.approx([0, 1 / 2, 2 / 3, 3 / 4], abs=1e-5)


def test_batch_statistics_of_a_rank_are_another_model() -> None:
    """With batch normalization of each rank's rows, equal shards do not give the whole gradient."""
    values = run(SHARDS, layer=shards.BATCH_NORM).finding.values
    assert list(values["rounding"]) == [True, False, False, False]


def test_one_slot_has_one_sum() -> None:
    """All ranks agree and a repeat agrees; a single slot cannot differ from itself."""
    values = run(RING, slots=1).finding.values
    assert set(values["sums"].values()) == {1} and values["repeats"]
    opening = run(RING).finding.values
    assert opening["equal on all ranks"] and opening["repeats"]


def test_a_rounding_to_float32_is_no_fault() -> None:
    """Weights in float32, which round the gradient's last bit, are as right as exact ones."""

    def combine(gradients: list[torch.Tensor], rows: list[int]) -> torch.Tensor:
        weights = torch.tensor(rows) / sum(rows)
        return (torch.stack(gradients) * weights[:, None]).sum(0)

    assert judge(WHOLE_GRADIENT, combine).status == "passed"
    double = judge(WHOLE_GRADIENT, lambda gs, rows: combine([g.double() for g in gs], rows))
    assert double.status == "passed"


@pytest.mark.parametrize(
    ("combine", "words"),
    [
        (lambda gs, ns: sum(g * n for g, n in zip(gs, ns, strict=True)) / len(ns), "add up to 1"),
        (lambda gs, ns: sum(g * n for g, n in zip(gs, ns, strict=True)) / max(ns), "add up to 1"),
    ],
)
def test_weights_that_do_not_add_up(combine: Callable[..., object], words: str) -> None:
    """Divided by the ranks, or by the largest shard, the answer is told what the weights lack."""
    assert words in judge(WHOLE_GRADIENT, combine).message


def _exact(model: Any, optimizer: Any, generator: Any) -> dict[str, Any]:
    return {
        "model": copy.deepcopy(model.state_dict()),
        "optimizer": copy.deepcopy(optimizer.state_dict()),
        "generator": generator.get_state(),
        "torch": torch.get_rng_state(),
    }


@pytest.mark.parametrize(
    "disturb", [lambda own: torch.rand(1, generator=own), lambda _: torch.manual_seed(0)]
)
def test_a_checkpoint_disturbs_nothing(disturb: Callable[[Any], object]) -> None:
    """Drawing or seeding while it saves makes the run that goes on another one, and fails."""

    def checkpoint(model: Any, optimizer: Any, generator: Any) -> dict[str, Any]:
        disturb(generator)
        return _exact(model, optimizer, generator)

    assert "another one than without it" in judge(EXACT_RESUME, checkpoint).message


@pytest.mark.parametrize(
    ("given", "words"), [({}, "not in your dictionary"), (torch.zeros(3), "a dictionary")]
)
def test_what_is_no_checkpoint_is_not_told_of_dropout(given: object, words: str) -> None:
    """An empty dictionary and a tensor hear what is missing, not what dropout does."""
    message = judge(EXACT_RESUME, lambda *_: given).message
    assert words in message.lower() and "Dropout" not in message


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (lambda seed, epoch, k: torch.tensor(0.5), "are the same number"),
        (
            lambda s, e, k: (torch.manual_seed(s * 1000000 + e * 1000 + k), torch.rand(()))[1],
            "stream that all share",
        ),
    ],
)
def test_what_is_no_noise_of_an_item(noise: Callable[..., object], words: str) -> None:
    """A constant is told so, and a seed set for all is refused: others draw from that stream."""
    assert words in judge(NOISE_OF_AN_ITEM, noise).message


def test_another_weighting_is_told_how_far_off_it_is() -> None:
    """An answer that nobody foresaw is told at which shards, and what its weights lack."""
    outcome = judge(WHOLE_GRADIENT, lambda gradients, rows: gradients[0])
    assert outcome.status == "failed" and "24, 24 rows your weights" in outcome.message


@pytest.mark.parametrize(
    ("checkpoint", "words"),
    [
        (lambda model, optimizer, generator: (model.state_dict(),), "got a tuple of 1"),
        (
            lambda model, optimizer, generator: {
                "model": copy.deepcopy(model.state_dict()),
                "optimizer": optimizer,
                "generator": generator.get_state(),
                "torch": torch.get_rng_state(),
            },
            "'optimizer' must hold the state, not Adam",
        ),
    ],
)
def test_a_checkpoint_of_another_kind_is_told_what_is_asked(checkpoint, words: str) -> None:
    """A tuple, and an object in place of its state, are answered in words, not by an error."""
    outcome = judge(EXACT_RESUME, checkpoint)
    assert outcome.status == "failed" and words in outcome.message
