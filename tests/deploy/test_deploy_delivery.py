"""Webhook delivery: at least once and in order, whatever the receiver does."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from facelab.deploy.delivery import Delivery, is_in_the_clear
from facelab.errors import BadInput


class Receiver:
    """A webhook on 127.0.0.1 that answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[int], int] = lambda _: 200
        self.pause_s = 0.0
        self.asked = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.asked += 1
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                time.sleep(receiver.pause_s)
                code = receiver.answer(receiver.asked)
                if code == 200:
                    receiver.got.append(event)
                    receiver.headers.append(dict(self.headers))
                self.send_response(code)
                if 300 <= code < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts?token=secret"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facelab.deploy.delivery.FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr("facelab.deploy.delivery.LONGEST_PAUSE_S", 0.05)


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_events_arrive_in_order_with_their_ids(receiver: Receiver, tmp_path: Path) -> None:
    delivery = Delivery(receiver.url, tmp_path)
    for k in range(5):
        delivery.put({"id": f"e{k}", "subject": "ann"})
    assert delivery.close() == 0
    assert [event["id"] for event in receiver.got] == ["e0", "e1", "e2", "e3", "e4"]
    assert receiver.headers[0]["Idempotency-Key"] == "e0"
    assert [path.name for path in tmp_path.glob("*.json")] == []


@pytest.mark.parametrize("code", [500, 404, 302, 307])
def test_a_receiver_that_refuses_is_asked_again(receiver: Receiver, tmp_path: Path, code: int) -> None:
    receiver.answer = lambda asked: code if asked < 4 else 200
    told: list[str] = []
    delivery = Delivery(receiver.url, tmp_path, tell=told.append)
    delivery.put({"id": "e"})
    _until(lambda: len(receiver.got) == 1)
    assert delivery.close() == 0
    assert len(told) == 2
    assert ("redirects elsewhere" if code < 400 else f"answered {code}") in told[0]
    assert "is back" in told[1]
    assert "secret" not in told[0]


def test_a_receiver_that_hangs_is_not_waited_for(receiver: Receiver, tmp_path: Path) -> None:
    receiver.pause_s = 1.0
    told: list[str] = []
    delivery = Delivery(receiver.url, tmp_path, timeout_s=0.05, tell=told.append)
    delivery.put({"id": "e"})
    _until(lambda: bool(told))
    begin = time.monotonic()
    assert delivery.close(wait_s=0.1) == 1
    assert time.monotonic() - begin < 3.0
    assert "cannot be reached" in told[0]


def test_what_was_not_delivered_is_sent_by_the_next_run(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answer = lambda _: 503
    first = Delivery(receiver.url, tmp_path)
    first.put({"id": "old"})
    assert first.close(wait_s=0.1) == 1
    receiver.answer = lambda _: 200
    second = Delivery(receiver.url, tmp_path)
    second.put({"id": "new"})
    assert second.close() == 0
    assert [event["id"] for event in receiver.got] == ["old", "new"]


def test_nobody_listening_keeps_events(tmp_path: Path) -> None:
    delivery = Delivery("http://127.0.0.1:9/", tmp_path)
    delivery.put({"id": "e"})
    assert delivery.waiting == 1
    assert delivery.close(wait_s=0.1) == 1


def test_two_watches_do_not_share_a_spool(receiver: Receiver, tmp_path: Path) -> None:
    first = Delivery(receiver.url, tmp_path)
    with pytest.raises(BadInput, match="another watch uses this spool"):
        Delivery(receiver.url, tmp_path)
    first.close()
    Delivery(receiver.url, tmp_path).close()


def test_a_damaged_file_in_the_spool_stops_nobody(receiver: Receiver, tmp_path: Path) -> None:
    (tmp_path / "000000000001.json").write_text("{half")
    delivery = Delivery(receiver.url, tmp_path)
    delivery.put({"id": "e"})
    assert delivery.close() == 0
    assert [event["id"] for event in receiver.got] == ["e"]
    assert (tmp_path / "000000000001.unreadable").exists()


@pytest.mark.parametrize(
    "url", ["", "ftp://x/y", "file:///etc/passwd", "http://", "https://[", "javascript:1", "http://x:99999"]
)
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="webhook's address"):
        Delivery(url, tmp_path)


def test_alerts_in_the_clear_are_noticed() -> None:
    assert is_in_the_clear("http://monitor.example/a")
    assert not is_in_the_clear("https://monitor.example/a")
    assert not is_in_the_clear("http://127.0.0.1:8000/a")


@pytest.mark.parametrize("code", [400, 413, 422])
def test_an_event_that_the_receiver_refuses_is_set_aside_and_keeps_no_other_back(
    receiver: Receiver, tmp_path: Path, code: int
) -> None:
    told: list[str] = []
    receiver.answer = lambda asked: code if asked == 1 else 200
    sender = Delivery(receiver.url, tmp_path / "spool", tell=told.append)
    sender.put({"id": "odd"})
    sender.put({"id": "good"})
    _until(lambda: len(receiver.got) == 1)
    assert sender.close() == 0
    assert receiver.got == [{"id": "good"}]
    (aside,) = (tmp_path / "spool").glob("*.refused")
    assert json.loads(aside.read_text()) == {"id": "odd"}
    assert f"answered {code} to odd: set aside" in told[0]
    assert "secret" not in told[0]
