"""Tracks of one walking person share a cooldown; people who only look alike to the watchlist do not."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.config import AlertRule, Mending, PipelineSettings
from facelab.deploy.walkers import Walkers, walkers
from facelab.stats.alarms import Sighting


def towards(angle: float) -> np.ndarray:
    """A unit vector whose likeness to that of another angle is the cosine of their difference, degrees."""
    return np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])


def seen(
    track: str, time_s: float, *, first_s: float | None = None, score: float = 0.9, camera: str = "gate"
) -> Sighting:
    return Sighting(camera, track, time_s, "ann", score, 0.5, time_s - 2 if first_s is None else first_s)


@pytest.fixture
def site() -> Walkers:
    """Alike from 60 degrees down, remembered for a minute, a track ends a second after it was last seen."""
    return Walkers(0.5, 60.0, 1.0)


def test_who_comes_back_as_another_track_is_the_walker_of_the_first_one(site: Walkers) -> None:
    assert site.named(seen("gate/1", 10), towards(0), over=True).walker == "gate/1"
    assert site.named(seen("gate/2", 20), towards(50), over=True).walker == "gate/1"
    assert site.named(seen("hall/1", 30, camera="hall"), towards(100), over=True).walker == "gate/1", (
        "through the second"
    )
    assert site.named(seen("gate/3", 40), towards(200), over=True).walker == "gate/3", "a stranger"


def test_of_several_the_most_alike_is_taken(site: Walkers) -> None:
    for track, angle in (("gate/1", 0), ("gate/2", 70)):
        site.named(seen(track, 10), towards(angle), over=True)
    assert site.named(seen("gate/3", 20), towards(40), over=True).walker == "gate/2"


def test_two_who_are_in_view_together_are_two_however_alike(site: Walkers) -> None:
    site.named(seen("gate/1", 10), towards(0), over=True)  # last seen at 9 s
    assert site.named(seen("gate/2", 20, first_s=9.0), towards(0), over=True).walker == "gate/2"
    assert site.named(seen("hall/1", 20, first_s=9.0, camera="hall"), towards(0), over=True).walker in (
        "gate/1",
        "gate/2",
    )
    assert site.named(seen("gate/3", 30, first_s=21.0), towards(0), over=True).walker != "gate/3"


def test_nobody_is_remembered_for_longer_than_the_cooldown_nor_for_no_match(site: Walkers) -> None:
    site.named(seen("gate/1", 10), towards(0), over=True)
    assert site.named(seen("gate/2", 71), towards(0), over=True).walker == "gate/2"
    assert len(site) == 1
    assert site.named(seen("gate/3", 72, score=0.4), towards(0), over=True).walker == ""
    assert len(site) == 1


def test_a_track_keeps_its_walker(site: Walkers) -> None:
    site.named(seen("gate/1", 10), towards(0), over=True)
    first = site.named(seen("gate/2", 20, first_s=19), towards(30), over=False)
    last = site.named(seen("gate/2", 25, first_s=19), towards(120), over=True)
    assert first.walker == last.walker == "gate/1"


def test_settings_decide_whether_tracks_are_joined_at_all() -> None:
    assert walkers(PipelineSettings(), AlertRule()) is not None
    assert walkers(PipelineSettings(mending=Mending(rejoin_s=0)), AlertRule()) is None
    assert walkers(PipelineSettings(), AlertRule(cooldown_key="subject")) is None
