"""What every test of the conditions is held to."""

import pytest

from tests.conditions.observing import observe


@pytest.fixture(autouse=True)
def nothing_leaks():
    """Hold after every test of this file what held before it."""
    before = observe()
    yield
    assert observe() == before
