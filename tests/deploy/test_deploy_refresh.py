"""A running watch takes up a new watchlist and expiry, keeps what it has where the new one is no good, and says so."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import toy_commands

from facelab.deploy import TunedConfig, write_tuned
from facelab.deploy.live import WatchedSite
from facelab.deploy.refresh import Refresher, WatchlistPlace
from facelab.gallery import Vault, new_vault, new_vault_key, vault_key
from facelab.pipeline import tables


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def lasting(config: TunedConfig) -> TunedConfig:
    """A config that has not expired."""
    now = datetime.now(UTC).replace(microsecond=0)
    validity = config.validity.model_copy(update={"expires": now + timedelta(days=9)})
    return config.model_copy(update={"created": now, "validity": validity})


@pytest.fixture
def refresher(lasting: TunedConfig, tmp_path: Path, told: list[str]) -> Refresher:
    path, file = tmp_path / "gallery.parquet", tmp_path / "tuned.json"
    tables.write_gallery(path, toy_commands.gallery("ann"))
    write_tuned(file, lasting)
    site = WatchedSite(lasting, toy_commands.pack(), toy_commands.gallery("ann"))
    return Refresher(site, WatchlistPlace(path), file, told.append)


def people(refresher: Refresher) -> list[str]:
    return [str(name) for name in refresher.site.gallery.templates.subject_id]


def _readings(folder: Path, key: Path) -> int:
    return sum(record.action == "search" for record in Vault(folder / "vault", vault_key(key)).log.records())


def test_nothing_is_read_while_nothing_changes(refresher: Refresher, told: list[str]) -> None:
    before = refresher.site.gallery
    refresher.look()
    assert refresher.site.gallery is before
    assert told == []


def test_a_new_watchlist_is_in_force_and_a_broken_one_is_not(refresher: Refresher, told: list[str]) -> None:
    path = refresher.watchlist.path
    tables.write_gallery(path, toy_commands.gallery("ann", "cy"))
    refresher.look()
    assert people(refresher) == ["ann", "cy"]
    path.write_bytes(b"cut short")
    refresher.look()
    refresher.look()
    tables.write_gallery(path, toy_commands.gallery("cy", pack="b" * 64))
    refresher.look()
    path.unlink()
    refresher.look()
    assert people(refresher) == ["ann", "cy"]
    assert told[0] == "the watchlist has changed and was read anew: 2 people, 1 before"
    assert [("cannot be used" in line, "the one of 2 people stays" in line) for line in told[1:]] == 3 * [(True, True)]
    assert "is not the one that was measured" in told[2]
    tables.write_gallery(path, toy_commands.gallery("cy"))
    refresher.look()
    assert people(refresher) == ["cy"]


def test_an_encrypted_watchlist_is_read_anew_when_people_come_and_when_their_time_is_over(
    refresher: Refresher, tmp_path: Path, told: list[str]
) -> None:
    key = new_vault_key(tmp_path / "key")
    opened = new_vault(tmp_path / "vault", vault_key(key), pack=toy_commands.FINGERPRINT, dimension=4)
    until = datetime.now(UTC) + timedelta(days=3)
    place = WatchlistPlace(tmp_path / "vault", key)
    seen = place.stamp
    place.read()
    assert place.stamp == seen, "reading is logged in the vault and is no change"
    again = Refresher(refresher.site, place, refresher.config, told.append)
    opened.enrol(toy_commands.gallery("ann"))
    opened.enrol(toy_commands.gallery("cy"), retain_until=until)
    again.look()
    assert people(again) == ["ann", "cy"]
    assert again.next_end == until
    count = _readings(tmp_path, key)
    again.look(until - timedelta(seconds=1))
    assert _readings(tmp_path, key) == count, "not read before the time"
    again.look(until)
    assert _readings(tmp_path, key) == count + 1


def test_of_a_new_config_only_the_expiry_is_taken_up(
    refresher: Refresher, lasting: TunedConfig, told: list[str], tmp_path: Path
) -> None:
    ends = lasting.validity.expires
    later = lasting.validity.model_copy(update={"expires": ends + timedelta(days=30)})
    write_tuned(refresher.config, lasting.model_copy(update={"validity": later}))
    refresher.look()
    assert refresher.site.config.validity.expires == later.expires
    refresher.config.write_text("{}")
    refresher.look()
    alerts = lasting.alerts.model_copy(update={"cooldown_s": 1.0})
    write_tuned(refresher.config, lasting.model_copy(update={"validity": later, "alerts": alerts}))
    refresher.look()
    assert refresher.site.config.alerts == lasting.alerts
    refresher.look(later.expires)
    refresher.look(later.expires + timedelta(days=1))
    assert [line.split(" (")[0] for line in told] == [
        f"the config now expires on {later.expires:%Y-%m-%d}",
        "the config has changed and cannot be used",
        "the config has changed in more than its expiry: start the watch anew to run it",
        f"the config expired on {later.expires:%Y-%m-%d}; the watch goes on, measure again",
    ]


def test_a_watch_that_runs_looks_by_itself(refresher: Refresher, told: list[str]) -> None:
    import time

    with refresher.running(0.02):
        tables.write_gallery(refresher.watchlist.path, toy_commands.gallery("ann", "cy"))
        end = time.monotonic() + 20
        while not told and time.monotonic() < end:
            time.sleep(0.01)
    assert people(refresher) == ["ann", "cy"]
    assert np.isfinite(refresher.site.gallery.templates.embedding).all()
