"""Where the user's code is: the nearest frame that belongs neither to a library nor to us.

Owns the rule of what counts as a user's file.
"""

import functools
import os
import sys
import sysconfig
import threading
from types import FrameType

_PATHS = sysconfig.get_paths()
_LIBRARIES = tuple(
    os.path.realpath(_PATHS[name]) + os.sep
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
)
_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep
_KNOWN: dict[str, bool] = {}


def is_user_file(name: str) -> bool:
    """Say whether a file is the user's: not the standard library, an installed package or ours."""
    known = _KNOWN.get(name)
    if known is None:
        path = os.path.realpath(name)
        known = not (name.startswith("<") and not name.startswith("<ipython"))
        known = known and not path.startswith((_OURS, *_LIBRARIES))
        known = known and f"{os.sep}site-packages{os.sep}" not in path
        _KNOWN[name] = known
    return known


def files_seen() -> list[str]:
    """List the user's files among those that were looked at so far: code of them has run."""
    return [name for name, known in _KNOWN.items() if known]


def user_frame(frame: FrameType | None) -> FrameType | None:
    """Find the nearest frame of the user's code at or above a frame, if there is one."""
    while frame is not None:
        name = frame.f_code.co_filename
        known = _KNOWN.get(name)
        if known or (known is None and is_user_file(name)):
            return frame
        frame = frame.f_back
    return None


def elsewhere() -> FrameType | None:
    """Find the user's frame in the main thread, for a thread that has none of the user's.

    Backward on a device runs in a thread of torch's own, while the main thread waits for it.
    """
    main = threading.main_thread().ident
    if main is None or main == threading.get_ident():
        return None
    return user_frame(sys._current_frames().get(main))


def line_of(frame: FrameType | None) -> str:
    """Name the nearest line of the user's code at or above a frame, as `file.py:12`; "" if none."""
    nearest = user_frame(frame)
    return f"{_short(nearest.f_code.co_filename)}:{nearest.f_lineno}" if nearest else ""


@functools.cache
def _short(name: str) -> str:
    return os.path.basename(name)
