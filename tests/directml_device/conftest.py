"""Keeps pytest from importing these files: they register a backend, which cannot be undone."""

collect_ignore_glob = ["*.py"]
