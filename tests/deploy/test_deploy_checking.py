"""What `facelab check` finds: each check by itself, holding, failing and untold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from facelab.deploy import TunedConfig
from facelab.deploy.checking import Finding, Place, findings, verdict_of
from facelab.deploy.clock import latest_seen, set_back
from facelab.deploy.signature import signed

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def _found(config: TunedConfig, name: str, place: Place | None = None, now: datetime = NOW, **more: object) -> Finding:
    trusted = more.get("trusted", ())
    everything = findings(config, place or Place(), trusted=trusted, now=now)  # type: ignore[arg-type]
    return next(finding for finding in everything if finding.check == name)


def test_a_signature_holds_fails_or_cannot_be_told(config: TunedConfig) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    done = signed(config, key)
    assert _found(done, "signature", trusted=[key.public_key()]).verdict == "holds"
    assert _found(done, "signature").verdict == "cannot tell"
    assert _found(config, "signature").verdict == "cannot tell"
    assert _found(config, "signature", trusted=[key.public_key()]).verdict == "fails"
    assert "none of the trusted" in _found(done, "signature", trusted=[other.public_key()]).reason
    broken = done.model_copy(update={"title": "changed"})
    assert _found(broken, "signature", trusted=[key.public_key()]).verdict == "fails"


def test_expiry_is_measured_against_the_clock(config: TunedConfig) -> None:
    assert _found(config, "expiry").verdict == "holds"
    assert _found(config, "expiry", now=config.validity.expires).verdict == "fails"
    assert _found(config, "expiry", now=config.validity.expires - timedelta(seconds=1)).verdict == "holds"
    early = _found(config, "expiry", now=config.created - timedelta(days=1))
    assert early.verdict == "fails"
    assert "set back" in early.reason


def test_a_clock_set_back_is_noticed(config: TunedConfig, tmp_path: Path) -> None:
    place = Place(clock=tmp_path / "state" / "latest")
    assert _found(config, "clock", place).verdict == "holds"
    assert _found(config, "clock", place, NOW - timedelta(minutes=30)).verdict == "holds"
    back = _found(config, "clock", place, NOW - timedelta(days=2))
    assert (back.verdict, "48.0 h" in back.reason) == ("fails", True)
    assert latest_seen(place.clock or tmp_path) == NOW
    assert _found(config, "clock").verdict == "not asked"


def test_an_unreadable_latest_time_is_no_time(tmp_path: Path) -> None:
    path = tmp_path / "latest"
    for content in ("", "yesterday", "2026-12-01T00:00:00"):
        path.write_text(content)
        assert latest_seen(path) is None
        assert set_back(path, NOW) is None
        assert latest_seen(path) == NOW


def test_the_watchlist_may_be_a_ninth_larger_than_the_tested_one(config: TunedConfig) -> None:
    """40 were tested; NIST SP 800-63A-4 wants 90 % of the operational list tested: 44, not 45."""
    assert config.validity.enrolled_max == 44
    assert _found(config, "watchlist size", Place(enrolled=44)).verdict == "holds"
    assert _found(config, "watchlist size", Place(enrolled=45)).verdict == "fails"
    assert _found(config, "watchlist size").verdict == "not asked"


def test_a_camera_that_was_not_measured_is_named(config: TunedConfig) -> None:
    assert _found(config, "cameras", Place(cameras=["gate"])).verdict == "holds"
    assert "'roof'" in _found(config, "cameras", Place(cameras=["gate", "roof"])).reason


def test_models_that_are_unknown_here_fail_and_absent_ones_cannot_be_told(
    config: TunedConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FACELAB_CACHE", str(tmp_path))
    absent = _found(config, "model files")
    assert (absent.verdict, "packs pull" in absent.reason) == ("cannot tell", True)
    assert _found(config, "model files", Place(pack="no-such-pack")).verdict == "fails"
    assert _found(config, "model files", Place(pack=tmp_path)).verdict == "fails"


@pytest.mark.models
def test_a_pack_of_other_models_fails_and_the_measured_one_holds(config: TunedConfig) -> None:
    from facelab.pipeline.packs import load_pack

    assert "other models" in _found(config, "model files", Place(pack="yunet-sface")).reason
    here = load_pack("scrfd-mbf")
    assert "another way" in _found(config, "model files").reason
    measured = config.pack.model_copy(update={"fingerprint": here.fingerprint})
    assert _found(config.model_copy(update={"pack": measured}), "model files").verdict == "holds"


def test_synthetic_evidence_is_never_fit_for_use(config: TunedConfig) -> None:
    assert _found(config, "use").verdict == "fails"


def test_the_worst_verdict_counts_and_what_was_not_asked_does_not() -> None:
    def made(*verdicts: str) -> list[Finding]:
        return [Finding("c", verdict, "") for verdict in verdicts]  # type: ignore[arg-type]

    assert verdict_of(made("holds", "not asked")) == "holds"
    assert verdict_of(made("holds", "cannot tell")) == "cannot tell"
    assert verdict_of(made("cannot tell", "fails", "holds")) == "fails"
