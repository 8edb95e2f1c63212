"""The monitoring room on a page: the latest alerts, probe and reference side by side, and what the operator says.

The page is for this machine alone: the server listens on 127.0.0.1, answers only requests that name it as such (so that
a page elsewhere cannot reach it through a name of its own), and takes answers only with the token that its own page
carries. Pictures stay in memory and are gone when the watching ends; what is written is the answers, one JSON line
each: who said when that which alert was right (``confirm``) or wrong (``dismiss``).
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from facelab.deploy.events import expectation, jpeg
from facelab.errors import BadInput
from facelab.gallery.audit_log import user_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from facelab.deploy.live import LiveAlert
    from facelab.deploy.tuned_config import TunedConfig

SHOWN = 200
"""Alerts that the page remembers."""
LARGEST_BODY = 4096
VERDICTS = ("confirm", "dismiss")
ADDRESS = "127.0.0.1"
ANSWERED = ("id", "config", "started", "camera", "track", "subject", "score", "threshold")
"""What of an alert stands beside its answer."""


class MonitorPage:
    """The page of one watching.

    Parameters
    ----------
    config : TunedConfig
        What is run: its expectation, threshold and score distributions are shown.
    answers : Path
        Where answers are written (JSON lines); it need not exist yet.
    port : int
        0 for any free one.
    photographs : Path, optional
        The folder of enrolment photographs; without it references have no picture.

    Raises
    ------
    BadInput
        The port is taken.
    """

    def __init__(self, config: TunedConfig, answers: Path, *, port: int = 0, photographs: Path | None = None) -> None:
        self._config, self._answers, self._photographs = config, answers, photographs
        self._token, self._lock = secrets.token_urlsafe(24), threading.Lock()
        self._shown: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._pictures: dict[str, bytes] = {}
        self._said = _said_before(answers)
        try:
            self._server = ThreadingHTTPServer((ADDRESS, port), type("_OfPage", (_Request,), {"monitor": self}))
        except OSError as error:
            raise BadInput(f"port {port} cannot be used ({error.strerror}); 0 takes a free one", place="page") from None
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="page", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{ADDRESS}:{self._server.server_port}/"

    def show(self, event: Mapping[str, Any], found: LiveAlert) -> None:
        """Put one alert on the page."""
        said = {name: value for name, value in event.items() if name != "crop"}
        with self._lock:
            self._shown[event["id"]] = said
            self._pictures[f"probe/{event['id']}"] = jpeg(found.crop)
            while len(self._shown) > SHOWN:
                gone, _ = self._shown.popitem(last=False)
                self._pictures.pop(f"probe/{gone}", None)

    def stop(self) -> None:
        """Close the page; pictures are gone."""
        self._server.shutdown()
        self._server.server_close()
        self._pictures.clear()

    def document(self) -> bytes:
        """The page itself."""
        text = files("facelab.deploy").joinpath("monitor.html").read_text(encoding="utf-8")
        return text.replace("__TOKEN__", self._token).encode()

    def state(self) -> dict[str, Any]:
        """What the page shows, for JSON: the alerts, newest first, and what the config promises."""
        config = self._config
        with self._lock:
            alerts = [{**event, "answer": self._said.get(name, "")} for name, event in reversed(self._shown.items())]
        scores = None if config.scores is None else config.scores.model_dump(mode="json")
        return {
            "title": config.title,
            "use": config.use.status,
            "why": config.use.reason,
            "expectation": expectation(config),
            "threshold": config.threshold,
            "scores": scores,
            "alerts": alerts,
        }

    def picture(self, name: str) -> bytes | None:
        """A probe's face, or the photograph of a reference; None where there is none."""
        with self._lock:
            if name in self._pictures:
                return self._pictures[name]
            event = self._shown.get(name.removeprefix("reference/"))
        return None if event is None else self._photograph(str(event["reference"]))

    def _photograph(self, sample: str) -> bytes | None:
        """The enrolment photograph called `sample`, below the folder of photographs and nowhere else."""
        if self._photographs is None:
            return None
        top = self._photographs.resolve()
        for path in (top / sample, top.parent / sample):
            if path.is_file() and path.resolve().is_relative_to(top):
                return path.read_bytes()
        return None

    def answer(self, given: Any, token: str | None) -> tuple[int, str]:
        """Take one answer: an HTTP status, and why."""
        if token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
            return 403, "not from this page"
        known = isinstance(given, dict) and given.get("verdict") in VERDICTS
        with self._lock:
            event = self._shown.get(str(given.get("id"))) if known else None
        if event is None:
            return 400, "no such alert, or no such answer"
        line = {
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "who": user_name(),
            "verdict": given["verdict"],
            **{name: event[name] for name in ANSWERED},
            "alert_time": event["time"],
        }
        with self._lock:
            self._answers.parent.mkdir(parents=True, exist_ok=True)
            with self._answers.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._said[event["id"]] = given["verdict"]
        return 200, "written"


def _said_before(path: Path) -> dict[str, str]:
    """The last answer of each alert in an earlier file of answers; lines that are none are passed over."""
    said: dict[str, str] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                given = json.loads(line)
                said[str(given["id"])] = str(given["verdict"])
            except (ValueError, KeyError, TypeError):
                continue
    return said


class _Request(BaseHTTPRequestHandler):
    """One request of the page `monitor`."""

    monitor: MonitorPage
    timeout = 10  # s; one that says nothing is not waited for

    def do_GET(self) -> None:
        """The page, its state, or a picture."""
        if not self._own():
            return
        if self.path == "/":
            self._send(200, self.monitor.document(), "text/html; charset=utf-8")
        elif self.path == "/state":
            self._send(200, json.dumps(self.monitor.state()).encode(), "application/json")
        else:
            picture = self.monitor.picture(self.path[1:].removesuffix(".jpg"))
            self._send(404 if picture is None else 200, picture or b"", "image/jpeg")

    def do_POST(self) -> None:
        """An answer."""
        if not self._own():
            return
        length = self.headers.get("Content-Length", "")
        if self.path != "/answer" or re.fullmatch("[0-9]{1,6}", length) is None or int(length) > LARGEST_BODY:
            self._send(400, b"an answer is a small JSON object", "text/plain")
            return
        try:
            given = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            given = None
        code, why = self.monitor.answer(given, self.headers.get("X-Token"))
        self._send(code, why.encode(), "text/plain")

    def _own(self) -> bool:
        host = self.headers.get("Host", "").rpartition(":")[0]
        if host in (ADDRESS, "localhost"):
            return True
        self._send(403, b"this page is for this machine alone", "text/plain")
        return False

    def _send(self, code: int, content: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        policy = "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: requests of the page are no news."""
