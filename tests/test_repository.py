"""The repository: what Binder reads, where things lie, and what no file may say."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = SETTINGS["project"]
TOOL = tuple(map(Requirement, PROJECT["dependencies"]))
READERS = (*TOOL, *map(Requirement, PROJECT["optional-dependencies"]["lab"]))
DEVELOPERS = (*READERS, *map(Requirement, PROJECT["optional-dependencies"]["test"]))

# conda-forge's names for what an index calls otherwise.
CONDA_NAMES = {
    "torch": "pytorch-cpu",
    "matplotlib": "matplotlib-base",
    "xxhash": "python-xxhash",
}
LARGEST_FILE = 1_500_000
LONGEST_MODULE = 400
NO_HOME_FOR_ANYTHING = {"utils", "helpers", "common", "core", "base", "types", "config"}
TEXT = {".cfg", ".css", ".ipynb", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}


def tracked() -> list[Path]:
    """Every file that git tracks and that is there."""
    answer = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        pytest.skip("not a git checkout: only tracked files are looked at")
    paths = [ROOT / name for name in answer.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_with(pattern: str) -> list[str]:
    """Every line of the tracked text files that matches, with its place."""
    found = []
    for path in tracked():
        if path.suffix in TEXT or not path.suffix:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if re.search(pattern, line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    return found


def pins(file: str) -> dict[str, Requirement]:
    """The requirements of a pip file by name, those for the running Python."""
    wanted = {}
    for line in (ROOT / file).read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            requirement = Requirement(line.split(" #")[0])
            if requirement.marker is None or requirement.marker.evaluate():
                wanted[requirement.name] = requirement
    return wanted


def environment() -> dict[str, Any]:
    """environment.yml as data."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text())
    return read


def packages() -> dict[str, SpecifierSet]:
    """What environment.yml asks of conda-forge: ranges by name."""
    specs = (re.fullmatch(r"([a-z0-9-]+)(.*)", text) for text in environment()["dependencies"])
    return {
        spec[1]: SpecifierSet(re.sub(r"^=(?!=)(.*)", r"==\1.*", spec[2])) for spec in specs if spec
    }


class TestBinder:
    """Binder builds from this repository."""

    def test_the_two_environments_are_one(self) -> None:
        """Binder reads only binder/: its environment.yml is the root's, byte for byte."""
        inner = ROOT / "binder" / "environment.yml"
        assert inner.read_bytes() == (ROOT / "environment.yml").read_bytes()
        assert not inner.is_symlink()

    @pytest.mark.skipif(sys.platform != "linux", reason="repo2docker runs on Linux")
    def test_repo2docker_builds_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of repo2docker's build packs the conda one takes the repository, and renders it."""
        from repo2docker.app import Repo2Docker

        monkeypatch.chdir(ROOT)
        app = Repo2Docker()
        detected = []
        for build_pack in app.buildpacks:
            pack = build_pack(app.base_image)
            pack.platform = "linux/amd64"
            if pack.detect():
                detected.append(pack)
        first = detected[0]
        assert type(first).__name__ == "CondaBuildPack"
        assert first.python_version == "3.11"
        rendered = first.render()
        assert "binder/environment.yml" in rendered
        assert "binder/postBuild" in rendered
        assert "binder/start" in rendered

    def test_python_is_exact(self) -> None:
        """Python is pinned as 3.x: repo2docker takes a range for no version at all."""
        (python,) = (text for text in environment()["dependencies"] if text.startswith("python="))
        assert re.fullmatch(r"python=3\.\d+", python)
        assert SpecifierSet(PROJECT["requires-python"]).contains(python.removeprefix("python="))

    def test_it_asks_only_conda_forge(self) -> None:
        """One channel, and nothing by pip: that would switch off Binder's cached layers."""
        assert environment()["channels"] == ["conda-forge"]
        assert all(isinstance(text, str) for text in environment()["dependencies"])

    def test_same_ranges_as_the_package(self) -> None:
        """What readers need is there, in conda-forge's name, with its range."""
        wanted = {}
        for requirement in READERS:
            name = CONDA_NAMES.get(requirement.name, requirement.name)
            wanted[name] = requirement.specifier
        found = packages()
        assert set(found) - set(wanted) == {"python", "notebook", "pip"}
        assert {name: found[name] for name in wanted} == wanted

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no executable bit")
    @pytest.mark.parametrize("name", ["postBuild", "start"])
    def test_scripts_run(self, name: str) -> None:
        """Binder's scripts are executable and say who reads them."""
        script = ROOT / "binder" / name
        assert script.stat().st_mode & 0o111
        assert script.read_text().startswith("#!/usr/bin/env bash\n")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no exec")
    def test_start_pins_the_threads(self) -> None:
        """binder/start sets one thread and becomes the command that it was given."""
        command = ["bash", ROOT / "binder" / "start", "printenv", "OMP_NUM_THREADS"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        assert answer.stdout == "1\n"


class TestVersions:
    """Every place that names a version agrees with pyproject.toml."""

    @pytest.mark.parametrize("file", ["constraints.txt", "constraints-oldest.txt"])
    def test_pins_are_exact_and_in_range(self, file: str) -> None:
        """What is pinned is one version, and one that the package allows."""
        ranges = {each.name: each.specifier for each in DEVELOPERS}
        for name, requirement in pins(file).items():
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            assert ranges.get(name, SpecifierSet()).contains(pin.version), f"{file}: {requirement}"

    def test_every_direct_dependency_is_pinned(self) -> None:
        """constraints.txt names every dependency of readers and of tests."""
        here = {r.name for r in DEVELOPERS if r.marker is None or r.marker.evaluate()}
        assert here - set(pins("constraints.txt")) <= {"tomli"}  # only old Pythons need it

    def test_the_oldest_are_the_lower_bounds(self) -> None:
        """constraints-oldest.txt pins each dependency at the bottom of its range."""
        oldest = pins("constraints-oldest.txt")
        for requirement in READERS:
            (bottom,) = (s.version for s in requirement.specifier if s.operator == ">=")
            (pin,) = oldest[requirement.name].specifier
            assert pin.version == bottom or pin.version.startswith(f"{bottom}.")

    def test_directml_is_asked_for_in_one_way(self) -> None:
        """The extra and requirements-directml.txt ask for the same, and only where it exists."""
        lines = (ROOT / "requirements-directml.txt").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("torch-directml"))
        (extra,) = PROJECT["optional-dependencies"]["directml"]
        assert Requirement(line) == Requirement(extra)
        marker = Requirement(extra).marker
        assert marker is not None
        windows = {"platform_system": "Windows", "platform_machine": "AMD64"}
        assert marker.evaluate({**windows, "python_version": "3.12"})
        assert not marker.evaluate({**windows, "python_version": "3.13"})
        assert not marker.evaluate({**windows, "platform_system": "Linux"})


def modules() -> Iterator[Path]:
    """The package's files."""
    return (ROOT / "workbook").rglob("*.py")


class TestLayout:
    """Where things lie."""

    def test_no_module_is_long(self) -> None:
        """No module has over 400 lines: longer than any noun needs."""
        lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
        long = {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > LONGEST_MODULE}
        assert long == {}

    def test_no_second_home(self) -> None:
        """No module has a name under which anything could lie."""
        assert [p for p in modules() if p.stem in NO_HOME_FOR_ANYTHING] == []
        assert [p for p in modules() if p.parent.name in NO_HOME_FOR_ANYTHING] == []

    def test_every_file_is_installed(self) -> None:
        """What lies in the package besides modules is of a kind that an installation copies."""
        patterns = SETTINGS["tool"]["setuptools"]["package-data"]["workbook"]
        copied = {Path(pattern).suffix for pattern in patterns} | {".py"}
        strangers = [p for p in tracked() if (ROOT / "workbook") in p.parents]
        assert [str(p) for p in strangers if p.suffix not in copied] == []

    def test_chapters_and_causes_share_names(self) -> None:
        """A chapter's package is called as its notebook, without the number."""
        sources = (ROOT / "chapters" / "src").glob("[0-9][0-9]_*.py")
        names = {path.stem[3:] for path in sources}
        packages = (ROOT / "workbook" / "causes").glob("*/__init__.py")
        assert {path.parent.name for path in packages} <= names

    def test_the_tests_mirror_the_package(self) -> None:
        """Every folder of tests stands for a part of the package, or for the browser."""
        folders = {
            p.parent.relative_to(ROOT / "tests") for p in (ROOT / "tests").rglob("test_*.py")
        }
        package = ROOT / "workbook"
        strangers = {str(f) for f in folders if not (package / f).is_dir()} - {"browser"}
        assert {name.removesuffix(".py") for name in strangers} <= {p.stem for p in modules()}

    def test_the_first_line_of_ci(self) -> None:
        """CI runs `make test`, and nothing else of substance."""
        lines = (ROOT / ".ci" / "run").read_text().splitlines()
        assert [line for line in lines if line and not line.startswith("#")] == [
            "set -eu",
            'cd "$(dirname "$0")/.."',
            "make test",
        ]


class TestReadme:
    """What the README promises."""

    README = (ROOT / "README.md").read_text(encoding="utf-8")

    def test_its_first_numbers_are_what_torch_gives(self) -> None:
        """What stands behind each prompt in the README is what comes out, digit for digit."""
        results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
        assert results.attempted >= 4
        assert results.failed == 0

    @pytest.mark.parametrize("program", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    def test_its_programs_run(self, program: str, capsys: pytest.CaptureFixture[str]) -> None:
        """Every program in the README runs and prints something."""
        exec(compile(program, "README.md", "exec"), {})
        assert capsys.readouterr().out

    def test_its_links_lead_somewhere(self) -> None:
        """Every link to a file of the repository leads to one."""
        links = re.findall(r"\]\((?!https?:)([^)#]+)", self.README)
        assert [link for link in links if not (ROOT / link).exists()] == []


class TestText:
    """What no tracked file may say."""

    def test_no_absolute_paths(self) -> None:
        """No file names a path of somebody's machine, notebook outputs included."""
        folders = "|".join(("tmp", "work", "farm", "root", "opt", "home", "Users", "mnt"))
        assert lines_with(rf"(^|[^A-Za-z0-9_./-])/({folders})/[A-Za-z0-9_.-]+") == []

    def test_american_spelling(self) -> None:
        """Prose, docstrings, names and the notebooks' sources are spelled as in American English.

        The words are codespell's pairs of British and American spellings. Notebooks are generated
        from their sources, and recordings hold what was said when they were made.
        """
        ids = "uninitialised-memory|unsynchronised"  # public names, which answers refer to
        both = "catalogue,catalogues"  # American dictionaries list this spelling too
        files = [
            path
            for path in tracked()
            if (path.suffix in TEXT - {".ipynb"} or not path.suffix)
            and path.parent.name != "recordings"
        ]
        command = ["codespell_lib", "--builtin", "en-GB_to_en-US", "--regex", "[A-Za-z]+"]
        command += ["--ignore-regex", ids, "--ignore-words-list", both]
        done = subprocess.run(
            [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.stderr) == ("", "")

    def test_no_registry_hosts(self) -> None:
        """No file names the host of a package registry: readers use the one they have set."""
        hosts = ("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian")
        hosts += ("snapshot.deb" + "ian", "download.py" + "torch", "conda.ana" + "conda")
        assert lines_with("|".join(map(re.escape, hosts))) == []

    def test_no_test_has_a_limit_that_load_reaches(self) -> None:
        """What a test waits for may come late: a limit is an hour or more, or is what it tests."""
        limit = r"(?:monotonic\(\) \+ |timeout=|patience=)([0-9][0-9_.]*)(?=[,)])"
        lines = [line for line in lines_with(limit) if line.startswith("tests/")]
        short = [line for line in lines if float(re.findall(limit, line)[0]) < 3600]
        assert [line for line in short if "the limit is tested" not in line] == []

    def test_no_file_is_large(self) -> None:
        """Every tracked file is small enough to review."""
        large = [p.name for p in tracked() if p.stat().st_size > LARGEST_FILE]
        assert large == []
