"""A copy of a folder that is fresh before every run: only what a run changed is copied again.

Owns the copying, and the note of what was copied. Where Landlock keeps a run from writing to the
real folder, files beyond a budget are links to it; where nothing does, no link is ever made.
"""

import json
import os
import shutil
from pathlib import Path

_LINKED_AFTER = 256 << 20  # bytes: with Landlock the rest is linked
_MOST = 4 << 30  # bytes: without it a larger folder is refused
_MANY = 20_000  # entries, for both
_COMPILED = "__pycache__"  # of the same files, whoever wrote it: no result hangs on it
Noted = dict[str, list[int]]  # relative name -> what a copy's file looked like when it was made


class TooLarge(Exception):
    """The folder is too large to be copied; the text is a sentence."""


def refresh(real: Path, seen: Path, note: Path, *, guarded: bool, without: Path) -> None:
    """Make `seen` a fresh copy of the folder `real`, but for the folder `without`.

    `note` is the file that remembers the copy. `guarded` says whether a run is kept from writing
    to the real folder. Raises TooLarge.
    """
    old: Noted = json.loads(note.read_text()) if note.exists() else {}
    wanted = _listed(real, os.path.realpath(without), guarded=guarded)
    there = {str(path.relative_to(seen)) for path in seen.rglob("*")}
    for name in sorted(there - wanted.keys(), reverse=True):
        remove(seen / name)
    new: Noted = {}
    for name, linked in wanted.items():
        source, target = real / name, seen / name
        if old.get(name) != _look(target, source) or not os.path.lexists(target):
            remove(target)
            _make(source, target, linked=linked)
        new[name] = _look(target, source)
    note.write_text(json.dumps(new))


def changed(seen: Path, note: Path) -> list[str]:
    """Give the names of the files that a run made, changed or removed, relative to the folder."""
    old: Noted = json.loads(note.read_text()) if note.exists() else {}
    rows = {name for name in files(seen) if old.get(name, [])[:3] != _stamp(seen / name)}
    return sorted(rows | {name for name in old if not os.path.lexists(seen / name)})


def _listed(real: Path, without: str, *, guarded: bool) -> dict[str, bool]:
    """Every entry below a folder, the near ones first, and whether it is to be a link."""
    listed: dict[str, bool] = {}
    size, todo, visited = 0, [""], {os.path.realpath(real), without}
    for folder in todo:
        try:
            entries = sorted(os.scandir(real / folder), key=lambda entry: entry.name)
        except OSError:
            continue  # what cannot be read: the run will say if it is missed
        for entry in entries:
            if entry.name == _COMPILED:
                continue
            name = os.path.join(folder, entry.name)
            if entry.is_dir():
                place = os.path.realpath(entry.path)
                full = size > _LINKED_AFTER or len(listed) > _MANY
                if place in visited:
                    continue
                listed[name] = guarded and full
                visited.add(place)
                todo += [] if listed[name] else [name]
            elif entry.is_file():
                size += entry.stat().st_size
                listed[name] = guarded and (size > _LINKED_AFTER or len(listed) > _MANY)
            if not guarded and (size > _MOST or len(listed) > _MANY * 5):
                raise TooLarge(
                    f"the folder {real} is too large to be copied for a run, and this system "
                    "cannot keep a run from writing to it; keep the program, and start it, in a "
                    "small folder"
                )
    return listed


def _make(source: Path, target: Path, *, linked: bool) -> None:
    try:
        if linked:
            target.symlink_to(source)
        elif source.is_dir():
            target.mkdir()
        else:
            shutil.copy2(source, target)
    except OSError:
        return  # what cannot be read or has vanished: the run will say if it is missed


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that it holds; what is not there is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def files(folder: str | Path) -> list[str]:
    """Name the files below a folder, relative to it, but for what Python compiled."""
    names = []
    for place, folders, inner in os.walk(folder):
        folders[:] = [name for name in folders if name != _COMPILED]
        start = os.path.relpath(place, folder)
        names += [os.path.normpath(os.path.join(start, name)) for name in inner]
    return names


def _look(target: Path, source: Path) -> list[int]:
    """Say what a copy and its source look like; a folder's times say nothing of its files."""
    if target.is_dir() and not target.is_symlink():
        return [] if source.is_dir() else [-1]
    return [*_stamp(target), *_stamp(source)]


def _stamp(path: Path) -> list[int]:
    try:
        seen = os.lstat(path)
    except OSError:
        return [0, 0, 0]
    # on Windows ctime is when the file was made; elsewhere no program can set it back
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns]
