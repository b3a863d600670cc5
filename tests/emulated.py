"""The chapters on other processors, which QEMU emulates: `make test-emulated`.

Each chapter's kernel runs as another processor, with every process that it starts; strict nbval and
the drift check (chapters/checked.py) hold it against what is committed. The outcome goes into
docs/machines.md, one row for each machine and torch, one column for each chapter.

    python -m tests.emulated                       every chapter on every processor
    python -m tests.emulated Haswell 00 01         some chapters on some processors
    python -m tests.emulated --python P --name N   every chapter in that interpreter as it is
    python -m tests.emulated --jobs 16             so many chapters at a time

An interpreter needs what a reader needs. Arm needs a Python and wheels of its own: EMULATED_ARM
names a folder with `root` (Debian's python3.11 for arm64, unpacked) and `site` (its wheels).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "machines.md"
KERNEL = "elsewhere"  # no other kernel has this name, so no cell can run anywhere else
LIBRARY = sysconfig.get_path("stdlib")
PACKAGES = [path for path in map(Path, sys.path) if path.name.endswith("-packages")]
NBVAL = ("--nbval", f"--nbval-kernel-name={KERNEL}", "--nbval-cell-timeout=36000", "-q")
NBVAL += ("--nbval-kernel-startup-timeout=3600", "--tb=short", "-p", "no:cacheprovider")
SEEN = """
import json, platform, torch
seen = [platform.machine(), torch.backends.cpu.get_cpu_capability(), torch.__version__]
print(json.dumps([*seen, platform.python_version()]))
"""
ARM = "EMULATED_ARM"
WORD = "**fails**"
TEXT = """# The chapters on other machines

Each number is the seconds that a chapter took where its text was what is committed (strict nbval)
and its figures passed the drift check. "fails" is where not, a dash where it was not tried. The
emulated processors are QEMU's: the instructions are the named processor's, the speed is not.
QEMU itself crashes in the LSTM of torch 2.11 with AVX2 (Haswell, 03 and 04); a processor does not.

`python -m tests.emulated` wrote this table.
"""


@dataclass(frozen=True)
class Processor:
    """A processor that QEMU can be, and what torch says of it."""

    name: str
    emulator: tuple[str, ...]
    machine: str
    capability: str  # of torch.backends.cpu.get_cpu_capability(): proof that the emulation is one


# What QEMU cannot do is taken away by name, so that it need not warn of it.
PROCESSORS = (
    Processor(
        "Intel Haswell (AVX2, no AVX-512)",
        ("qemu-x86_64-static", "-cpu", "Haswell,-pcid,-x2apic,-tsc-deadline,-hle,-rtm,-invpcid"),
        "x86_64",
        "AVX2",
    ),
    Processor(
        "Intel SandyBridge (no AVX2, no FMA)",
        ("qemu-x86_64-static", "-cpu", "SandyBridge,-x2apic,-tsc-deadline"),
        "x86_64",
        "DEFAULT",
    ),
    Processor(
        "Arm Neoverse N1 (64 bits, no SVE)",
        ("qemu-aarch64-static", "-cpu", "neoverse-n1"),
        "aarch64",
        "DEFAULT",
    ),
)


def absent(processor: Processor) -> str | None:
    """Say why this machine cannot emulate it; None if it can."""
    if shutil.which(processor.emulator[0]) is None:
        return (
            f"{processor.emulator[0]} is not installed: on Debian, apt-get install qemu-user-static"
        )
    if processor.machine == "aarch64" and not os.environ.get(ARM):
        return f"{ARM} names no folder with a Python for 64-bit Arm"
    return None


def interpreter(processor: Processor, folder: Path) -> Path:
    """Make a virtual environment whose Python is emulated; give the path of its Python.

    Python takes the path under which it was started for its own, so that whatever it starts by
    `sys.executable` is emulated, too.
    """
    python, flags = Path(sys.executable).resolve(), ""
    packages = list(PACKAGES)
    if processor.machine == "aarch64":
        arm = Path(os.environ[ARM]).resolve()
        python, flags = arm / "root" / "usr" / "bin" / "python3.11", f"-L '{arm / 'root'}'"
        packages = [arm / "site", *PACKAGES]
    (folder / "bin").mkdir()
    made = folder / "bin" / "python"
    made.write_text(
        f"#!/bin/sh\nexec {' '.join(processor.emulator)} {flags} -0 '{made}' '{python}' \"$@\"\n"
    )
    made.chmod(0o755)
    (folder / "bin" / "python3").symlink_to(made)
    (folder / "pyvenv.cfg").write_text(f"home = {python.parent}\n")
    site = folder / "lib" / Path(LIBRARY).name
    (site / "site-packages").mkdir(parents=True)
    paths = "".join(f"{path}\n" for path in (ROOT, *packages))
    (site / "site-packages" / "shared.pth").write_text(paths)
    return made


def probe(python: Path) -> list[str]:
    """Give machine, capability, torch and Python of a process that this interpreter starts."""
    program = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SEEN!r}], check=True)"
    )
    answer = subprocess.run(
        [str(python), "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return [str(each) for each in json.loads(answer.stdout)]


def kernel(python: Path, folder: Path) -> dict[str, str]:
    """Give the environment in which the kernel named KERNEL runs in that interpreter."""
    spec = folder / "kernels" / KERNEL
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    path = os.pathsep.join((str(python.parent), os.environ.get("PATH", "")))
    (spec / "kernel.json").write_text(
        json.dumps(
            {
                "argv": argv,
                "display_name": KERNEL,
                "language": "python",
                "env": {"PATH": path, "PYTHONPATH": str(ROOT)},
            }
        )
    )
    return {**os.environ, "JUPYTER_PATH": str(folder)}


def check(chapter: Path, environment: dict[str, str]) -> tuple[bool, float]:
    """Run one chapter with nbval and the drift check; whether it passed, and its seconds."""
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", *NBVAL, str(chapter)]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if answer.returncode:
        print(answer.stdout, answer.stderr, sep="\n", flush=True)
    return answer.returncode == 0, time.monotonic() - started


Rows = dict[tuple[str, str], dict[str, str]]


def read(path: Path = TABLE) -> Rows:
    """Read the table: by machine and torch, by chapter."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in text.splitlines()]
    table = [line for line in lines if len(line) > 2]
    if not table:
        return {}
    names, _, *rows = table
    return {(row[0], row[1]): dict(zip(names[2:], row[2:], strict=True)) for row in rows}


def write(rows: Rows, chapters: list[str], path: Path = TABLE) -> None:
    """Write the table with a column for each chapter there is."""
    names = ["machine", "torch", *chapters]
    lines = ["| " + " | ".join(names) + " |", "|---|---|" + "--:|" * len(chapters)]
    for (machine, version), cells in rows.items():
        row = [machine, version, *(cells.get(chapter, "–") for chapter in chapters)]
        lines.append("| " + " | ".join(row) + " |")
    path.write_text(TEXT + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """A machine with its interpreter: one row of the table."""

    name: str
    python: Path
    folder: Path
    version: str  # of torch

    @classmethod
    def of(cls, name: str, python: Path, folder: Path, wanted: Processor | None = None) -> Row:
        """Ask what the interpreter runs on.

        Raises RuntimeError where what it starts is another processor than the one that is wanted.
        """
        machine, capability, version, python_version = probe(python)
        if wanted and (machine, capability) != (wanted.machine, wanted.capability):
            raise RuntimeError(
                f"for torch {name} must be {wanted.machine} with {wanted.capability}, "
                f"but is {machine} with {capability}"
            )
        words = f"{machine}, {capability}, torch {version}, Python {python_version}"
        print(f"{name}: {words}", flush=True)
        return cls(name, python, folder, version)


def measured(rows: list[Row], chapters: list[Path], jobs: int) -> int:
    """Run the chapters on each machine, put each outcome into the table; count failures."""
    failed = 0
    with ThreadPoolExecutor(jobs) as pool:
        runs = {
            pool.submit(check, chapter, environment): (row, chapter)
            for row in rows
            for environment in [kernel(row.python, row.folder)]
            for chapter in chapters
        }
        for run in as_completed(runs):
            (row, chapter), (passed, seconds) = runs[run], run.result()
            failed += not passed
            cell = f"{seconds:.0f}" if passed else WORD
            table = read()
            table.setdefault((row.name, row.version), {})[chapter.stem[:2]] = cell
            write(table, [path.stem[:2] for path in notebooks()])
            print(f"  {row.name}, {chapter.stem}: {cell} ({seconds:.0f} s)", flush=True)
    return failed


def notebooks() -> list[Path]:
    """The committed chapters."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where any chapter differs, or where nothing could be emulated."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", help="a processor's name, or a chapter's number")
    parser.add_argument("--python", type=Path, help="an interpreter, which is not emulated")
    parser.add_argument("--name", help="what the table calls that interpreter's machine")
    parser.add_argument("--jobs", type=int, default=1, help="chapters at a time (1)")
    options = parser.parse_args(arguments)
    if bool(options.python) != bool(options.name):
        parser.error("--python and --name go together")
    numbers = [word for word in options.words if word.isdigit()]
    chapters = [path for path in notebooks() if not numbers or path.stem[:2] in numbers]
    with tempfile.TemporaryDirectory() as scratch:
        if options.python:
            rows = [Row.of(options.name, options.python, Path(scratch))]
        else:
            names = [word.lower() for word in options.words if not word.isdigit()]
            rows = list(emulated(names, Path(scratch)))
        failed = measured(rows, chapters, options.jobs)
    print(f"{len(rows)} machines, {failed} chapters with differences")
    return 1 if failed or not rows else 0


def emulated(names: list[str], scratch: Path) -> Iterator[Row]:
    """Give the processors whose names contain a word of `names`, or all, as rows."""
    for number, processor in enumerate(PROCESSORS):
        if names and not any(name in processor.name.lower() for name in names):
            continue
        if reason := absent(processor):
            print(f"{processor.name}: skipped, {reason}")
            continue
        folder = scratch / str(number)
        folder.mkdir()
        yield Row.of(processor.name, interpreter(processor, folder), folder, processor)


if __name__ == "__main__":
    sys.exit(main())
