"""The package itself: what importing it costs, and what it offers by name."""

import subprocess
import sys

import pytest

import workbook
from workbook.diagnosis import diagnose


def python(program: str) -> str:
    """What a new interpreter prints for the program."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_loads_no_library() -> None:
    """`import workbook` loads modules of the standard library only."""
    program = (
        "import sys; before = set(sys.modules); import workbook\n"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(names - set(sys.stdlib_module_names) - {'workbook'}))"
    )
    assert python(program) == "[]"


def test_importing_loads_no_other_module() -> None:
    """Of the package's own modules, `import workbook` loads the package alone."""
    program = "import sys, workbook; print([n for n in sys.modules if n.startswith('workbook')])"
    assert python(program) == "['workbook']"


def test_diagnose_is_offered_by_name() -> None:
    """`workbook.diagnose` is the engine's own function; another name is an AttributeError."""
    assert workbook.diagnose is diagnose
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = workbook.guess


def test_a_missing_library_names_the_extra() -> None:
    """Where a library of the notebooks is missing, one sentence says what to type."""
    with (
        pytest.raises(
            ModuleNotFoundError, match=r"^workbook\.x needs nowhere\.to, .*'\.\[lab\]'`$"
        ),
        workbook.lab_extra("workbook.x"),
    ):
        raise ModuleNotFoundError("No module named 'nowhere.to'", name="nowhere.to")


def test_a_missing_module_of_ours_passes() -> None:
    """A module that the package itself lacks is no question of extras."""
    with (
        pytest.raises(ModuleNotFoundError, match=r"No module named 'workbook\.nowhere'"),
        workbook.lab_extra("workbook.x"),
    ):
        raise ModuleNotFoundError("No module named 'workbook.nowhere'", name="workbook.nowhere")
