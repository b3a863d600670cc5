"""The form of an answer: None, wrong types, shapes and dtypes are named."""

import numpy as np
import pytest
import torch

from workbook.question import Form
from workbook.question.form import KINDS, told


def double(x):
    """A function to be told."""
    return 2 * x


class TestMisfit:
    """What keeps a value from its form."""

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("number", 0.5),
            ("number", np.float32(0.5)),
            ("whole number", 3),
            ("whole number", np.int64(3)),
            ("true or false", True),
            ("text", "a"),
            ("tensor", torch.zeros(2)),
            ("list", [1]),
            ("list", (1,)),
            ("function", double),
            ("module", torch.nn.Identity()),
            ("anything", object()),
        ],
    )
    def test_a_value_of_its_kind_fits(self, kind, value):
        """A value of the kind that is asked for has no misfit."""
        assert Form(kind).misfit(value) is None

    @pytest.mark.parametrize("kind", KINDS)
    def test_none_fits_no_kind(self, kind):
        """None is named for every kind, with its likely cause."""
        message = Form(kind).misfit(None)
        assert message == "Your answer is None. Is a value missing?"

    @pytest.mark.parametrize(
        ("kind", "value", "words"),
        [
            ("number", True, "is True; it must be a number."),
            ("number", "3", 'is the text "3"; it must be a number.'),
            ("whole number", 2.5, "is the number 2.5; it must be a whole number."),
            ("true or false", 1, "is the number 1; it must be True or False."),
            ("text", 1, "it must be a text in quotes."),
            ("tensor", [1.0], "is a list of 1; it must be a tensor."),
            ("list", torch.zeros(2), "it must be a list or a tuple."),
            ("function", 3, "is the number 3; it must be a function."),
            ("function", torch.nn.ReLU, "is the class ReLU; it must be a function."),
            ("module", double, "is a function (double); it must be a module"),
        ],
    )
    def test_a_wrong_kind_is_named(self, kind, value, words):
        """A value of another kind is told what it is and what it must be."""
        assert words in Form(kind).misfit(value)

    def test_a_wrong_shape_is_named(self):
        """Both shapes stand in the message."""
        message = Form("tensor", shape=(3, 2)).misfit(torch.zeros(2, 3))
        assert message == "Your answer has shape (2, 3); it must be (3, 2)."

    def test_more_dimensions_do_not_fit(self):
        """A shape of another length does not fit, whatever its sizes."""
        assert "shape (1, 3)" in Form("tensor", shape=(3,)).misfit(torch.zeros(1, 3))

    def test_none_in_a_shape_is_any_size(self):
        """None in a shape stands for any size."""
        assert Form("tensor", shape=(None, 3)).misfit(torch.zeros(7, 3)) is None

    def test_a_wrong_dtype_is_named(self):
        """Both dtypes stand in the message."""
        form = Form("tensor", dtype="float32")
        message = form.misfit(torch.zeros(1, dtype=torch.float64))
        assert message == "Your answer has dtype float64; it must be float32."

    def test_a_text_outside_the_options_is_named(self):
        """A word that is not offered gets the words that are."""
        message = Form("text", options=("sum", "mean")).misfit("max")
        assert message == 'Your answer is "max"; it must be one of "sum", "mean".'

    def test_a_text_among_the_options_fits(self):
        """A word that is offered fits."""
        assert Form("text", options=("sum", "mean")).misfit("mean") is None


class TestPlain:
    """Numbers that come in a tensor or an array."""

    def test_a_tensor_of_no_dimensions_is_a_number(self):
        """A tensor of no dimensions is taken for the number in it."""
        assert Form("number").plain(torch.tensor(0.5)) == 0.5

    def test_an_array_of_no_dimensions_is_a_truth(self):
        """NumPy's bool becomes Python's."""
        assert Form("true or false").plain(np.bool_(True)) is True

    def test_a_whole_float_is_a_whole_number(self):
        """2048.0 is taken for 2048 where a whole number is asked for."""
        value = Form("whole number").plain(2048.0)
        assert (value, type(value)) == (2048, int)

    @pytest.mark.parametrize("value", [2.5, float("inf"), "3", None, [1]])
    def test_other_values_stay(self, value):
        """What is no whole number comes back as it is."""
        assert Form("whole number").plain(value) is value

    def test_a_tensor_stays_where_one_is_asked_for(self):
        """Where a tensor is asked for, it stays one."""
        tensor = torch.tensor(1.0)
        assert Form("tensor").plain(tensor) is tensor


class TestFields:
    """Forms that mean nothing."""

    @pytest.mark.parametrize(
        ("fields", "rule"),
        [
            ({"kind": "matrix"}, "kind must be one of"),
            ({"kind": "number", "shape": (1,)}, "only a tensor has a shape"),
            ({"kind": "text", "dtype": "float32"}, "only a tensor has a shape and a dtype"),
            ({"kind": "tensor", "dtype": "float33"}, "dtype must be the name of a torch dtype"),
            ({"kind": "tensor", "dtype": "zeros"}, "dtype must be the name of a torch dtype"),
            ({"kind": "number", "options": ("1",)}, "only a text has options"),
            ({"kind": "number", "returns": Form("number")}, "only a function or a module returns"),
        ],
    )
    def test_fields_that_do_not_go_together_are_refused(self, fields, rule):
        """A form that means nothing is refused when it is made."""
        with pytest.raises(ValueError, match=rule):
            Form(**fields)


class TestTold:
    """Values in words."""

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (True, "True"),
            ("a" * 41, "a long text"),
            ((1, 2), "a tuple of 2"),
            (torch.nn.ReLU(), "a module (ReLU)"),
            (object(), "of type object"),
        ],
    )
    def test_each_kind_of_value_has_words(self, value, words):
        """A value is told in a few words, without its address."""
        assert told(value) == words
