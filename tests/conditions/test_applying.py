"""Conditions as a block of code: each switch is applied, and everything is put back."""

import os
import random
import sys
import threading
import types
import warnings

import numpy as np
import pytest
import torch

from tests.conditions.observing import MEDDLING, flushes, observe
from workbook.conditions import Conditions, record, switches
from workbook.devices import DEVICES, DTYPES, DeviceUnavailable

CAN_FLUSH = torch.set_flush_denormal(False)  # False where the processor has no such mode
needs_flush = pytest.mark.skipif(not CAN_FLUSH, reason="this processor cannot flush")
ABSENT = [row.name for row in DEVICES if row.absent() is not None]


READINGS = {
    "threads": torch.get_num_threads,
    "default_dtype": lambda: str(torch.get_default_dtype()).removeprefix("torch."),
    "fill_uninitialized": lambda: torch.utils.deterministic.fill_uninitialized_memory,
    "cudnn_benchmark": lambda: torch.backends.cudnn.benchmark,
    "cudnn_deterministic": lambda: torch.backends.cudnn.deterministic,
    "cudnn_tf32": lambda: torch.backends.cudnn.allow_tf32,
    "matmul_precision": torch.get_float32_matmul_precision,
    "deterministic": lambda: ("off", "warn", "on")[torch.get_deterministic_debug_mode()],
    "grad": lambda: (
        "inference"
        if torch.is_inference_mode_enabled()
        else ("no_grad", "grad")[torch.is_grad_enabled()]
    ),
    "flush_denormal": flushes,
}
VALUES = [
    *(("threads", number) for number in (1, 2, 3)),
    *(("default_dtype", name) for name in DTYPES),
    *(("matmul_precision", word) for word in ("highest", "high", "medium")),
    *(("deterministic", word) for word in ("off", "warn", "on")),
    *(("grad", word) for word in ("grad", "no_grad", "inference")),
    *(
        (name, on)
        for name in ("fill_uninitialized", "cudnn_benchmark", "cudnn_deterministic", "cudnn_tf32")
        for on in (False, True)
    ),
    *((("flush_denormal", False), ("flush_denormal", True)) if CAN_FLUSH else ()),
]


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_a_switch_is_applied(name, value):
    """Inside the block, torch itself reads the value that was asked for."""
    with Conditions(**{name: value}):
        assert READINGS[name]() == value


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_no_warning_is_shown(name, value, recwarn):
    """Applying and putting back is silent, although torch announces some switches."""
    warnings.simplefilter("always")
    with Conditions(**{name: value}):
        pass
    assert not recwarn.list


@pytest.mark.parametrize("outer", ["grad", "no_grad", "inference"])
@pytest.mark.parametrize("inner", ["grad", "no_grad", "inference"])
def test_grad_modes_nest(outer, inner):
    """Each grad mode holds inside each other one, and the outer one holds again afterwards."""
    with Conditions(grad=outer):
        with Conditions(grad=inner):
            assert READINGS["grad"]() == inner
        assert READINGS["grad"]() == outer


def test_a_seed_makes_every_generator_repeat():
    """One seed repeats torch's, NumPy's and random's numbers: those of their own seeding."""
    with Conditions(seed=7):
        ours = (torch.rand(3).tolist(), np.random.rand(3).tolist(), random.random())
    theirs = (
        torch.rand(3, generator=torch.Generator().manual_seed(7)).tolist(),
        np.random.RandomState(7).rand(3).tolist(),
        random.Random(7).random(),
    )
    assert ours == theirs


def test_numbers_drawn_inside_do_not_move_those_outside():
    """Without a seed too, the random states after the block are those before it."""
    with Conditions():
        inside = (torch.randn(3).tolist(), np.random.rand(), random.gauss(0, 1))
    with Conditions():
        assert (torch.randn(3).tolist(), np.random.rand(), random.gauss(0, 1)) == inside


def test_fields_that_are_carried_switch_nothing():
    """Dtype, mode, batch size and layout are for the experiment: no switch moves."""
    before = observe()
    with Conditions(dtype="float64", mode="eval", batch_size=3, layout="transposed"):
        assert observe() == before


def test_an_exception_passes_and_everything_is_back():
    """The error of the body comes out as it is."""
    error = KeyError("body")
    with pytest.raises(KeyError) as raised, Conditions(seed=1, threads=2, grad="inference"):
        raise error
    assert raised.value is error


@pytest.mark.parametrize("name", ABSENT)
def test_an_absent_device_is_refused_on_entry(name):
    """A record of another machine's device can be held; entering it gives the reason."""
    conditions = Conditions(device=name, seed=1)
    with pytest.raises(DeviceUnavailable, match=f"{name} is not available here"):
        conditions.__enter__()


def test_a_dtype_that_the_device_lacks_is_refused_on_entry(monkeypatch):
    """A dtype that the device does not compute in gives the device's sentence."""
    monkeypatch.setattr("workbook.devices.presence.mps", lambda: None)
    conditions = Conditions(device="mps", dtype="float64")
    monkeypatch.setattr(type(conditions), "torch_device", None)
    with pytest.raises(ValueError, match="dtype on mps must be one of float32"):
        conditions.__enter__()


def test_a_processor_that_cannot_flush(monkeypatch):
    """Where torch says that it cannot flush, entering gives the reason."""
    monkeypatch.setattr(torch, "set_flush_denormal", lambda on: False)
    with pytest.raises(DeviceUnavailable, match="flush_denormal needs a processor mode"):
        Conditions(flush_denormal=True, seed=1, threads=2).__enter__()


def test_a_processor_that_cannot_flush_need_not_be_told_not_to(monkeypatch):
    """Where nothing can be flushed, asking not to flush is no demand."""
    monkeypatch.setattr(torch, "set_flush_denormal", lambda on: False)
    with Conditions(flush_denormal=False):
        assert not flushes()


@needs_flush
def test_flushing_nests():
    """Flushing off inside flushing on is off, and on again after."""
    with Conditions(flush_denormal=True):
        with Conditions(flush_denormal=False):
            assert not flushes()
        assert flushes()


@pytest.mark.parametrize("step", ["seed", "threads", "deterministic", "default_dtype"])
def test_an_entry_that_fails_half_way(monkeypatch, step):
    """When one switch fails, those before it are put back, and the turn is free again."""

    def fail(value):
        raise OSError("half way")

    monkeypatch.setitem(switches._SETTERS, step, fail)
    conditions = Conditions(
        seed=1, threads=2, deterministic="on", default_dtype="float64", cudnn_tf32=False
    )
    with pytest.raises(OSError, match="half way"):
        conditions.__enter__()
    assert in_thread(entered) == [True]


def entered():
    """Enter and leave."""
    with Conditions():
        return True


def test_one_setter_that_fails_on_the_way_out_stops_no_other(monkeypatch):
    """Every switch is tried, and then the error comes out."""

    def stuck(before):
        raise OSError("stuck")

    readings = iter(range(9))
    rows = list(switches.SWITCHES.items())
    stubborn = ("stubborn", (lambda: next(readings), stuck))
    monkeypatch.setattr(switches, "SWITCHES", dict([*rows[:3], stubborn, *rows[3:]]))
    with pytest.raises(OSError, match="stuck"), Conditions(seed=1, threads=3, cudnn_tf32=False):
        torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("act", MEDDLING)
def test_what_the_body_switches_is_put_back_too(act):
    """A body that moves a switch itself leaves nothing behind."""
    with Conditions():
        MEDDLING[act]()


def test_warn_only_without_determinism_is_put_back():
    """Torch keeps this corner apart: determinism off, with warn_only remembered."""
    with Conditions():
        # What use_deterministic_algorithms does, without the compiler that it imports.
        torch._C._set_deterministic_algorithms(False, warn_only=True)
        corner = observe()
        with Conditions(deterministic="on"):
            pass
        assert observe() == corner


@pytest.mark.parametrize("at_first", [False, True])
def test_the_compilers_own_switch_is_put_back(monkeypatch, at_first):
    """use_deterministic_algorithms also moves the compiler's switch, which is put back too."""
    compiler = types.SimpleNamespace(deterministic=at_first)
    monkeypatch.setitem(sys.modules, "torch._inductor.config", compiler)
    with Conditions(deterministic="on"):
        compiler.deterministic = not at_first
    assert compiler.deterministic is at_first


def test_a_compiler_loaded_inside_has_its_switch_put_back(monkeypatch):
    """A body that loads the compiler and moves its switch leaves it loaded and off."""
    compiler = types.SimpleNamespace(deterministic=True)
    monkeypatch.delitem(sys.modules, "torch._inductor.config", raising=False)
    with Conditions():
        monkeypatch.setitem(sys.modules, "torch._inductor.config", compiler)
    assert compiler.deterministic is False


@pytest.mark.parametrize("loaded_before", [False, True])
def test_a_compiler_without_the_switch_gets_none(monkeypatch, loaded_before):
    """The compiler of torch 2.4 has no such switch, and refuses unknown names."""
    monkeypatch.delitem(sys.modules, "torch._inductor.config", raising=False)
    older = types.SimpleNamespace()
    if loaded_before:
        monkeypatch.setitem(sys.modules, "torch._inductor.config", older)
    with Conditions(deterministic="on"):
        monkeypatch.setitem(sys.modules, "torch._inductor.config", older)
    assert vars(older) == {}


def in_thread(*work):
    """Run each piece of work in a thread of its own, and give what they return."""
    answers = [None] * len(work)

    def run(index):
        answers[index] = work[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_record_in_several_threads():
    """Threads that share a record each get the numbers of its seed: they take turns."""
    shared = Conditions(seed=3, grad="no_grad")

    def draw():
        numbers = []
        for _ in range(5):
            with shared, shared:
                numbers.append((torch.rand(2).tolist(), torch.is_grad_enabled()))
        return numbers

    with Conditions(seed=3):
        expected = (torch.rand(2).tolist(), False)
    assert in_thread(draw, draw, draw) == [[expected] * 5] * 3


def test_a_thread_that_waits_in_vain_is_told(monkeypatch):
    """A thread that cannot get its turn gets a sentence, and not a hanging notebook."""
    monkeypatch.setattr(record, "PATIENCE", 0.01)

    def enter():
        with pytest.raises(RuntimeError, match="belong to one thread at a time"):
            Conditions().__enter__()

    with Conditions(seed=1):
        in_thread(enter)


def test_leaving_what_was_not_entered():
    """Leaving too often, or from another thread, is refused."""
    conditions = Conditions()
    with conditions:
        pass
    with pytest.raises(RuntimeError, match="must be left in the thread that entered them"):
        conditions.__exit__(None, None, None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_a_forked_child_does_not_wait_for_its_parents_threads(monkeypatch):
    """A child that is forked while another thread holds conditions can enter its own."""
    monkeypatch.setattr(record, "PATIENCE", 5)
    held, done = threading.Event(), threading.Event()

    def hold():
        with Conditions():
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork beside threads: the subject
        child = os.fork()
    if child == 0:
        try:
            with Conditions():
                os._exit(7)
        finally:
            os._exit(1)
    done.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
