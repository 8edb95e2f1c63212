"""Headless Chromium for the tests, driven through its DevTools protocol; a helper module, not a test."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
WAIT_S = 20.0
KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "ArrowLeft": (37, ""), "ArrowUp": (38, ""),
    "ArrowRight": (39, ""), "ArrowDown": (40, ""), "PageUp": (33, ""), "PageDown": (34, ""), "Home": (36, ""),
    "End": (35, ""), "Backspace": (8, ""), " ": (32, " "),
}  # fmt: skip
"""What a named key is by number and the text that it types; any other key types itself."""


class Browser:
    """Headless Chromium with one page; it is this object's own process, and ends with `stop`."""

    def __init__(self, folder: Path, window: tuple[int, int] = (1280, 900)) -> None:
        assert CHROMIUM is not None, "no Chromium on this machine"
        arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
            f"--window-size={window[0]},{window[1]}", f"--user-data-dir={folder}", "--remote-allow-origins=*",
            "about:blank",
        ]  # fmt: skip
        self.process = subprocess.Popen([CHROMIUM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._connect(folder)
        except BaseException:
            self._end()
            raise

    def _connect(self, folder: Path) -> None:
        import websocket

        port_file, end = folder / "DevToolsActivePort", time.monotonic() + 60
        while not (port_file.is_file() and len(port_file.read_text().splitlines()) == 2):
            assert time.monotonic() < end, "Chromium did not start"
            time.sleep(0.05)
        port = port_file.read_text().splitlines()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            target = next(one for one in json.load(answer) if one["type"] == "page")
        self.socket = websocket.create_connection(target["webSocketDebuggerUrl"], timeout=60)
        self.number = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one DevTools command."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return dict(answer.get("result", {}))

    def open(self, url: str) -> None:
        """Goes to an address."""
        self.ask("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is in the page; None where it raises."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def awaited(self, expression: str) -> Any:
        """What a promise comes to."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def until(self, expression: str, seconds: float = WAIT_S) -> Any:
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while not (found := self.value(expression)):
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.05)
        return found

    def press(self, key: str) -> None:
        """Presses and releases a key on whatever has the focus."""
        code, text = KEYS.get(key, (ord(key.upper()) if len(key) == 1 else 0, key if len(key) == 1 else ""))
        for kind in ("keyDown", "keyUp"):
            typed = text if kind == "keyDown" else ""
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, text=typed, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Types a text into whatever has the focus."""
        self.ask("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Clicks the middle of the first element that a CSS selector finds, with the mouse, once it stands still."""
        found = json.dumps(selector)
        shown = (
            f"(() => {{ const one = document.querySelector({found}); if (!one) return null;"
            " one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
            " const place = [box.x + box.width / 2, box.y + box.height / 2];"
            " return one.contains(document.elementFromPoint(...place)) ? place : null; })()"
        )
        place, end = self.until(shown), time.monotonic() + WAIT_S
        while True:
            time.sleep(0.1)
            before, place = place, self.until(shown)
            if place == before:
                break
            assert time.monotonic() < end, f"never stood still: {selector}"
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def picture(self, path: Path) -> Path:
        """The page as it is now, as a PNG file."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
        return path

    def stop(self) -> None:
        """Ends its process."""
        self.socket.close()
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
