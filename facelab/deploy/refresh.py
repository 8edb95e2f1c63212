"""While a watch runs: its watchlist and its config's expiry are looked at again, by the stamps of their files.

Every so many seconds the files' times and sizes are compared with those that were read; a watchlist is read anew where
they differ, or where somebody's date of retention has come. One that cannot be used (damaged, of another pack, under
another key) changes nothing: the watch goes on with the one it has, and says so, once a change. Of a config that was
written anew only the date of expiry is taken up; whatever else differs waits for the next start.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from facelab.deploy.checking import Place, findings
from facelab.deploy.tuned_config import read_tuned
from facelab.errors import BadInput, FacelabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from facelab.deploy.live import WatchedSite
    from facelab.deploy.tuned_config import TunedConfig
    from facelab.types import Gallery

Stamp = tuple[tuple[str, int, int], ...]
EVERY_S = 10.0
VAULT_FILES = ("vault.json", "index")
"""What of an encrypted watchlist changes with its people; its log changes with every reading."""


@dataclass(frozen=True)
class WatchlistPlace:
    """Where a watchlist lies: a gallery's file, or the folder of an encrypted one with its key.

    Parameters
    ----------
    path : Path
        File or folder.
    key_file : Path, optional
        Of an encrypted one; else the environment holds the key.
    """

    path: Path
    key_file: Path | None = None

    @property
    def stamp(self) -> Stamp:
        """Times and sizes of its files; empty where there are none."""
        return stamp_of([self.path / name for name in VAULT_FILES] if self.path.is_dir() else [self.path])

    def read(self) -> tuple[Gallery, datetime | None]:
        """Everybody whose date is not over, and when the next one's is; None where nobody has a date.

        Raises
        ------
        BadInput
            It is damaged, is none, or the key is wrong.
        """
        from facelab.gallery import Vault, vault_key
        from facelab.pipeline import tables

        if not self.path.is_dir():
            return tables.read_gallery(self.path), None
        vault, now = Vault(self.path, vault_key(self.key_file)), datetime.now(UTC)
        dates = [entry.retain_until for entry in vault.entries() if entry.retain_until is not None]
        return vault.gallery(), min((date for date in dates if date > now), default=None)


@dataclass
class Refresher:
    """Looks at the files of a running watch, and puts a new watchlist in force.

    Parameters
    ----------
    site : WatchedSite
        What runs; `WatchedSite.use` takes a new watchlist.
    watchlist : WatchlistPlace
        Its watchlist.
    config : Path
        The config's file.
    tell : callable
        Called with each line that a person should know.
    trusted : sequence of Ed25519PublicKey
        Keys whose signature a config written anew must carry; none: not asked.
    next_end : datetime, optional
        When the next date of retention comes, as `WatchlistPlace.read` gave it.
    seen : tuple, optional
        The watchlist's stamp from before it was read; unless given, that of now.
    """

    site: WatchedSite
    watchlist: WatchlistPlace
    config: Path
    tell: Callable[[str], None]
    trusted: Sequence[Ed25519PublicKey] = ()
    next_end: datetime | None = None
    seen: Stamp | None = None
    _config_seen: Stamp = field(init=False)
    _expired: bool = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.watchlist.stamp if self.seen is None else self.seen
        self._config_seen = stamp_of([self.config])
        self._expired = datetime.now(UTC) >= self.site.config.validity.expires  # told when the watch began

    @contextmanager
    def running(self, every_s: float = EVERY_S) -> Iterator[None]:
        """Look every `every_s` seconds in a thread of its own, as long as the block runs."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(every_s):
                self.look()

        thread = threading.Thread(target=run, name="refresh", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(1.0)

    def look(self, now: datetime | None = None) -> None:
        """Look once; `now` is the time, with its zone."""
        moment, stamp = now or datetime.now(UTC), self.watchlist.stamp
        ended = self.next_end is not None and moment >= self.next_end
        if stamp != self.seen or ended:
            self.seen = stamp
            self._read_watchlist()
        config = stamp_of([self.config])
        if config != self._config_seen:
            self._config_seen = config
            self._read_config()
        expires = self.site.config.validity.expires
        if moment >= expires and not self._expired:
            self.tell(f"the config expired on {expires:%Y-%m-%d}; the watch goes on, measure again")
        self._expired = moment >= expires

    def _read_watchlist(self) -> None:
        before = len(self.site.gallery)
        try:
            gallery, self.next_end = self.watchlist.read()
            self.site.use(gallery)
        except (FacelabError, OSError) as error:
            self.next_end = None
            self.tell(f"the watchlist has changed and cannot be used ({error}); the one of {before:,} people stays")
            return
        self.tell(f"the watchlist has changed and was read anew: {len(gallery):,} people, {before:,} before")

    def _read_config(self) -> None:
        try:
            new = read_tuned(self.config)
            self._refuse_foreign(new)
        except (FacelabError, OSError) as error:
            self.tell(f"the config has changed and cannot be used ({error}); the one that runs stays")
            return
        old = self.site.config
        if _but_for_expiry(new) != _but_for_expiry(old):
            self.tell("the config has changed in more than its expiry: start the watch anew to run it")
            return
        if new.validity.expires != old.validity.expires:
            self.site.config = old.model_copy(update={"validity": new.validity})
            self.tell(f"the config now expires on {new.validity.expires:%Y-%m-%d}")

    def _refuse_foreign(self, config: TunedConfig) -> None:
        if not self.trusted:
            return
        (signature, *_) = findings(config, Place(), trusted=self.trusted)
        if signature.verdict == "fails":
            raise BadInput(signature.reason, place="signature")


def stamp_of(paths: Sequence[Path]) -> Stamp:
    """Name, time of the last change (ns) and size of each of `paths` that is there."""
    found = []
    for path in paths:
        try:
            state = path.stat()
        except OSError:
            continue
        found.append((path.name, state.st_mtime_ns, state.st_size))
    return tuple(found)


def _but_for_expiry(config: TunedConfig) -> dict[str, object]:
    said = config.model_dump(mode="json", exclude={"signature": True, "validity": {"expires"}})
    return dict(said)
