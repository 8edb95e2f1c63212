"""Whether a tuned config may be run here and now: who signed it, with which models, until when, for how large a list.

Every check gives a `Finding`: it holds, it fails, it cannot be told with what was given, or it was not asked. What
cannot be told is not a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from facelab.deploy.clock import set_back
from facelab.deploy.signature import signer_of
from facelab.errors import BadInput, PackError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from facelab.deploy.tuned_config import TunedConfig
    from facelab.pipeline.packs import Pack

Verdict = Literal["holds", "fails", "cannot tell", "not asked"]


@dataclass(frozen=True)
class Finding:
    """One check: its name, its verdict, and the reason in words."""

    check: str
    verdict: Verdict
    reason: str

    def __str__(self) -> str:
        return f"{self.check}: {self.verdict} ({self.reason})"


@dataclass(frozen=True)
class Place:
    """Where a config is to run, as far as it is known.

    Parameters
    ----------
    pack : str or Path or None
        The model pack on this machine: a name or a folder; None: the one that the config names.
    enrolled : int or None
        Subjects on the watchlist there; None: not asked.
    cameras : sequence of str
        Cameras there; empty: not asked.
    clock : Path or None
        The file that keeps the latest time this machine was seen to have; None: a clock set back is not noticed.
    """

    pack: str | Path | None = None
    enrolled: int | None = None
    cameras: Sequence[str] = ()
    clock: Path | None = None


def findings(
    config: TunedConfig, place: Place, *, trusted: Iterable[Ed25519PublicKey] = (), now: datetime | None = None
) -> tuple[Finding, ...]:
    """What every check says of `config` at `place`.

    Parameters
    ----------
    config : TunedConfig
        As it was read; its schema was checked then.
    place : Place
        Where it is to run.
    trusted : iterable of Ed25519PublicKey
        Keys whose signature counts.
    now : datetime, optional
        The time, with its zone; the machine's by default.
    """
    moment = datetime.now(UTC) if now is None else now
    return (
        _signature(config, list(trusted)),
        _models(config, place),
        _expiry(config, moment),
        _clock(place, moment),
        _gallery(config, place),
        _cameras(config, place),
        _use(config),
    )


def verdict_of(found: Iterable[Finding]) -> Verdict:
    """The verdict of all checks together: the worst; what was not asked does not count."""
    verdicts = {finding.verdict for finding in found}
    return "fails" if "fails" in verdicts else "cannot tell" if "cannot tell" in verdicts else "holds"


def _signature(config: TunedConfig, trusted: list[Ed25519PublicKey]) -> Finding:
    name = "signature"
    if config.signature is None:
        verdict: Verdict = "fails" if trusted else "cannot tell"
        return Finding(name, verdict, "nobody signed it, so nobody can tell whether it was changed")
    by = config.signature.key_id[:16]
    if not trusted:
        return Finding(name, "cannot tell", f"signed by key {by}, and no trusted key was given (--key)")
    try:
        signer = signer_of(config, trusted)
    except BadInput as error:
        return Finding(name, "fails", str(error))
    if signer is None:
        return Finding(name, "fails", f"signed by key {by}, which is none of the trusted ones")
    return Finding(name, "holds", f"signed by the trusted key {signer[:16]}, unchanged since")


def _models(config: TunedConfig, place: Place) -> Finding:
    """Whether the model files on this machine are those that were measured, by hashing them anew."""
    name = "model files"
    wanted = config.pack.name if place.pack is None else place.pack
    try:
        pack = _present(wanted)
    except PackError as error:
        return Finding(name, "fails", str(error))
    if pack is None:
        return Finding(name, "cannot tell", f"pack {wanted!s} is not on this machine (facelab packs pull {wanted!s})")
    here = dict(pack.files)
    strange = sorted(set(config.pack.files.values()) ^ set(here.values()))
    if strange:
        named = ", ".join(f"{file} {digest[:12]}" for file, digest in here.items())
        return Finding(name, "fails", f"other models than those measured lie in pack {wanted!s} ({named})")
    if pack.fingerprint != config.pack.fingerprint:
        return Finding(name, "fails", "the files are the same and are used in another way (another fingerprint)")
    return Finding(name, "holds", f"{len(here)} files of {pack.name} hashed, and they are those that were measured")


def _present(wanted: str | Path) -> Pack | None:
    """The pack on this machine, its files hashed; None where it is a name that was not fetched: nothing is fetched."""
    from pathlib import Path

    from facelab.pipeline import packs

    if isinstance(wanted, str) and not Path(wanted).is_dir():
        listed = next((pack for pack in packs.listing() if pack.name == wanted), None)
        if listed is None:
            raise PackError("no such pack is known on this machine", place=wanted)
        if not listed.present:
            return None
    return packs.load_pack(wanted)


def _expiry(config: TunedConfig, now: datetime) -> Finding:
    ends, name = config.validity.expires, "expiry"
    if now < config.created:
        made = f"{config.created:%Y-%m-%d %H:%M} UTC"
        return Finding(name, "fails", f"it was made on {made}, after this clock's time: is the clock set back?")
    if now >= ends:
        return Finding(name, "fails", f"it expired on {ends:%Y-%m-%d}; measure again")
    return Finding(name, "holds", f"valid until {ends:%Y-%m-%d}, {(ends - now).days} days more")


def _clock(place: Place, now: datetime) -> Finding:
    name = "clock"
    if place.clock is None:
        return Finding(name, "not asked", "no file keeps the latest time")
    back = set_back(place.clock, now)
    if back is None:
        return Finding(name, "holds", "not set back since this machine last looked")
    return Finding(
        name,
        "fails",
        f"set back by {back.total_seconds() / 3600:.1f} h since this machine last looked ({place.clock} keeps when)",
    )


def _gallery(config: TunedConfig, place: Place) -> Finding:
    name, validity = "watchlist size", config.validity
    if place.enrolled is None:
        return Finding(name, "not asked", f"holds for up to {validity.enrolled_max:,} enrolled people")
    if validity.covers(place.enrolled):
        return Finding(name, "holds", f"{place.enrolled:,} enrolled, up to {validity.enrolled_max:,} are covered")
    return Finding(
        name,
        "fails",
        f"{place.enrolled:,} enrolled, and only up to {validity.enrolled_max:,} are covered "
        f"({validity.enrolled_rule}): a larger list raises more false alerts at the same threshold",
    )


def _cameras(config: TunedConfig, place: Place) -> Finding:
    name, known = "cameras", config.validity.cameras
    if not place.cameras:
        return Finding(name, "not asked", f"measured on {', '.join(known)}")
    strange = [camera for camera in place.cameras if camera not in known]
    if strange:
        return Finding(name, "fails", f"{strange[0]!r} is none of the cameras it was measured on ({', '.join(known)})")
    return Finding(name, "holds", f"{len(place.cameras)} of the cameras it was measured on")


def _use(config: TunedConfig) -> Finding:
    holds = config.use.status == "operational"
    return Finding("use", "holds" if holds else "fails", f"{config.use.status}: {config.use.reason}")
