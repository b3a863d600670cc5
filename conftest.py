"""Adds the drift check where `--nbval` runs the notebooks, and loads nothing otherwise."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Load the check with the first notebook, since what it imports takes a second."""
    if config.getoption("nbval", default=False):
        config.pluginmanager.import_plugin("chapters.checked")
