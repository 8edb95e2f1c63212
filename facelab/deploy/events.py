"""What is told of an alert: one JSON object, the same on stdout, to a webhook and on the page.

An event names its config, so that whoever receives it can look up what was promised, and carries what a reviewer must
know before the first look: how often an alert of this kind is right at the site that was described, and that evidence
was synthetic where it was. Its id is the same however often it is delivered.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from facelab.deploy.signature import config_id

if TYPE_CHECKING:
    from facelab.deploy.live import LiveAlert
    from facelab.deploy.tuned_config import TunedConfig
    from facelab.types import Image

CROP_QUALITY = 90


class Events:
    """Makes events of alerts.

    Parameters
    ----------
    config : TunedConfig
        What is run.
    started : datetime
        The moment that second 0 of the cameras stands for, with its time zone.
    with_crop : bool
        Put the probe's face into the event; off unless somebody asked for it.
    """

    def __init__(self, config: TunedConfig, started: datetime, *, with_crop: bool = False) -> None:
        self._config, self._started, self._with_crop = config, started.astimezone(UTC), with_crop
        self.config_id = config_id(config)
        self._expected = _expected(config)

    def event(self, found: LiveAlert) -> dict[str, Any]:
        """The event of one alert, ready for JSON."""
        alert = found.alert
        moment = (self._started + timedelta(seconds=alert.time_s)).isoformat(timespec="milliseconds")
        said: dict[str, Any] = {
            "event": "alert",
            "id": event_id(self.config_id, moment, alert.camera, alert.track, alert.alleged),
            "config": self.config_id,
            "started": self._started.isoformat(timespec="seconds"),
            "use": self._config.use.status,
            "evidence": self._config.evidence.kind,
            "camera": alert.camera,
            "time": moment,
            "subject": alert.alleged,
            "reference": found.reference,
            "score": alert.score,
            "threshold": alert.threshold,
            "track": alert.track,
            "latency_s": round(alert.latency_s, 3),
            "expected": self._expected,
        }
        if self._with_crop:
            said["crop"] = base64.b64encode(jpeg(found.crop)).decode()
        return said


def event_id(config: str, moment: str, camera: str, track: str, subject: str) -> str:
    """What an alert is called: a digest of the config's id, the event's time, camera, track and alleged subject."""
    return hashlib.sha256("\n".join((config, moment, camera, track, subject)).encode()).hexdigest()[:32]


def jpeg(image: Image) -> bytes:
    """`image` (H, W, 3) uint8 BGR as a JPEG file."""
    import cv2

    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, CROP_QUALITY])
    return content.tobytes()


def _expected(config: TunedConfig) -> dict[str, Any] | None:
    """What the site was promised; None where it said nothing of itself."""
    found = config.expected
    if found is None:
        return None
    return {"ppv": found.ppv.model_dump(), "false_alerts_a_day": found.false_alerts_a_day.model_dump()}


def expectation(config: TunedConfig) -> str:
    """What the threshold is expected to give a day, in a sentence."""
    found = config.expected
    if found is None:
        return "the scenario said nothing of its site, so nobody can say how many false alerts a day to expect"
    alerts, right = found.false_alerts_a_day, found.ppv
    if alerts.value is None:
        return "how many false alerts a day to expect was not measured"
    ends = "" if alerts.low is None or alerts.high is None else f" [{alerts.low:,.0f}, {alerts.high:,.0f}]"
    ppv = "" if right.value is None else f"; an alert is right with probability {right.value:.2g}"
    return f"expected at this threshold: {alerts.value:,.0f}{ends} false alerts a day{ppv}"
