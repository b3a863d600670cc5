"""Two runs compared: where they part, of what kind that is, and which word rounding allows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tracefile.program import faster, shifted, train
from tests.tracefile.test_container import HEAD
from workbook.tracefile import container
from workbook.tracefile.parting import compared
from workbook.tracefile.report import Report, report
from workbook.tracefile.taping import Watch

X = torch.rand(64, 64, generator=torch.Generator().manual_seed(0))
Y = torch.rand(64, 64, generator=torch.Generator().manual_seed(1))
ULP = torch.nextafter(X, torch.tensor(2.0))


class Pair:
    """Two programs, each recorded into a file, and compared."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self, first: Callable[[], Any], second: Callable[[], Any], head: Any = None, **more: Any
    ) -> Report:
        for name, program in (("here", first), ("there", second)):
            with Watch(**more) as watch:
                program()
            changed = head if head and name == "there" else {}
            watch.tape.head = {**HEAD, "complete": not watch.full, **changed}
            container.save(watch.tape, self.folder / f"{name}.wbt")
        return report(self.folder / "here.wbt", self.folder / "there.wbt")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Compares two programs."""
    return Pair(tmp_path)


def test_equal_runs_are_identical(pair: Pair) -> None:
    """The same program twice: every operation agrees, and no condition differs."""
    found = pair(train, train)
    assert (found.status, found.conditions, found.following) == ("identical", (), ())


def test_another_seed_is_found_at_the_draw(pair: Pair) -> None:
    """Where other numbers are drawn the status is random, and the line that draws is named."""
    found = pair(train, shifted)
    assert found.status == "random"
    assert "step 1, at aten.rand.default (program.py:9): it draws other numbers" in found.text()


def test_another_argument_is_no_rounding(pair: Pair) -> None:
    """A learning rate is named as an argument that is no tensor."""
    found = pair(train, faster)
    assert found.status == "fault"
    assert "an argument that is no tensor is another one there" in found.known[0]


def test_other_data_come_in(pair: Pair) -> None:
    """Data that no operation made are told from the operations that read them."""
    found = pair(lambda: (X @ X).sum(), lambda: (Y @ Y).sum())
    assert found.status == "fault"
    assert "aten.mm.default" in found.known[0]
    assert "a tensor that comes in from outside differs by" in found.known[0]


def test_a_view_of_what_was_made_is_not_from_outside(pair: Pair) -> None:
    """Transposed, cut, and changed in place through a view: one tensor alone came in."""

    def run(x: torch.Tensor) -> torch.Tensor:
        made = x.exp()
        made[:, 3].mul_(2)
        return (made.t() @ made[:, ::2])[1:9].flatten().reshape(2, -1).expand(3, 2, 128).sum(0)

    pair(lambda: run(X), lambda: run(Y))
    tapes = [container.load(pair.folder / f"{name}.wbt") for name in ("here", "there")]
    found = compared(*tapes)
    assert [(one.kind, one.entry.name) for one in found.partings] == [
        ("came in", "aten.exp.default")
    ]


def test_another_device_has_operations_of_its_own(pair: Pair) -> None:
    """Where the devices differ, an operation that only one makes is told, and decides nothing."""
    found = pair(lambda: X @ Y, lambda: (X @ Y).relu(), {"devices": "cuda"})
    assert found.status != "fault"
    assert "1 operations are made by one of them only" in found.known[0]
    assert "a change in the program would look the same" in found.known[0]


def test_data_that_differ_by_rounding_are_rounding(pair: Pair) -> None:
    """One unit in the last place of each element is as much as rounding made earlier."""
    found = pair(lambda: X @ Y, lambda: ULP @ Y)
    assert found.status == "rounding"


def test_an_operation_that_only_one_makes_is_named(pair: Pair) -> None:
    """Runs of unequal programs are aligned: what follows the extra operation is matched again."""
    found = pair(lambda: (X @ Y).sum(), lambda: (X @ Y).relu().sum())
    assert "aten.relu.default" in found.known[0]
    assert "only there.wbt makes this operation" in found.known[0]
    assert "2 of 2 and 3 operations correspond" in found.text()


def test_small_tensors_keep_no_sums(pair: Pair) -> None:
    """Of a tensor of fewer than 64 elements the files say that it differs, and no more."""
    small = torch.rand(63, generator=torch.Generator().manual_seed(0))
    found = pair(lambda: small.exp(), lambda: (small + 0).exp().mul(1))
    assert "only there.wbt" in found.text()
    found = pair(lambda: small.exp(), lambda: torch.ones(63).exp())
    assert found.status != "rounding"


def test_keyed_hashes_compare_with_their_key_only(pair: Pair) -> None:
    """With one key two runs are identical, whoever has another one cannot compare."""
    assert pair(train, train, key=b"a secret").status == "identical"
    with pytest.raises(ValueError, match="were recorded with unlike keys"):
        pair(train, train, {"key": "another"})


def test_a_key_changes_every_hash() -> None:
    """No hash of a keyed run is that of a run without a key."""
    tapes = []
    for key in (b"", b"a secret"):
        with Watch(key=key) as watch:
            train()
        tapes.append(watch.tape.columns)
    for name in ("hashes", "steps", "told"):
        bare, keyed = (set(columns[name]) for columns in tapes)
        assert len({n for n in bare & keyed if n > 1_000}) == 0


def test_a_long_run_is_kept_up_to_the_limit(pair: Pair) -> None:
    """Operations end at the limit, steps go on, and the report says so."""
    found = pair(train, train, operations=10)
    assert "here.wbt holds the first 10 operations, and the steps to the end." in found.known
    found = pair(train, faster, operations=10)
    assert found.status == "unknown"
    assert "The parameters differ first after step 1." in found.known


def test_conditions_and_what_to_try_are_named(pair: Pair) -> None:
    """A fact that differs is named with both values, and with the side on which to change it."""
    facts = {"torch": "1", "capability": "AVX2", "threads": "4"}
    found = pair(lambda: X @ Y, lambda: ULP @ Y, {"facts": facts})
    assert "threads: - -> 4" in found.conditions
    assert "on both sides: OMP_NUM_THREADS=1 before the command (now - and 4 threads)" in (
        found.following
    )


def test_memory_that_nobody_wrote_to_does_not_count(pair: Pair) -> None:
    """What lay in memory before it is filled is no difference."""

    def fill(before: float) -> Callable[[], object]:
        def run() -> object:
            room = torch.full((100,), before).sub(before)
            return [room.copy_(X.view(-1)[:100]), torch.empty(100).fill_(1), room.uniform_(2, 2)]

        return run

    found = pair(fill(1.0), fill(2.0))
    assert "aten.full.default" in found.known[0]
    assert "came in" not in found.text() and "comes in" not in found.text()
