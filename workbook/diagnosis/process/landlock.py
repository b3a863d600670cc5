"""Landlock: from now on this process and its children write below some folders and nowhere else.

Owns the three system calls (Linux 5.19 or newer; see `man 7 landlock`). Reading stays as it was,
and so do changes of a file's mode, owner and times, which Landlock does not look at.
"""

import ctypes
import os
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the numbers of every architecture
_PR_SET_NO_NEW_PRIVS = 38
_OLDEST = 2  # version 1 refuses every rename from one folder into another
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
# write, remove and make entries of every kind, and move them between folders
_FOLDER_RIGHTS = _WRITE_FILE | sum(1 << bit for bit in range(4, 14))


class _Ruleset(ctypes.Structure):
    _fields_ = [("handled", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version() -> int:
    """Give the version of Landlock that the kernel has; 0 where there is none that can be used."""
    if not sys.platform.startswith("linux"):
        return 0
    number = int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1))
    return number if number >= _OLDEST else 0


def confine(folders: Iterable[str]) -> bool:
    """Refuse every write that is not below one of these folders; False where that cannot be done.

    It cannot be undone: call it in a process that ends with the run.
    """
    known = version()
    if not known:
        return False
    rights = _FOLDER_RIGHTS | (_TRUNCATE if known >= 3 else 0)
    libc, wanted = _libc(), _Ruleset(rights)
    rules = libc.syscall(
        _CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(ctypes.sizeof(wanted)), 0
    )
    if rules < 0:
        return False
    try:
        for folder in folders:
            _allow(libc, rules, folder, rights)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, folder: str, rights: int) -> None:
    try:
        handle = os.open(folder, os.O_PATH | os.O_CLOEXEC | os.O_DIRECTORY)
    except OSError:
        return  # a folder that is not there needs no permission
    try:
        rule = _Beneath(rights, handle)
        libc.syscall(_ADD_RULE, rules, 1, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
