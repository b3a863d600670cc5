"""The child process of the DirectML check: it does what may crash, and reports line by line.

Run as a file, it writes one line of JSON before each step and one with the outcome at the end. It
imports nothing of the workbook, so that it starts fast and so that nothing else can fail in it.
"""

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

Report = dict[str, Any]


def check(say: Callable[[Report], None]) -> Report:
    """Go through the steps, telling `say` each before it is taken, and give the outcome."""
    say({"step": "import"})
    try:
        library = importlib.import_module("torch_directml")
    except OSError as error:
        return _report("no-runtime", error)
    except Exception as error:
        dll = isinstance(error, ImportError) and "DLL load failed" in str(error)
        return _report("no-runtime" if dll else "import-error", error)
    try:
        return _use(library, say)
    except Exception as error:
        return _report("driver-error", error)


def _use(library: Any, say: Callable[[Report], None]) -> Report:
    say({"step": "is an adapter available"})
    if not library.is_available():
        return {"code": "no-adapter"}
    say({"step": "count of adapters"})
    count = int(library.device_count())
    if count < 1:
        return {"code": "no-adapter"}
    say({"step": "names of adapters"})
    names = [str(library.device_name(number)) for number in range(count)]
    say({"step": "4 by 4 product"})
    # Whole numbers below 2**24 are exact in float32, so that any order of adding gives these.
    rows = [[4 * row + column for column in range(4)] for row in range(4)]
    columns = list(zip(*rows, strict=True))
    wanted = [
        [sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in rows
    ]
    if _product(rows, library.device()) != wanted:
        return {"code": "wrong-result", "names": names}
    return {"code": "ok", "names": names}


def _product(rows: list[list[int]], device: Any) -> Any:
    torch = importlib.import_module("torch")
    there = torch.tensor(rows, dtype=torch.float32).to(device)
    return torch.matmul(there, there).cpu().tolist()


def _report(code: str, error: Exception) -> Report:
    first = (str(error).strip() or "no message").splitlines()[0]
    return {"code": code, "detail": f"{type(error).__name__}: {first}"[:300]}


def _no_core_file() -> None:
    """Switch core files off: a crash is an expected outcome here, and should leave none."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows has none
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Run the check and write its lines to the standard output."""

    def say(line: Report) -> None:
        sys.stdout.write("\n" + json.dumps(line) + "\n")
        sys.stdout.flush()

    _no_core_file()
    say(check(say))


if __name__ == "__main__":
    del sys.path[0]  # this folder: its modules must not stand in for others of the same name
    main()
