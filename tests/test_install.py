"""The plain installation: the wheel and what it requires, in an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS_ONLY = ("matplotlib", "ipywidgets", "anywidget", "IPython", "jupyterlab", "PIL")
DRAWN = """
import torch

def drawn():
    return torch.rand(8)
"""

pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32", reason="links to folders need a privilege on Windows"
    ),
    pytest.mark.uncounted,  # what runs is the installed copy
]


def required(requirements: list[Requirement]) -> dict[str, metadata.Distribution]:
    """The distributions that these requirements bring, with all that they require in turn."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = requirement.extras or {""}
        marker = requirement.marker
        if name in found or (marker and not any(marker.evaluate({"extra": e}) for e in extras)):
            continue
        found[name] = metadata.distribution(name)
        waiting += map(Requirement, found[name].requires or ())
    return found


def entries(distribution: metadata.Distribution) -> Iterator[Path]:
    """The files and folders that the distribution put into site-packages."""
    for top in {Path(file).parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
        yield Path(str(distribution.locate_file(top)))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and the distributions that it requires.

    The distributions are those of this environment, by links, so that no network is needed.
    """
    folder = tmp_path_factory.mktemp("plain")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "workbook", source / "workbook")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, source]
    subprocess.run([*pip, *build], check=True)
    venv.create(folder / "environment", with_pip=False)
    python = folder / "environment" / "bin" / "python"
    (wheel,) = folder.glob("workbook-*.whl")
    install = ["install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run([*pip, "--python", python, *install], check=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", where).stdout.strip())
    (own,) = metadata.distributions(name="workbook", path=[str(packages)])
    for distribution in required([Requirement(text) for text in own.requires or ()]).values():
        for entry in entries(distribution):
            if not (packages / entry.name).exists():
                (packages / entry.name).symlink_to(entry)
    return python


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's interpreter outside of the repository."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=python.parents[2],
        env=variables,
    )


def test_nothing_of_the_notebooks_is_there(plain: Path) -> None:
    """Neither the wheel nor anything that it requires brings matplotlib or Jupyter."""
    program = f"from importlib.util import find_spec; print([*map(find_spec, {NOTEBOOKS_ONLY})])"
    assert run(plain, "-c", program).stdout.strip() == str([None] * len(NOTEBOOKS_ONLY))


def test_the_package_is_the_installed_one(plain: Path) -> None:
    """The environment imports its own copy, not this checkout."""
    origin = run(plain, "-c", "import workbook; print(workbook.__file__)").stdout
    assert plain.parents[1].name in Path(origin.strip()).parts


@pytest.mark.parametrize("part", ["plots", "explorer", "lesson"])
def test_what_is_missing_says_what_to_install(plain: Path, part: str) -> None:
    """The import of a part for the notebooks ends in one sentence with what to type."""
    last = run(plain, "-c", f"import workbook.{part}").stderr.strip().splitlines()[-1]
    assert last.startswith(f"ModuleNotFoundError: workbook.{part} needs ")
    assert last.endswith("type `python -m pip install '.[lab]'`")


def test_fingerprint_runs(plain: Path) -> None:
    """`fingerprint` gives facts and bits."""
    done = run(plain, "-m", "workbook", "fingerprint")
    assert (done.returncode, done.stderr) == (0, "")
    assert "matmul on cpu" in done.stdout


def test_claims_run(plain: Path) -> None:
    """`claims` settles a chapter's claims as it does with everything installed."""
    done = run(plain, "-m", "workbook", "claims", "--chapter", "01")
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓" in done.stdout


def test_diagnose_runs(plain: Path) -> None:
    """`diagnose` finds that numbers are drawn."""
    (plain.parents[2] / "program.py").write_text(DRAWN)
    done = run(plain, "-m", "workbook", "diagnose", "program.py:drawn", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"status": "random"' in done.stdout


def test_record_starts(plain: Path) -> None:
    """`record` gets as far as the question which device is meant."""
    done = run(plain, "-m", "workbook", "record", "--device", "tpu")
    assert done.returncode == 2
    assert "device must be one of cpu" in done.stderr
