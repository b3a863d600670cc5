"""What is put into every Python process that a command of the user's starts.

The folder stands on `PYTHONPATH`, so its modules are imported by their bare names there, and not
through this package: at that moment nothing of the workbook, nor torch, is loaded.
"""
