"""An overlay: this process sees a folder as it is, and what it changes there lies somewhere else.

Owns the system calls: a mount namespace (in a user namespace, unless we are root and may make one),
and in it an overlay over each folder (Linux 5.11 or newer, see `man 7 user_namespaces`). The kernel
takes the mounts down when the last process of the run has ended.
"""

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_BIND, _REC, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_COVERED: dict[str, int] = {}  # folders that lie below an overlay, open as they are


def separate() -> None:
    """Give this process mounts of its own; OSError where that is not allowed.

    The process must have one thread. Mounts made from now on are seen by it and its children only.
    """
    if not sys.platform.startswith("linux"):
        raise OSError("there are no mount namespaces on this system")
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if user or libc.unshare(_NEWNS):  # root of a container may be refused, too
        if libc.unshare(_NEWUSER | _NEWNS):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "unshare")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount("none", "/", None, _REC | _PRIVATE, None)


def cover(folder: str, layers: Path, through: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Lay an overlay over a folder and over what is mounted below it.

    `layers` is an empty folder outside of it that takes what changes. The folders of `through` that
    lie in it stay as they are: what is written there is written for real. Returns each folder that
    was covered with the folder that holds what changed in it.
    """
    mounted = [point for point in _mounts() if below(point, folder)]
    kept = {path: os.open(path, os.O_PATH) for path in through if below(path, folder)}
    made = []
    try:
        for number, point in enumerate([folder, *mounted]):
            upper, work = layers / str(number) / "upper", layers / str(number) / "work"
            for path in (upper, work):
                path.mkdir(parents=True)
            options = f"lowerdir={_plain(point)},upperdir={_plain(upper)},workdir={_plain(work)}"
            _COVERED[point] = os.open(point, os.O_PATH)
            _mount("overlay", point, "overlay", 0, options + ",userxattr")
            made.append((point, str(upper)))
        for shared, handle in kept.items():
            _mount(f"/proc/self/fd/{handle}", shared, None, _BIND | _REC, None)
    finally:
        for handle in kept.values():
            os.close(handle)
    return made


def covered(path: str) -> str:
    """Give a path under which this process reads a file as it is below an overlay."""
    for point in sorted(_COVERED, key=len, reverse=True):
        if below(path, point):
            return f"/proc/self/fd/{_COVERED[point]}{path[len(point.rstrip(os.sep)) :]}"
    return path


def move_folders() -> None:
    """Let Python rename folders, which the kernel refuses in an overlay (EXDEV): move the files."""
    for name in ("rename", "replace"):
        setattr(os, name, _moving(getattr(os, name)))


def _moving(real: Any) -> Any:
    @functools.wraps(real)
    def rename(src: Any, dst: Any, **more: Any) -> None:
        try:
            real(src, dst, **more)
        except OSError as refused:
            if refused.errno != errno.EXDEV or more or not os.path.isdir(src):
                raise
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(dst)  # an empty folder may be replaced; another raises what rename raises
            shutil.copytree(src, dst, symlinks=True)
            shutil.rmtree(src)

    return rename


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    data = None if options is None else os.fsencode(options)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(*words, ctypes.c_ulong(flags), data):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _plain(path: str | Path) -> str:
    """Give the path as a mount option: commas and colons separate options and folders."""
    text = str(path).replace("\\", "\\\\")
    return text.replace(":", "\\:").replace(",", "\\,")


def _mounts() -> list[str]:
    """Where something is mounted, outer folders first."""
    rows = Path("/proc/self/mountinfo").read_text().splitlines()
    points = (row.split()[4].encode().decode("unicode_escape") for row in rows)
    return sorted(dict.fromkeys(points))


def below(path: str, folder: str) -> bool:
    """Whether a path lies in a folder."""
    return path.startswith(folder.rstrip(os.sep) + os.sep)
