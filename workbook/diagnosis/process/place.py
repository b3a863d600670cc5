"""A place of its own for a run: the user's folders as they are, of which nothing is changed.

Owns the choice between an overlay and a copy, the folders that may be written for real, and the
list of what a run wrote. `enter` is called in the process of the run, the rest beside it.
"""

import hashlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from workbook.diagnosis.process import copies, landlock, overlay
from workbook.diagnosis.process.copies import TooLarge as TooLarge

Way = Literal["overlay", "copy"]
VARIABLE = "WORKBOOK_WRITABLE"  # folders that runs may write for real, as in PATH
TEMPORARY = ("TMPDIR", "TEMP", "TMP")  # variables that name the folder for temporary files
_NOTE = "place.json"
_ELSEWHERE = ("/var/tmp", "/dev/shm")  # layers lie there if the scratch folder would be covered
_CACHES = ("~/.cache", "~/.triton", "~/.nv", "~/.config/matplotlib", "~/.torch")
_CACHE_VARIABLES = ("XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "TRITON_CACHE_DIR", "MPLCONFIGDIR")
_SYSTEM = ("/dev", "/proc")


@dataclass(frozen=True)
class Place:
    """Where a run is: how it sees the user's folders, and where it may write.

    `seen` has a row for each folder: the real one, and where the run sees it. `layers` has one for
    each overlay: the folder, and the one that holds what changed in it. `guarded` says whether
    every other write is refused.
    """

    way: Way
    guarded: bool
    seen: tuple[tuple[str, str], ...]
    layers: tuple[tuple[str, str], ...]
    writable: tuple[str, ...]

    def inside(self, path: str) -> str:
        """Where the run sees a path of the user's."""
        return _moved(path, self.seen)

    def outside(self, text: str) -> str:
        """Give a path that the run saw, as the user knows it."""
        return _moved(text, tuple((there, here) for here, there in self.seen))

    def writes(self, path: str) -> bool:
        """Whether a run may write to this path (an absolute one)."""
        real = os.path.realpath(path)
        return any(real == folder or overlay.below(real, folder) for folder in self.writable)


def enter(
    folders: list[str], scratch: Path, run: Path, temporary: str, way: Way | None = None
) -> Place:
    """Give this process a place of its own, for good; `folders` are the user's, absolute.

    `scratch` belongs to the diagnosis and `run`, below it, to this run. `temporary` is the system's
    folder for temporary files. With `way` the other way is not tried: OSError where an overlay is
    not allowed, TooLarge where a folder is too large to be copied.
    """
    kept = (str(scratch), *shared())
    wanted = _outermost(folders)
    layers: list[tuple[str, str]] = []
    chosen: Way = "copy"
    if way != "copy":
        try:
            layers = _overlaid(wanted, temporary, run, kept)
            overlay.move_folders()
            chosen = "overlay"
        except OSError:
            if way == "overlay":
                raise
    if chosen == "overlay":
        seen = [(folder, folder) for folder in wanted]
    else:
        guarded = bool(landlock.version())
        seen = [(folder, _copied(folder, scratch, guarded=guarded)) for folder in wanted]
    _temporary(run)
    covered = [folder for folder, _ in layers] + [there for _, there in seen if chosen == "copy"]
    writable = tuple(dict.fromkeys(map(os.path.realpath, (*covered, *kept, *_SYSTEM))))
    place = Place(chosen, landlock.confine(writable), tuple(seen), tuple(layers), writable)
    (run / _NOTE).write_text(json.dumps(asdict(place)))
    return place


def written(run: Path) -> list[str]:
    """Say what a run made, changed or removed, as absolute paths of the user's; then forget it."""
    names = [name for name, _ in made(run)]
    for _, upper in _noted(run).get("layers", ()):
        _discard(Path(upper).parents[1])
    _discard(run / "tmp")
    return sorted(names)


def made(run: Path) -> list[tuple[str, Path]]:
    """Say what a run made, changed or removed: the user's name of each, and where it lies.

    Call it before `written`, which forgets it; what was removed lies nowhere.
    """
    data = _noted(run)
    rows: list[tuple[str, Path]] = []
    for folder, upper in data.get("layers", ()):
        rows += [(os.path.join(folder, name), Path(upper, name)) for name in copies.files(upper)]
    for real, seen in data["seen"] if data.get("way") == "copy" else ():
        names = copies.changed(Path(seen), _note(seen))
        rows += [(os.path.join(real, name), Path(seen, name)) for name in names]
    ours = str(run.parent)  # of the diagnosis, not of the user
    return [row for row in rows if not overlay.below(row[0], ours)]


def _noted(run: Path) -> dict[str, Any]:
    note = run / _NOTE
    return dict(json.loads(note.read_text())) if note.exists() else {}


def restore(run: Path, place: Place) -> None:
    """Give every file that this run made, changed or removed the contents that it had before."""
    for name, _ in made(run):
        here, real = Path(place.inside(name)), Path(overlay.covered(name))
        while not real.parent.exists():  # its folder is new, too
            here, real = here.parent, real.parent
        copies.remove(here)
        if real.is_dir():
            shutil.copytree(real, here)
        elif os.path.lexists(real):
            here.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(real, here, follow_symlinks=False)


def clean(scratch: Path) -> None:
    """Remove everything that a diagnosis left anywhere."""
    _discard(scratch)
    for root in _ELSEWHERE:
        for folder in Path(root).glob(f"{scratch.name}-*"):
            _discard(folder)


def shared() -> list[str]:
    """Folders outside of the user's own that runs share: caches, and what the user names."""
    caches = [os.path.expanduser(name) for name in _CACHES]
    caches += [os.environ[name] for name in _CACHE_VARIABLES if os.environ.get(name)]
    named = os.environ.get(VARIABLE, "").split(os.pathsep)
    return [os.path.abspath(path) for path in (*caches, *named) if path and os.path.isdir(path)]


def _overlaid(
    folders: list[str], temporary: str, run: Path, kept: tuple[str, ...]
) -> list[tuple[str, str]]:
    overlay.separate()
    wanted = _outermost([*folders, temporary])
    made: list[tuple[str, str]] = []
    for number, folder in enumerate(wanted):
        try:
            made += overlay.cover(folder, _room(folder, run, number), kept)
        except OSError:
            if folder in folders:
                raise
            for more, inner in enumerate(each for each in folders if overlay.below(each, folder)):
                made += overlay.cover(inner, _room(inner, run, len(wanted) + more), kept)
    return made


def _room(folder: str, run: Path, number: int) -> Path:
    """Give an empty folder outside of the one that is covered, on a disk that can hold layers."""
    if not overlay.below(str(run), folder):
        path = run / "layers" / str(number)
        path.mkdir(parents=True)
        return path
    for root in _ELSEWHERE:
        if os.access(root, os.W_OK) and root != folder and not overlay.below(root, folder):
            path = Path(root, f"{run.parent.name}-{run.name}-{number}")
            path.mkdir()
            return path
    raise OSError(f"there is no room for layers outside of {folder}")


def _copied(folder: str, scratch: Path, *, guarded: bool) -> str:
    code = hashlib.blake2b(folder.encode(), digest_size=4).hexdigest()
    seen = scratch / "copies" / code / (os.path.basename(folder) or "root")
    seen.mkdir(parents=True, exist_ok=True)
    copies.refresh(Path(folder), seen, _note(seen), guarded=guarded, without=scratch)
    return str(seen)


def _note(seen: str | Path) -> Path:
    return Path(seen).parent / "copied.json"


def _temporary(run: Path) -> None:
    path = run / "tmp"
    path.mkdir()
    for name in TEMPORARY:
        os.environ[name] = str(path)
    tempfile.tempdir = None


def _discard(folder: Path) -> None:
    """Remove a folder; an overlay's work folder first has to be made readable."""
    for _ in range(2):
        shutil.rmtree(folder, ignore_errors=True)
        for place, names, _files in os.walk(folder):
            for name in names:
                os.chmod(os.path.join(place, name), stat.S_IRWXU)


def _outermost(folders: list[str]) -> list[str]:
    """Give the folders that lie in no other; the root of all is never one of them."""
    unique = [path for path in dict.fromkeys(map(os.path.realpath, folders)) if path != os.sep]
    return [path for path in unique if not any(overlay.below(path, other) for other in unique)]


def _moved(path: str, rows: tuple[tuple[str, str], ...]) -> str:
    for here, there in rows:
        if path == here or overlay.below(path, here):
            return there + path[len(here) :]
    return path
