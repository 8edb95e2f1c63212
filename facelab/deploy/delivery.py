"""Delivery of events to a webhook: at least once, in order, through a spool on the disk.

An event is written to the spool before anything is sent, and its file goes only when the receiver said that it has it
(any 2xx). An answer that speaks of the event itself (`NOT_THIS_ONE`) sets its file aside as ``.refused``, lest one
event keep back all that follow. Whatever else happens (an answer of 500, no answer, a redirect, no receiver at all) is
tried again, less and less often, and survives a restart. So an event may arrive twice: its id, also in the header
``Idempotency-Key``, tells.
Redirects are never followed: alerts go to the address that was named, and nowhere else.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from facelab.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
NOT_THIS_ONE = (400, 413, 415, 422)
"""Answers that speak of this event and not of the receiver: it is set aside, or it would keep back all that follow."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Delivery:
    """Sends events to `url` through the folder `spool`, from a thread of its own.

    Parameters
    ----------
    url : str
        ``https://…``, or ``http://…`` on this machine or a network that you trust.
    spool : Path
        A folder of its own; what an earlier run left there is sent first.
    timeout_s : float
        How long an answer may take.
    tell : callable
        Called with what a person should know: the receiver is down, and is back.

    Raises
    ------
    BadInput
        The address is none, or another process uses the spool.
    """

    def __init__(
        self, url: str, spool: Path, *, timeout_s: float = 5.0, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        _check(url)
        self._url, self._spool, self._timeout_s, self._tell = url, spool, timeout_s, tell
        spool.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(spool / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise BadInput("another watch uses this spool; give each its own", place=str(spool)) from None
        self._number = itertools.count(_next_number(spool))
        self._closing, self._more = threading.Event(), threading.Event()
        self._until = float("inf")
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._down = ""
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()

    def put(self, event: Mapping[str, Any]) -> None:
        """Write `event` to the spool; it is on the disk when this returns."""
        name = f"{next(self._number):012d}.json"
        beside = self._spool / f".{name}.part"
        with beside.open("w", encoding="utf-8") as file:
            json.dump(event, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._spool / name)
        self._more.set()

    @property
    def waiting(self) -> int:
        """Events that were not delivered yet."""
        return len(_files(self._spool))

    def close(self, wait_s: float = 5.0) -> int:
        """Send what waits for at most `wait_s`, stop, and say how many events stay in the spool."""
        self._until = time.monotonic() + wait_s
        self._closing.set()
        self._more.set()
        self._thread.join(wait_s + self._timeout_s + 1.0)
        self._lock.release()
        return self.waiting

    def _work(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._more.clear()
            for path in _files(self._spool):
                if self._closing.is_set() and time.monotonic() > self._until:
                    return
                trouble = self._sent(path)
                self._say(trouble)
                if trouble:
                    break
                path.unlink(missing_ok=True)
                pause_s = FIRST_PAUSE_S
            if self._closing.is_set() and (not self.waiting or time.monotonic() > self._until):
                return
            if not self._down:
                self._more.wait(1.0)
            else:
                if not self._closing.wait(pause_s):
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                    continue
                time.sleep(FIRST_PAUSE_S)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _sent(self, path: Path) -> str:
        """Send one event; why it did not arrive, or nothing."""
        try:
            content = path.read_bytes()
            event_id = str(json.loads(content).get("id", path.stem))
        except (OSError, ValueError, AttributeError):
            path.rename(path.with_suffix(".unreadable"))
            return ""
        headers = {"Content-Type": "application/json", "Idempotency-Key": event_id, "User-Agent": "facelab"}
        request = urllib.request.Request(self._url, content, headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in NOT_THIS_ONE:
                path.rename(path.with_suffix(".refused"))
                self._tell(
                    f"webhook {_public(self._url)}: answered {error.code} to {event_id}: set aside in {self._spool}"
                )
                return ""
            return "redirects elsewhere, which is not followed" if 300 <= error.code < 400 else f"answered {error.code}"
        except (OSError, ValueError) as error:
            return f"cannot be reached ({getattr(error, 'reason', error) or type(error).__name__})"

    def _say(self, trouble: str) -> None:
        if trouble and trouble != self._down:
            self._tell(f"webhook {_public(self._url)}: {trouble}; events wait in {self._spool}")
        elif self._down and not trouble:
            self._tell(f"webhook {_public(self._url)}: is back")
        self._down = trouble


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Answers 3xx as what they are: errors."""

    def redirect_request(self, *_: Any) -> None:
        """Never another request."""


def _files(spool: Path) -> list[Path]:
    return sorted(spool.glob("[0-9]*.json"))


def _next_number(spool: Path) -> int:
    numbers = [int(path.stem) for path in _files(spool) if path.stem.isdigit()]
    return max(numbers, default=0) + 1


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        rule = "a webhook's address is http:// or https:// with a host"
        raise BadInput(f"{rule}, this is {_public(url)!r}", place="webhook")


def is_in_the_clear(url: str) -> bool:
    """Whether alerts would leave this machine without encryption."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def _public(url: str) -> str:
    """The address without name, password and query: they may be secrets."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "what cannot be read"
