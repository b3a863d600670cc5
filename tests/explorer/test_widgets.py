"""Widgets: every kind of control has one, and another kind is refused."""

from types import SimpleNamespace

import pytest

from workbook.explorer.widgets import widget_for


def test_a_kind_of_control_without_a_widget_is_refused():
    """The sentence says which kinds there are, and what came."""
    unknown = SimpleNamespace(label="dial", help="")
    with pytest.raises(TypeError, match=r"a control is one of Choice, .*; got a SimpleNamespace"):
        widget_for(unknown, 1)
