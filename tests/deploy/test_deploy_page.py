"""The monitoring page: what it shows and writes, whom it refuses, and that a person can work with it in a browser."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from browser import Browser, needs_chromium

from facelab.deploy import TunedConfig
from facelab.deploy.events import Events
from facelab.deploy.live import LiveAlert
from facelab.deploy.page import SHOWN, MonitorPage
from facelab.deploy.records import ScoresRecord
from facelab.errors import BadInput
from facelab.stats.alarms import Alert

STARTED = datetime(2026, 11, 1, 8, tzinfo=UTC)


def found(k: int, subject: str = "ann") -> LiveAlert:
    alert = Alert("gate", 10.0 + k, subject, 0.5 + k / 1000, 0.41, f"gate/{k}", f"gate/{k}", 8.0 + k)
    return LiveAlert(alert, np.full((112, 112, 3), 40 * (k % 6), np.uint8), f"{subject}/00.jpg")


@pytest.fixture
def page(config: TunedConfig, tmp_path: Path) -> Iterator[MonitorPage]:
    photographs = tmp_path / "photographs"
    (photographs / "ann").mkdir(parents=True)
    cv2.imwrite(str(photographs / "ann" / "00.jpg"), np.full((80, 60, 3), 200, np.uint8))
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    scores = ScoresRecord(low=-0.2, high=1.0, mated=(0, 0, 1, 5, 3), non_mated=(2, 9, 2, 0, 0))
    told = config.model_copy(update={"scores": scores})
    made = MonitorPage(told, tmp_path / "answers.jsonl", photographs=photographs)
    events = Events(told, STARTED)
    for k in range(3):
        made.show(events.event(found(k)), found(k))
    yield made
    made.stop()


def _get(page: MonitorPage, path: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(page.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _post(page: MonitorPage, content: bytes, **headers: str) -> int:
    request = urllib.request.Request(page.url + "answer", content, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _token(page: MonitorPage) -> str:
    return _get(page, "")[1].decode().split('const token = "')[1].split('"')[0]


def _answers(page: MonitorPage) -> list[dict[str, Any]]:
    path = page._answers
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_state_has_the_alerts_newest_first_and_what_was_promised(page: MonitorPage) -> None:
    state = json.loads(_get(page, "state")[1])
    assert [alert["track"] for alert in state["alerts"]] == ["gate/2", "gate/1", "gate/0"]
    assert state["use"] == "evaluation only"
    assert state["scores"]["mated"] == [0, 0, 1, 5, 3]
    assert "nobody can say" in state["expectation"]


def test_pictures_are_of_the_alert_and_of_nothing_else(page: MonitorPage) -> None:
    state = json.loads(_get(page, "state")[1])
    name = state["alerts"][0]["id"]
    for kind, height in (("probe", 112), ("reference", 80)):
        code, content = _get(page, f"{kind}/{name}.jpg")
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert (code, picture is not None and picture.shape[0]) == (200, height)
    for path in (
        "secret.jpg",
        "../secret.jpg",
        "%2e%2e/secret.jpg",
        "reference/none.jpg",
        "probe/../../secret.jpg",
        "answers.jsonl",
    ):
        assert _get(page, path)[0] == 404


def test_a_reference_that_climbs_out_of_the_photographs_is_not_shown(page: MonitorPage, config: TunedConfig) -> None:
    event = Events(config, STARTED).event(found(9)) | {"id": "evil", "reference": "../secret.jpg"}
    page.show(event, found(9))
    assert _get(page, "reference/evil.jpg")[0] == 404


def test_answers_are_written_once_given_and_can_be_changed(page: MonitorPage) -> None:
    token = _token(page)
    name = json.loads(_get(page, "state")[1])["alerts"][0]["id"]
    for verdict in ("confirm", "dismiss"):
        assert _post(page, json.dumps({"id": name, "verdict": verdict}).encode(), **{"X-Token": token}) == 200
        assert json.loads(_get(page, "state")[1])["alerts"][0]["answer"] == verdict
    lines = _answers(page)
    assert [line["verdict"] for line in lines] == ["confirm", "dismiss"]
    assert lines[0]["subject"] == "ann"
    assert {"who", "time", "camera", "score", "threshold", "config"} <= set(lines[0])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"id": "none", "verdict": "confirm"}', b"[" * 4000, b'{"id": 1, "verdict": []}'],
)
def test_an_answer_that_is_none_is_refused(page: MonitorPage, content: bytes) -> None:
    assert _post(page, content, **{"X-Token": _token(page)}) == 400
    assert _answers(page) == []


def test_only_its_own_page_on_this_machine_is_heard(page: MonitorPage) -> None:
    """Another site's page has no token, and a name that leads here is not ours (DNS rebinding)."""
    name = json.loads(_get(page, "state")[1])["alerts"][0]["id"]
    good = json.dumps({"id": name, "verdict": "confirm"}).encode()
    assert _post(page, good) == 403
    assert _post(page, good, **{"X-Token": "guess"}) == 403
    assert _get(page, "state", Host="evil.example:80")[0] == 403
    assert _post(page, good, **{"X-Token": _token(page), "Host": "evil.example"}) == 403
    assert _post(page, b"x" * 5000, **{"X-Token": _token(page)}) == 400
    assert page.url.startswith("http://127.0.0.1:")
    assert _answers(page) == []


def test_the_page_remembers_so_many_alerts_and_no_more(page: MonitorPage, config: TunedConfig) -> None:
    events = Events(config, STARTED)
    for k in range(SHOWN + 5):
        page.show(events.event(found(k, "bob")), found(k, "bob"))
    assert len(page.state()["alerts"]) == SHOWN
    assert len(page._pictures) == SHOWN


def test_a_taken_port_is_told(page: MonitorPage, config: TunedConfig, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be used"):
        MonitorPage(config, tmp_path / "a", port=int(page.url.rsplit(":", 1)[1].strip("/")))


def test_answers_of_an_earlier_watching_are_shown(page: MonitorPage, config: TunedConfig, tmp_path: Path) -> None:
    event = Events(config, STARTED).event(found(7))
    path = tmp_path / "earlier.jsonl"
    path.write_text(json.dumps({"id": event["id"], "verdict": "dismiss"}) + "\nno json\n{}\n")
    again = MonitorPage(config, path)
    try:
        again.show(event, found(7))
        assert again.state()["alerts"][0]["answer"] == "dismiss"
    finally:
        again.stop()


@needs_chromium
@pytest.mark.slow
def test_a_person_judges_alerts_in_a_browser(page: MonitorPage, tmp_path: Path) -> None:
    browser = Browser(tmp_path / "browser")
    try:
        browser.open(page.url)
        browser.until("document.querySelectorAll('#list button').length === 3")
        browser.until("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        assert browser.value("document.querySelector('#notice').textContent").startswith("evaluation only")
        assert browser.value("document.querySelectorAll('.pair img').length") == 2
        assert browser.value("document.querySelector('svg').getAttribute('aria-label')").startswith("Score 0.502")
        browser.value("document.querySelector('#confirm').click()")
        browser.until("document.querySelector('#confirm').getAttribute('aria-pressed') === 'true'")
        browser.ask("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown")
        browser.until("document.querySelectorAll('#list button')[1].getAttribute('aria-current') === 'true'")
        browser.press("d")
        browser.until("document.querySelector('#dismiss').getAttribute('aria-pressed') === 'true'")
        picture = os.environ.get("FACELAB_PAGE_PICTURE")
        if picture:
            browser.picture(Path(picture))
    finally:
        browser.stop()
    assert [(line["track"], line["verdict"]) for line in _answers(page)] == [
        ("gate/2", "confirm"),
        ("gate/1", "dismiss"),
    ]
