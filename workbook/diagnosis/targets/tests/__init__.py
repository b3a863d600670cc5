"""Tests that fail: always, at times, or after others; trials are forks of one pytest session."""
