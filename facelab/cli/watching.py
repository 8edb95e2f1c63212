"""`facelab watch`: the reference consumer of a tuned config, live: alerts as JSON lines on stdout.

Messages for a person go to stderr: what to expect, cameras lost and back, frames dropped, and a line a camera at the
end. SIGTERM and Ctrl-C end it cleanly: what is in the queues is looked at, and the tracks under way are decided.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import path_or_name
from facelab.cli.deployment import Config, KeyFile, OwnPack, TrustedKeys
from facelab.cli.output import message

if TYPE_CHECKING:
    from facelab.data.footage import Clip, Footage
    from facelab.deploy.checking import Place
    from facelab.deploy.delivery import Delivery
    from facelab.deploy.live import LiveAlert
    from facelab.deploy.page import MonitorPage
    from facelab.deploy.tuned_config import TunedConfig


def watch(
    config: Config,
    sources: Annotated[
        list[str],
        typer.Argument(help="Cameras as name=address, a video, a folder of frames, or a manifest; repeatable."),
    ],
    watchlist: Annotated[Path, typer.Option(help="A gallery (parquet) or an encrypted watchlist (its folder).")],
    key_file: KeyFile = None,
    key: TrustedKeys = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to start where `facelab check` says fails.")] = False,
    pack: OwnPack = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Give files at their own pace, and drop as live.")
    ] = False,
    webhook: Annotated[str | None, typer.Option(help="Send each alert there too: retried until it arrived.")] = None,
    spool: Annotated[Path, typer.Option(help="Where alerts wait for the webhook.")] = Path("facelab-spool"),
    page: Annotated[
        int | None, typer.Option(min=0, max=65535, help="A page on 127.0.0.1 at this port; 0: any.")
    ] = None,
    photographs: Annotated[Path | None, typer.Option(help="Enrolment photographs, to be shown on the page.")] = None,
    answers: Annotated[Path, typer.Option(help="Where the page writes what operators say.")] = Path("answers.jsonl"),
    refresh: Annotated[
        float, typer.Option(min=0.1, help="Look every so many seconds whether watchlist or config have changed.")
    ] = 10.0,
    crop: Annotated[bool, typer.Option("--crop", help="Put the face into each alert; off unless you ask.")] = False,
) -> None:
    """Follow cameras and raise an alert as soon as the rule is met: one JSON line each on stdout.

    Example: facelab watch tuned.json gate=rtsp://10.0.0.7/1 hall=hall.mp4 --watchlist vault --key-file list.key
    """
    from facelab.deploy import read_tuned
    from facelab.deploy.checking import Place
    from facelab.deploy.events import Events, expectation
    from facelab.deploy.live import WatchedSite
    from facelab.deploy.refresh import Refresher, WatchlistPlace
    from facelab.deploy.signature import public_key
    from facelab.deploy.watching import watch as watched
    from facelab.pipeline.folders import cache_folder
    from facelab.pipeline.packs import load_pack

    tuned = read_tuned(config)
    footage = _footage(sources)
    listed = WatchlistPlace(watchlist, key_file)
    seen = listed.stamp
    gallery, next_end = listed.read()
    own = None if pack is None else path_or_name(pack)
    site = WatchedSite(tuned, load_pack(own or tuned.pack.name), gallery)
    _hold(tuned, Place(own, len(gallery), footage.cameras, cache_folder() / "latest-time"), key, strict)
    keys = [public_key(path) for path in key or ()]
    refresher = Refresher(site, listed, config, message, keys, next_end, seen)
    message(expectation(tuned))
    events = Events(tuned, datetime.now(UTC), with_crop=crop)
    delivery = None if webhook is None else _delivery(webhook, spool)
    monitor = None if page is None else _monitor(tuned, answers, page, photographs)

    def emit(found: LiveAlert) -> None:
        event = events.event(found)
        print(json.dumps(event, ensure_ascii=False), flush=True)
        if delivery is not None:
            _put(delivery, event)
        if monitor is not None:
            monitor.show(event, found)

    try:
        with _stopped_by_signals() as stop, refresher.running(refresh):
            reports = watched(site, footage, emit, realtime=realtime, stop=stop, tell=message)
    finally:
        if monitor is not None:
            monitor.stop()
        left = 0 if delivery is None else delivery.close()
        if left:
            message(f"{left:,} alerts wait in {spool} for the webhook; the next watch sends them")
    for report in reports:
        message(str(report))
    if site.rule.suppressed:
        message(f"{site.rule.suppressed:,} repetitions within the cooldown were not told")
    if all(report.failed for report in reports):
        raise typer.Exit(12)


def _footage(sources: list[str]) -> Footage:
    """Every source as one footage; ``name=address`` names a camera, and addresses may hold ``=`` themselves."""
    from facelab.config import FileFootage
    from facelab.data.footage import Footage, open_footage
    from facelab.errors import BadInput

    clips: list[Clip] = []
    for source in sources:
        name, _, address = source.partition("=")
        plain = not address or not name.replace("-", "_").isidentifier()
        given = FileFootage(path=source) if plain else FileFootage(path=address, camera=name)
        clips += open_footage(given).clips
    cameras = [clip.camera for clip in clips]
    if len(sources) > 1 and len(set(cameras)) < len(sources):
        raise BadInput("two sources have the same camera's name; name them, as in gate=video.mp4", place="sources")
    return Footage("live", tuple(clips))


def _put(delivery: Delivery, event: dict[str, Any]) -> None:
    """Hand `event` to the delivery; a full disk loses it for the webhook, which is told, and ends no watching."""
    try:
        delivery.put(event)
    except OSError as error:
        message(f"alert {event['id']} cannot be kept for the webhook: {error.strerror or error}")


def _delivery(url: str, spool: Path) -> Delivery:
    from facelab.deploy.delivery import Delivery, is_in_the_clear

    if is_in_the_clear(url):
        message("warning: alerts go to the webhook without encryption (http); use https")
    return Delivery(url, spool, tell=message)


def _monitor(config: TunedConfig, answers: Path, port: int, photographs: Path | None) -> MonitorPage:
    from facelab.deploy.page import MonitorPage

    monitor = MonitorPage(config, answers, port=port, photographs=photographs)
    message(f"the monitoring page is at {monitor.url}; answers go to {answers}")
    return monitor


def _hold(config: TunedConfig, place: Place, keys: list[Path] | None, strict: bool) -> None:
    """Say where the config does not hold; it is run anyway unless the signature is wrong, or something is and `strict`.

    Raises
    ------
    BadInput
        No key of `keys` signed it, or `strict` and something fails.
    """
    from facelab.deploy.checking import findings
    from facelab.deploy.signature import public_key
    from facelab.errors import BadInput

    for finding in findings(config, place, trusted=[public_key(path) for path in keys or ()]):
        if finding.verdict == "fails" and (strict or finding.check == "signature"):
            raise BadInput(f"the config is not run: {finding}", place="watch")
        if finding.verdict == "fails":
            message(f"warning: {finding}")


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set; afterwards they mean what they meant before."""
    stop = threading.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stop.set()) for number in signals]
    try:
        yield stop
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def register(app: typer.Typer) -> None:
    """Add the command to the `facelab` command."""
    app.command()(watch)
