"""JupyterLab in headless Chromium, for tests that use a notebook as a person would; a helper module, not a test.

``with LabPage(notebook, folder) as page:`` starts a server of its own on 127.0.0.1 (a free port, a token of its own,
settings and runtime files below `folder`), opens the notebook there in Chromium, and ends both when the block ends,
also where it fails. It starts no process but these, and ends no other.

    page.run()                                  every cell; returns when the kernel is idle, fails on an error
    page.until_widget("slider")                 waits until a widget's text or label is there
    page.focus(".jupyter-widgets input")        puts the focus there, so that keys go to it
    page.browser.press("ArrowRight")            a key
    page.click_button("show the pairs")         a button by its text
    page.browser.picture(path)                  the page as a PNG
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from browser import Browser

START_S = 90.0
PANEL = "[...(window.jupyterapp?.shell?.widgets('main') ?? [])].find((one) => one.context)"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
"""Every cell is on the page, not only those in view; and no question whether to look for news."""


class LabPage:
    """A notebook in JupyterLab in headless Chromium, with its processes.

    Parameters
    ----------
    notebook : Path
        The notebook file; its folder is the root of the server, and the notebook is saved where it stands.
    folder : Path
        An empty folder for the settings and profiles of both programs.
    env : dict of str, optional
        Environment variables of the server and its kernels, beside those of this process.
    window : (int, int)
        Width and height in pixels.
    """

    def __init__(
        self, notebook: Path, folder: Path, *, env: dict[str, str] | None = None, window: tuple[int, int] = (1280, 1400)
    ) -> None:
        self.notebook, self.folder, self._window = notebook, folder, window
        self._env = {**os.environ, **_own_folders(folder), **(env or {})}
        self.token, self.port = secrets.token_hex(16), _free_port()
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        self.server = self._started()
        try:
            self._answers()
            self.browser = Browser(self.folder / "browser", self._window)
        except BaseException:
            self._end_server()
            raise
        try:
            self._opened()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.browser.stop()
        finally:
            self._end_server()

    def _started(self) -> subprocess.Popen[bytes]:
        options = {
            "ServerApp.ip": "127.0.0.1", "ServerApp.port": self.port, "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False, "ServerApp.root_dir": self.notebook.parent,
            "IdentityProvider.token": self.token, "LabApp.expose_app_in_browser": True, "LabApp.news_url": "",
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "LabApp.extension_manager": "readonly",
        }  # fmt: skip
        told = [f"--{name}={value}" for name, value in options.items()]
        without = [
            f"--ServerApp.jpserver_extensions={name}=False" for name in ("jupyter_lsp", "jupyter_server_terminals")
        ]
        command = [sys.executable, "-m", "jupyterlab", "--allow-root", *told, *without]
        with (self.folder / "server.log").open("wb") as log:
            return subprocess.Popen(command, env=self._env, stdout=log, stderr=log, start_new_session=True)

    def _answers(self) -> None:
        end = time.monotonic() + START_S
        while True:
            assert self.server.poll() is None, f"JupyterLab ended: {self.log()[-2000:]}"
            try:
                with urllib.request.urlopen(f"{self.url}api/status?token={self.token}", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert time.monotonic() < end, f"JupyterLab did not start: {self.log()[-2000:]}"
                time.sleep(0.1)

    def _opened(self) -> None:
        self.browser.open(f"{self.url}doc/tree/{self.notebook.name}?token={self.token}")
        self.browser.until(f"{PANEL}?.context?.isReady === true", START_S)
        self.browser.until(f"{PANEL}.sessionContext.session?.kernel?.status === 'idle'", START_S)

    def log(self) -> str:
        """What the server wrote."""
        return (self.folder / "server.log").read_text(errors="replace")

    def run(self, seconds: float = 120.0) -> None:
        """Runs every cell, and returns when all have run and every output is there.

        Raises
        ------
        AssertionError
            A cell raised, or they took too long.
        """
        self.browser.value(f"window.done = null; window.jupyterapp.shell.activateById({PANEL}.id)")
        self.browser.value(
            "window.jupyterapp.commands.execute('notebook:run-all-cells')"
            ".then(() => window.done = 'yes', (error) => window.done = String(error))"
        )
        self.browser.until("window.done", seconds)
        errors = self.browser.value(
            '[...document.querySelectorAll(\'.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"],'
            ' .jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]\')].map((one) => one.textContent)'
        )
        assert not errors, errors

    def command(self, name: str, **arguments: Any) -> None:
        """Executes a command of JupyterLab, such as ``kernelmenu:restart`` or ``docmanager:save``."""
        self.browser.awaited(
            f"window.jupyterapp.commands.execute({json.dumps(name)}, {json.dumps(arguments)}).then(() => 1)"
        )

    def restart_kernel(self) -> None:
        """Restarts the kernel without asking, as after a crash; what cells left in memory is gone."""
        self.browser.awaited(f"{PANEL}.sessionContext.session.kernel.restart().then(() => 1)")

    def text(self, selector: str = ".jp-OutputArea-output") -> str:
        """The text of everything that a CSS selector finds, outputs by default."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText).join('\\n')"
        return str(self.browser.value(found))

    def until_widget(self, text: str, seconds: float = 30.0) -> None:
        """Waits until a widget shows `text` (a label, a button, a table's cell)."""
        shown = f"(one) => one.innerText.includes({json.dumps(text)})"
        self.browser.until(f"[...document.querySelectorAll('.jupyter-widgets')].some({shown})", seconds)

    def settle(self, seconds: float = 30.0) -> None:
        """Waits until the kernel has been idle for half a second: every key and every move has been answered."""
        idle, end = f"{PANEL}.sessionContext.session?.kernel?.status === 'idle'", time.monotonic() + seconds
        quiet = time.monotonic()
        while time.monotonic() - quiet < 0.5:
            assert time.monotonic() < end, "the kernel never came to rest"
            if not self.browser.value(idle):
                quiet = time.monotonic()
            time.sleep(0.05)

    def focus(self, selector: str) -> None:
        """Puts the focus on the first element that a CSS selector finds, scrolled into view."""
        found = json.dumps(selector)
        self.browser.until(
            f"(() => {{ const one = document.querySelector({found}); if (!one) return false;"
            " one.scrollIntoView({block: 'center'}); one.focus(); return document.activeElement === one; })()"
        )

    def click_button(self, text: str) -> None:
        """Clicks the widget button with this text, with the mouse, once the kernel is at rest and it may be clicked."""
        self.settle()
        same = f"(one) => one.innerText.trim() === {json.dumps(text)}"
        find = f"[...document.querySelectorAll('button.jupyter-button')].find({same})"
        self.browser.until(f"(() => {{ const one = {find}; if (!one || one.disabled) return false;"
                           " one.setAttribute('data-clicked', 'now'); return true; })()")  # fmt: skip
        self.browser.click("button[data-clicked=now]")
        self.browser.value("document.querySelector('button[data-clicked=now]')?.removeAttribute('data-clicked')")

    def scroll_to(self, selector: str) -> None:
        """Brings the first element that a CSS selector finds to the top of the window."""
        self.browser.value(f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'start'}})")

    def _end_server(self) -> None:
        """Ends the server, which ends its kernels; what is left of its own process group after that is killed."""
        self.server.send_signal(signal.SIGTERM)
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.server.pid, signal.SIGKILL)  # start_new_session: the group is the server's own
            self.server.wait(20)


def _own_folders(folder: Path) -> dict[str, str]:
    """Environment variables that keep settings, runtime files and histories of the server below `folder`."""
    settings = folder / "settings"
    for name, chosen in SETTINGS.items():
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(chosen))
    named = {
        "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime", "JUPYTERLAB_SETTINGS_DIR": settings,
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces", "IPYTHONDIR": folder / "ipython",
    }  # fmt: skip
    return {name: str(path) for name, path in named.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
