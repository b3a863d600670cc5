"""A real JupyterLab with nothing of the reader's own in it, and a notebook opened there.

Knows JupyterLab and Playwright's pages. Knows nothing of pytest, so that the benchmarks use it too.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 1800  # these limits are for what never comes, not for a slow machine
READY_MS = 1_800_000
NEW_PAGE = "about:blank"

# What the page needs before a command can reach the kernel: run before that, it is lost silently.
READY = """async () => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""
LISTEN = """() => {
    window.wbKernel = [];
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    kernel.iopubMessage.connect((_, message) => {
        const type = message.header.msg_type;
        if (type === 'error' || (type === 'stream' && message.content.name === 'stderr'))
            window.wbKernel.push(message.content.text ?? message.content.traceback.join('\\n'));
    });
}"""
# Lab asks every new kernel for its widgets; one that has not imported ipywidgets yet says this.
HANDSHAKE = "No such comm"
COMMAND = "([name, options]) => jupyterapp.commands.execute(name, options).then(() => null)"
CLOSE = "() => jupyterapp.shell.currentWidget.dispose()"
SETTLE = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestKernelInfo()"
CELLS = """() => [...jupyterapp.shell.currentWidget.content.widgets].map(
    cell => [cell.model.type, cell.model.sharedModel.getSource()])"""
ACTIVE = "() => jupyterapp.shell.currentWidget.content.activeCellIndex"

# What can take the focus, and what a reader would call it.
FOCUSABLE = "input, select, button, summary, [role=slider], [contenteditable=true]"
KIND = """element => element.getAttribute('role') === 'slider' ? 'slider'
    : element.isContentEditable ? 'number'
    : element.matches('input') ? element.type : element.tagName.toLowerCase()"""
# Cut, delete, insert above and below, move the selection, change the kind of cell.
COMMAND_KEYS = ("x", "d", "d", "b", "a", "ArrowUp", "ArrowDown", "m", "y")


@dataclass
class Lab:
    """A running server on a free loopback port, and the folder whose notebooks it shows."""

    port: int
    token: str
    folder: Path

    def url(self, path: str) -> str:
        """An address in the server; `reset` keeps Lab from opening the last session's notebooks."""
        return f"http://127.0.0.1:{self.port}/{path}?reset&token={self.token}"

    def ask(self, path: str, method: str = "GET") -> Any:
        """The server's own answer to a request of its API, read from JSON."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url(path), method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:
            return json.loads(answer.read() or b"null")

    def stop_kernel(self, name: str) -> None:
        """End a notebook's session, so that one test's kernel does not slow the next."""
        for session in self.ask("api/sessions"):
            if session["path"] == name:
                self.ask(f"api/sessions/{session['id']}", "DELETE")


@contextmanager
def started(home: Path) -> Iterator[Lab]:
    """A JupyterLab whose settings, runtime files and notebooks all lie in `home`."""
    settings = home / "config" / "labconfig"
    settings.mkdir(parents=True)
    shutil.copy(ROOT / "lab-settings.json", settings / "default_setting_overrides.json")
    lab = Lab(_free_port(), secrets.token_hex(16), home / "notebooks")
    lab.folder.mkdir()
    log = home / "jupyterlab.log"
    with log.open("w") as lines:
        server = subprocess.Popen(
            _command(lab), cwd=home, env=_environment(home), stdout=lines, stderr=lines
        )
    try:
        _wait(lab, server, log)
        yield lab
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(lab: Lab) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={lab.port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={lab.folder}",
        f"--IdentityProvider.token={lab.token}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    places = ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    places += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    own = {name: str(home / name.lower()) for name in places}
    return kept | own | {"JUPYTER_CONFIG_DIR": str(home / "config")}


def _wait(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            lab.ask("api/status")
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


@dataclass
class Notebook:
    """A notebook that is open in a page, and what went wrong there."""

    page: Any  # a playwright.sync_api.Page
    lab: Lab
    name: str
    console: list[str] = field(default_factory=list)  # errors of the page's scripts
    foreign: list[str] = field(default_factory=list)  # requests that left this machine

    def open(self) -> Notebook:
        """Show the notebook and wait until its cells are drawn and its kernel answers.

        A page in which Lab runs opens the notebook there: Lab takes seconds to load.
        """
        self.page.set_default_timeout(READY_MS)
        for event, listener in self._listeners():
            self.page.on(event, listener)
        if self.page.url == NEW_PAGE:
            self.page.goto(self.lab.url(f"lab/tree/{self.name}"))
        else:
            self.command("docmanager:open", path=self.name)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=READY_MS)
        self.page.evaluate(READY)
        self.page.evaluate(LISTEN)
        return self

    def run_all(self) -> None:
        """Run every cell, and return when the last one is done."""
        self.command("notebook:run-all-cells")

    def settle(self) -> None:
        """Wait until the kernel has answered everything that the page asked so far."""
        self.page.evaluate(SETTLE)

    def save(self) -> None:
        """Save as Ctrl+S does."""
        self.command("docmanager:save")

    def leave(self) -> None:
        """Close the notebook and end its kernel; the page remains, with nothing open."""
        self.page.evaluate(CLOSE)
        self.page.wait_for_selector(".jp-Notebook", state="detached")
        for event, listener in self._listeners():
            self.page.remove_listener(event, listener)
        self.lab.stop_kernel(self.name)

    def close_kernel(self) -> None:
        """End the kernel and read the file again, as where no kernel can run."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.evaluate("() => jupyterapp.shell.currentWidget.context.revert()")

    def theme(self, dark: bool) -> None:
        """Change to Lab's dark or light theme."""
        self.command("apputils:change-theme", theme=f"JupyterLab {'Dark' if dark else 'Light'}")
        light = "false" if dark else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def cells(self) -> list[list[str]]:
        """Type and text of every cell."""
        cells: list[list[str]] = self.page.evaluate(CELLS)
        return cells

    def active(self) -> int:
        """Which cell is active."""
        return int(self.page.evaluate(ACTIVE))

    def kernel_complaints(self) -> list[str]:
        """What the kernel wrote to stderr and every error it reported, callbacks included."""
        heard: list[str] = self.page.evaluate("() => window.wbKernel")
        return [text for text in heard if not text.startswith(HANDSHAKE)]

    def press_command_keys(self, box: Any) -> set[str]:
        """Press Lab's command-mode keys on one control of each kind in `box`; the kinds.

        AssertionError if a key changed a cell or moved the selection.
        """
        cells = self.cells()
        kinds: set[str] = set()
        for element in box.locator(FOCUSABLE).all():
            kind = element.evaluate(KIND)
            if kind in kinds or not element.is_visible() or not element.is_enabled():
                continue
            kinds.add(kind)
            element.focus()
            active = self.active()
            for key in COMMAND_KEYS:
                self.page.keyboard.press(key)
            if (self.cells(), self.active()) != (cells, active):
                raise AssertionError(f"JupyterLab took the keys that were pressed on a {kind}")
        return kinds

    def command(self, name: str, **options: object) -> None:
        """One of Lab's own commands."""
        self.page.evaluate(COMMAND, [name, options])

    def screenshot(self, path: Path, dark: bool = False) -> None:
        """A picture of the page in the light or the dark theme."""
        self.theme(dark)
        self.page.screenshot(path=path)

    def _listeners(self) -> tuple[tuple[str, Any], ...]:
        return ("pageerror", self._failed), ("console", self._heard), ("request", self._asked)

    def _failed(self, error: Any) -> None:
        self.console.append(str(error))

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.console.append(f"{message.text} ({message.location.get('url', '')})")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.lab.url("").split("?")[0], "data:", "blob:")):
            self.foreign.append(request.url)
