"""The reference: what docs/build.py makes of the docstrings of the public names."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import build

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.uncounted  # who makes the pages imports the package and runs none of it

# What a public function does. A new verb is welcome here; a noun is not.
VERBS = {
    *("Bound", "Compare", "Count", "Find", "Give", "Hold", "Make", "Measure"),
    *("Pair", "Pass", "Read", "Round", "Run", "Save", "Say", "View", "Write"),
}

# Rewritten at present; each leaves this set when its examples are there.
WITHOUT_EXAMPLES = {"workbook.diagnosis"}
WITHOUT_VERBS = {"workbook.diagnosis"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the pages, as `make reference` writes them."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, ROOT / "docs" / "build.py", folder], check=True, cwd=ROOT)
    return folder


def public(package: str) -> Iterator[tuple[str, object]]:
    """The public functions and classes of a package by name."""
    module = importlib.import_module(package)
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value


@pytest.mark.parametrize("package", build.PUBLIC)
def test_a_page_has_what_the_package_exports(pages: Path, package: str) -> None:
    """Each page has a place for every name in `__all__`, and for no other of its package."""
    text = (pages / f"{package.replace('.', '/')}.html").read_text(encoding="utf-8")
    places = {name.partition(".")[0] for name in re.findall(r'<section id="([\w.]+)"', text)}
    assert places == set(importlib.import_module(package).__all__)


def test_only_public_packages_have_a_page(pages: Path) -> None:
    """No module inside of a package has a page of its own."""
    names = {path.relative_to(pages).as_posix() for path in pages.rglob("*.html")}
    assert names == {"index.html", *(f"{name.replace('.', '/')}.html" for name in build.PUBLIC)}


def test_pages_load_nothing_from_elsewhere(pages: Path) -> None:
    """No page takes a script, a style, a font or a picture from a network."""
    for path in pages.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r'(?:src=|<link[^>]*href=|url\(|@import )["\']?(?:https?:)?//', text)


@pytest.mark.parametrize("package", build.PUBLIC)
def test_every_public_name_is_documented(package: str) -> None:
    """Every public function and class has a docstring of its own."""
    module = importlib.import_module(package)
    inherited = {None, "", dict.__doc__}
    assert [name for name, value in public(package) if value.__doc__ in inherited] == []
    assert module.__doc__


@pytest.mark.parametrize("package", sorted({*build.PUBLIC} - WITHOUT_EXAMPLES))
def test_every_public_name_has_an_example(package: str) -> None:
    """Every public function and class shows an example, which pytest runs with the docstrings.

    A TypedDict only describes keywords, and has none.
    """
    lacking = [
        name
        for name, value in public(package)
        if ">>> " not in inspect.getsource(value) and not hasattr(value, "__total__")
    ]
    assert lacking == []


@pytest.mark.parametrize("package", sorted({*build.PUBLIC} - WITHOUT_VERBS))
def test_every_public_function_says_what_it_does(package: str) -> None:
    """The docstring of a public function or method begins with a verb of the list above."""
    functions = {name: value for name, value in public(package) if inspect.isfunction(value)}
    for name, value in public(package):
        if inspect.isclass(value):
            methods = inspect.getmembers(value, inspect.isroutine)
            functions |= {f"{name}.{m}": f for m, f in methods if m in vars(value) and m[0] != "_"}
    first = {name: (value.__doc__ or "nothing").split()[0] for name, value in functions.items()}
    assert {name: word for name, word in first.items() if word not in VERBS} == {}


def test_a_warning_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An annotation that cannot be read, over which pdoc warns, ends the build."""
    source = "__all__ = ['f']\ndef f(x: 'nowhere.Type') -> None:\n    '''Do nothing.'''\n"
    (tmp_path / "broken_annotation.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(build, "PUBLIC", ("broken_annotation",))
    with pytest.raises(UserWarning, match=r"nowhere"):
        build.build(tmp_path / "pages")


def test_a_package_without_a_list_of_names_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `__all__` nobody has said what is public."""
    (tmp_path / "no_list.py").write_text("def f() -> None:\n    '''Do nothing.'''\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(build, "PUBLIC", ("no_list",))
    with pytest.raises(RuntimeError, match="no_list must list its public names in __all__"):
        build.build(tmp_path / "pages")
