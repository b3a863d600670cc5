"""Judging answers: the four outcomes, and everything that a reader's code can do."""

import functools
import random
import textwrap
import threading
import time

import numpy as np
import pytest
import torch

from workbook.question import NOT_ATTEMPTED, Exercise, Form, WrongAnswer, agree, deadline, judge
from workbook.question.watched import STATES


def value_exercise(**fields):
    """An exercise whose answer is the number 2."""
    row = {
        "name": "two",
        "task": "Give 2.",
        "stub": "n = ...",
        "answer": "n",
        "form": Form("whole number"),
        "check": lambda n: n == 2,
        "wrong": (
            WrongAnswer(source="n = 3", message="3 is one too many.", recognizes=lambda n: n == 3),
        ),
        "hints": ("It is even.",),
        "solution": "n = 2",
    }
    return Exercise(**{**row, **fields})


def function_exercise(**fields):
    """An exercise whose answer is a function that doubles a tensor."""
    row = {
        "name": "double",
        "task": "Write a function that doubles.",
        "stub": "def double(x):\n    ...",
        "answer": "double",
        "form": Form("function", returns=Form("tensor", shape=(3,), dtype="float32")),
        "check": lambda double: agree(double(torch.arange(3.0)), torch.arange(3.0) * 2),
        "wrong": (),
        "hints": ("Twice.",),
        "solution": "def double(x):\n    return x * 2",
    }
    return Exercise(**{**row, **fields})


def written(source, name="double"):
    """A function as a cell of a notebook would define it."""
    names = {"torch": torch, "time": time, "random": random, "np": np}
    exec(compile(textwrap.dedent(source), "<cell>", "exec"), names)
    return names[name]


class TestValues:
    """Answers that are values."""

    def test_a_right_value_passes(self):
        """The expected value passes."""
        assert judge(value_exercise(), 2).status == "passed"

    def test_passing_says_why(self):
        """The explanation of the row is what a passed answer is told."""
        assert judge(value_exercise(because="2 is even."), 2).message == "2 is even."

    def test_a_number_in_a_tensor_passes(self):
        """A result that is still in a tensor counts as its number."""
        assert judge(value_exercise(), torch.tensor(2)).status == "passed"

    def test_another_value_fails(self):
        """A value that nobody foresaw fails with the general sentence."""
        outcome = judge(value_exercise(), 7)
        assert (outcome.status, outcome.message) == ("failed", "That is not the answer yet.")

    def test_a_foreseen_value_gets_its_own_message(self):
        """A foreseen wrong answer is told what its row says."""
        assert judge(value_exercise(), 3).message == "3 is one too many."

    def test_the_checks_own_sentence_is_told(self):
        """A sentence from the check is the message."""
        row = value_exercise(check=lambda n: n == 2 or f"{n} is odd.")
        assert judge(row, 5).message == "5 is odd."

    def test_none_is_named(self):
        """None fails, with its likely cause."""
        outcome = judge(value_exercise(), None)
        assert outcome.status == "failed"
        assert "is None" in outcome.message

    def test_a_recognizer_comes_before_the_form(self):
        """A foreseen answer of the wrong type gets its own message, not the general one."""
        text = WrongAnswer(source="n = '2'", message="No quotes.", recognizes=lambda n: n == "2")
        assert judge(value_exercise(wrong=(text,)), "2").message == "No quotes."

    def test_a_recognizer_that_raises_means_no(self):
        """A recognizer that cannot read the answer does not recognize it."""
        broken = WrongAnswer(source="", message="never", recognizes=lambda n: n.shape)
        assert judge(value_exercise(wrong=(broken,)), 7).message == "That is not the answer yet."

    def test_an_answer_that_the_check_cannot_read_fails(self):
        """An error in the check itself is not blamed on code that the reader did not write."""
        row = value_exercise(form=Form("tensor"), check=lambda n: agree(n @ n, n))
        outcome = judge(row, torch.zeros(2, 3))
        assert outcome.status == "failed"
        assert outcome.message.startswith("Your answer could not be checked.")

    @pytest.mark.parametrize("found", [None, 1, torch.tensor(True)])
    def test_a_check_that_says_nothing_is_a_fault(self, found):
        """A check that gives neither True, False nor a sentence is its author's mistake."""
        with pytest.raises(TypeError, match="must return True, False or a sentence"):
            judge(value_exercise(check=lambda n: found), 2)


class TestNotAttempted:
    """Answers that nobody has given yet."""

    @pytest.mark.parametrize("answer", [..., (1, ...), [..., 2], {"a": ...}])
    def test_a_value_with_dots_is_not_attempted(self, answer):
        """`...` anywhere in the answer means that nobody answered yet."""
        assert judge(value_exercise(form=Form("anything")), answer) == NOT_ATTEMPTED

    @pytest.mark.parametrize(
        "source",
        [
            "def double(x): ...",
            "def double(x):\n    pass",
            "def double(x):\n    return ...",
            "def double(x):\n    result = ...\n    return result",
            "def double(x):\n    raise NotImplementedError",
            "def double(x):\n    raise NotImplementedError('your turn')",
        ],
    )
    def test_a_function_with_dots_is_not_attempted(self, source):
        """Every usual way to leave a function unwritten counts as not attempted."""
        assert judge(function_exercise(), written(source)) == NOT_ATTEMPTED

    def test_a_stub_that_runs_is_not_attempted(self):
        """Where the task is to repair a function, the untouched one is known by its code."""
        stub = "def double(x):\n    return [y + 1.5 for y in x]"
        outcome = judge(function_exercise(stub=stub), written("\n\n" + stub))
        assert outcome.status == "not attempted" and "Change the program" in outcome.message

    def test_a_repaired_stub_is_judged(self):
        """One changed number makes it an attempt."""
        stub = "def double(x):\n    return x * 3"
        outcome = judge(function_exercise(stub=stub), written("def double(x):\n    return x * 2"))
        assert outcome.status == "passed"

    def test_a_module_with_dots_is_not_attempted(self):
        """A module whose forward is the stub's is not attempted."""
        stub = "class Double(torch.nn.Module):\n    def forward(self, x):\n        ..."
        row = function_exercise(form=Form("module"), stub=stub)
        assert judge(row, written(stub, "Double")()) == NOT_ATTEMPTED

    def test_an_error_of_torch_is_not_taken_for_a_stub(self):
        """NotImplementedError from inside torch is an error, not a stub."""
        answer = written("def double(x):\n    return torch.nn.Module()(x)")
        assert judge(function_exercise(), answer).status == "raised"


class TestFunctions:
    """Answers that are called."""

    def test_a_right_function_passes(self):
        """A function that does what is asked passes."""
        assert judge(function_exercise(), written("def double(x): return x * 2")).status == "passed"

    def test_builtins_and_partials_pass(self):
        """A function without Python code, or a partial one, is called the same way."""
        assert judge(function_exercise(), functools.partial(torch.mul, 2)).status == "passed"

    def test_a_module_passes(self):
        """A module is called, and its attributes are reachable."""
        layer = torch.nn.Linear(3, 3, bias=False)
        torch.nn.init.eye_(layer.weight)
        row = function_exercise(
            form=Form("module", returns=Form("tensor")),
            check=lambda module: (
                module.in_features == 3 and agree(module(module.weight), layer.weight)
            ),
        )
        assert judge(row, layer).status == "passed"

    @pytest.mark.parametrize(
        ("source", "words"),
        [
            ("def double(x): x * 2", "returns is None"),
            ("def double(x): return x.double() * 2", "has dtype float64; it must be float32."),
            ("def double(x): return (x * 2)[:2]", "has shape (2); it must be (3)."),
            (
                "def double(x): return (x * 2).tolist()",
                "returns is a list of 3; it must be a tensor",
            ),
            ("def double(x): return x * 2 + 1", "3 of 3 values differ"),
        ],
    )
    def test_what_is_wrong_with_the_result_is_named(self, source, words):
        """None, a wrong dtype, shape, type or value is named."""
        outcome = judge(function_exercise(), written(source))
        assert outcome.status == "failed"
        assert words in outcome.message

    def test_a_value_in_place_of_a_function_is_named(self):
        """Calling the function before handing it over is named."""
        outcome = judge(function_exercise(), torch.zeros(3))
        assert "it must be a function" in outcome.message

    def test_a_returned_number_may_be_in_a_tensor(self):
        """A returned tensor of no dimensions counts as its number."""
        row = function_exercise(
            form=Form("function", returns=Form("number")),
            check=lambda total: isinstance(total(torch.ones(3)), float),
        )
        assert judge(row, torch.sum).status == "passed"


class TestRaising:
    """Answers that raise."""

    def test_the_error_and_the_line_are_named(self):
        """The outcome names the exception, what it says, and the reader's own line."""
        answer = written("def double(x):\n    y = x * 2\n    return y / undefined")
        outcome = judge(function_exercise(), answer)
        assert outcome.status == "raised"
        assert outcome.message == (
            "Your code raised `NameError` at line 3: name 'undefined' is not defined"
        )

    def test_an_error_inside_torch_is_placed_in_the_readers_line(self):
        """The line is the reader's, not the one inside torch that raised."""
        answer = written("def double(x):\n    return torch.nn.functional.linear(x, x.sum(0, 1, 2))")
        assert "at line 2" in judge(function_exercise(), answer).message

    def test_a_call_that_does_not_fit_has_no_line(self):
        """A function with too few parameters raised before any of its lines ran."""
        outcome = judge(function_exercise(), written("def double(): return 2"))
        assert outcome.status == "raised"
        assert "`TypeError`: double() takes 0 positional arguments" in outcome.message

    def test_an_error_in_a_module_is_placed(self):
        """A module's line is the one in its forward."""
        source = """
            class Double(torch.nn.Module):
                def forward(self, x):
                    return x @ self.missing
        """
        row = function_exercise(form=Form("module"))
        assert "at line 4" in judge(row, written(source, "Double")()).message

    def test_an_error_in_a_layer_of_torch_has_no_line_of_the_reader(self):
        """A module that is all torch's own has no line to show."""
        row = function_exercise(form=Form("module"))
        message = judge(row, torch.nn.Linear(5, 5)).message
        assert message.startswith("Your code raised `RuntimeError`: mat1 and mat2")

    def test_an_exit_is_an_error(self):
        """`raise SystemExit` in an answer does not end the kernel."""
        outcome = judge(function_exercise(), written("def double(x): raise SystemExit"))
        assert outcome.message == "Your code raised `SystemExit` at line 1."

    def test_endless_recursion_is_an_error(self):
        """A function that calls itself for ever is named, and the kernel lives."""
        outcome = judge(function_exercise(), written("def double(x): return double(x)"))
        assert "`RecursionError`" in outcome.message

    def test_a_check_may_expect_an_error(self):
        """A check that catches the reader's error can pass it."""

        def refuses(double):
            try:
                double("two")
            except ValueError:
                return True
            return "It must refuse a text."

        row = function_exercise(check=refuses)
        answer = written("def double(x):\n    raise ValueError")
        assert judge(row, answer).status == "passed"

    def test_a_foreseen_error_gets_its_own_message(self):
        """A wrong answer that raises can have a message of its own."""
        foreseen = WrongAnswer(
            source="",
            message="Lists have no shape.",
            recognizes=lambda double: "shape" in double.__code__.co_names,
        )
        outcome = judge(function_exercise(wrong=(foreseen,)), written("def double(x): [].shape"))
        assert (outcome.status, outcome.message) == ("failed", "Lists have no shape.")


class TestForeseen:
    """Answers that are a foreseen one in other words."""

    THRICE = WrongAnswer(source="def double(x):\n    return 3 * x", message="That is three times.")

    def told(self, source, **fields):
        """What is said of a function where three times is foreseen."""
        row = function_exercise(wrong=(self.THRICE,), **fields)
        return judge(row, written(source)).message

    def test_other_code_that_gives_the_same_is_recognized(self):
        """What counts is what comes out, whether or not it rounds in the same way."""
        assert self.told("def double(x):\n    return 0.1 * x * 30") == "That is three times."

    def test_code_that_gives_something_else_is_not(self):
        """Another factor, another shape, or what is no tensor is judged by the check alone."""
        for result in ("3.01 * x", "x.repeat(2)", "'three'", "x * float('nan')"):
            assert self.told(f"def double(x):\n    return {result}") != "That is three times."

    def test_the_check_has_to_say_the_same_of_both(self):
        """Where results agree, and the check objects to something else, that is told."""
        by_name = {"check": lambda double: f"It is called {double.__name__}."}
        assert self.told("def double(x):\n    return 3 * x", **by_name) == "That is three times."
        renamed = written("def thrice(x):\n    return 3 * x", "thrice")
        row = function_exercise(wrong=(self.THRICE,), **by_name)
        assert judge(row, renamed).message == "It is called thrice."

    def test_both_draw_the_same_numbers(self):
        """The foreseen answer starts from the seed from which the given one started."""
        noise = WrongAnswer(source="return x + torch.rand(3)", message="That is noise.")
        answer = written("def double(x):\n    return torch.rand(3) + x")
        assert judge(function_exercise(wrong=(noise,)), answer).message == "That is noise."

    def test_a_value_is_recognized_in_any_form(self):
        """A number in a tensor is the number; no other one is near enough."""
        row = value_exercise(wrong=(WrongAnswer.value(3, "3 is one too many."),))
        assert judge(row, torch.tensor(3)).message == "3 is one too many."
        assert judge(row, 4).message == "That is not the answer yet."

    def test_a_module_is_recognized_by_its_state(self):
        """Two layers with the same weights are the same answer."""
        wrong = WrongAnswer(source="return torch.nn.PReLU(init=0.5)", message="Half.")
        row = function_exercise(
            form=Form("function"), check=lambda double: double(1) is None, wrong=(wrong,)
        )
        made = "def double(x):\n    return torch.nn.PReLU(1, {})"
        assert judge(row, written(made.format(0.5))).message == "Half."
        assert judge(row, written(made.format(0.25))).message == "That is not the answer yet."


class TestLoops:
    """Answers that do not come to an end."""

    def test_a_loop_is_stopped_and_placed(self):
        """A loop that never ends is stopped at the limit, and its line is told."""
        answer = written("def double(x):\n    while True:\n        pass")
        outcome = judge(function_exercise(seconds=0.05), answer)
        assert outcome.status == "failed"
        assert outcome.message.startswith("Your code was still running after 0.05 seconds at line")
        assert "It was stopped." in outcome.message

    def test_what_a_loop_switched_is_put_back(self):
        """A loop that switched the default dtype and seeded leaves no trace."""
        source = """
            def double(x):
                torch.set_default_dtype(torch.float64)
                torch.manual_seed(1)
                while True:
                    pass
        """
        before = torch.get_rng_state()
        judge(function_exercise(seconds=0.05), written(source))
        assert torch.get_default_dtype() == torch.float32
        assert torch.equal(before, torch.get_rng_state())

    def test_a_wait_that_cannot_be_stopped_is_told(self, monkeypatch):
        """A deadlock cannot be ended: the reader gets an answer and is told."""
        monkeypatch.setattr(deadline, "GRACE", 0.05)
        let_go = threading.Event()
        outcome = judge(function_exercise(seconds=0.05), lambda x: let_go.wait())
        let_go.set()
        assert "It could not be stopped" in outcome.message


SWITCHING = {
    "number of threads": "torch.set_num_threads(3)",
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "grad mode": "torch.set_grad_enabled(False)",
    "deterministic algorithms": "torch.set_deterministic_debug_mode(1)",
    "fill of uninitialized memory": "torch.utils.deterministic.fill_uninitialized_memory = False",
    "cuDNN benchmark": "torch.backends.cudnn.benchmark = True",
    "cuDNN deterministic": "torch.backends.cudnn.deterministic = True",
    "float32 precision": "torch.set_float32_matmul_precision('high')",
    "flushing of subnormals": "torch.set_flush_denormal(True)",
}


def switching(line):
    """A function that doubles, and switches something on the way."""
    return written(f"def double(x):\n    y = (x * 2).float()\n    {line}\n    return y")


def in_a_new_thread(reading):
    """What a thread that starts now reads."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append(reading()))
    thread.start()
    thread.join()
    return seen[0]


class TestStates:
    """Answers that leave something switched."""

    @pytest.fixture(autouse=True)
    def one_thread(self):
        """Three threads are then a change on every machine."""
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)

    def test_every_state_is_tried(self):
        """The table of this test has a line for every state but the random numbers."""
        assert {*SWITCHING, "random numbers"} == set(STATES)

    @pytest.mark.parametrize("name", SWITCHING)
    def test_what_was_left_switched_is_named(self, name):
        """An answer with the right value fails if it leaves something switched, by its name."""
        if name == "flushing of subnormals" and not torch.set_flush_denormal(False):
            pytest.skip("this processor has no mode that flushes subnormals")
        outcome = judge(function_exercise(), switching(SWITCHING[name]))
        assert outcome.status == "failed"
        assert f"the {name} " in outcome.message

    @pytest.mark.parametrize("name", SWITCHING)
    def test_what_was_left_switched_is_put_back(self, name):
        """Afterwards every state is as it was, here and in threads that start later."""
        before = STATES[name](), in_a_new_thread(STATES[name])
        judge(function_exercise(), switching(SWITCHING[name]))
        assert (STATES[name](), in_a_new_thread(STATES[name])) == before

    def test_before_and_after_are_told(self):
        """The message says from what to what."""
        outcome = judge(function_exercise(), switching(SWITCHING["number of threads"]))
        assert "the number of threads went from 1 to 3" in outcome.message
        outcome = judge(function_exercise(), switching(SWITCHING["deterministic algorithms"]))
        assert "the deterministic algorithms went from off to warn" in outcome.message

    def test_an_exercise_may_allow_a_change(self):
        """Where switching is the task, it is not held against the answer."""
        x = torch.arange(3.0)
        row = function_exercise(
            may_change=("default dtype",), check=lambda double: agree(double(x), x + x)
        )
        assert judge(row, switching(SWITCHING["default dtype"])).status == "passed"
        assert torch.get_default_dtype() == torch.float32

    def test_conditions_in_an_answer_are_no_change(self):
        """An answer that switches inside Conditions passes."""
        source = """
            from workbook.conditions import Conditions
            def double(x):
                with Conditions(threads=2, seed=1):
                    return x * 2
        """
        assert judge(function_exercise(), written(source)).message == "That is right."

    def test_the_checks_own_switching_is_not_blamed_on_the_answer(self):
        """A check may seed and switch around its calls."""

        def check(double):
            torch.manual_seed(3)
            torch.set_grad_enabled(False)
            return agree(double(torch.arange(3.0)), torch.arange(3.0) * 2)

        outcome = judge(function_exercise(check=check), written("def double(x): return x * 2"))
        assert outcome.message == "That is right."

    @pytest.mark.parametrize("draw", ["torch.rand(1)", "np.random.rand()", "random.random()"])
    def test_a_draw_is_noted(self, draw):
        """A right answer that draws random numbers passes and is told so."""
        outcome = judge(function_exercise(), switching(draw))
        assert outcome.status == "passed"
        assert outcome.message.endswith(
            "drew random numbers or set a seed. That was undone again.)"
        )

    def test_a_draw_can_be_allowed(self):
        """Where drawing is the task, nothing is said of it."""
        row = function_exercise(may_change=("random numbers",))
        assert judge(row, switching("torch.rand(1)")).message == "That is right."

    def test_random_states_are_put_back(self):
        """Judging leaves torch's, NumPy's and Python's random states as they were."""
        before = STATES["random numbers"]()
        judge(function_exercise(), switching("torch.rand(1); np.random.rand(); random.seed(1)"))
        assert STATES["random numbers"]() == before

    def test_the_same_answer_gets_the_same_random_numbers(self):
        """Judging starts from one seed, so that an answer is not right by chance."""
        seen = []
        row = function_exercise(check=lambda double: seen.append(double(1)) or True)
        row = function_exercise(check=row.check, form=Form("function"))
        for _ in range(2):
            judge(row, lambda x: torch.rand(1).item())
        assert seen[0] == seen[1]

    def test_the_readers_grad_mode_holds_in_the_check(self):
        """A reader who works under no_grad is judged under no_grad."""
        row = function_exercise(form=Form("function"), check=lambda f: f() is False)
        with torch.no_grad():
            assert judge(row, torch.is_grad_enabled).status == "passed"
