"""`facelab cache`: what is kept of earlier runs. Cached templates are biometric data: show them, remove them.

Rendered footage of generated people is kept beside them, for all workspaces; it is listed and cleared too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.pipeline.cache import CacheEntry

app = typer.Typer(no_args_is_help=True, help="Cached templates (biometric data) and rendered footage: list, clear.")
TEMPLATES, RENDERINGS = "templates", "renderings"
Only = Annotated[str, typer.Option(help="Of these alone: templates or renderings.")]


@app.command("list")
def list_entries(only: Only = "", json: Json = False) -> None:
    """What the cache holds, the newest first.

    Example: facelab cache list --json
    """
    from facelab.pipeline import cache, renderings
    from facelab.pipeline.folders import cache_folder

    chosen = _chosen(only)
    templates = cache.entries() if TEMPLATES in chosen else []
    drawn = renderings.renderings() if RENDERINGS in chosen else []
    entries = templates + drawn
    if json:
        answer_json({"folder": str(cache_folder()), "entries": [_plain(entry) for entry in entries]})
        return
    rows = [
        (e.kind, f"{e.size / 1e6:.2f}", e.made.strftime("%Y-%m-%d %H:%M"), e.path.stem[:12], e.title) for e in entries
    ]
    answer_table(str(cache_folder()), ("kind", "MB", "made (UTC)", "key", "of"), rows)
    if TEMPLATES in chosen:
        message(f"{len(templates):,} entries, {_megabytes(templates)} of templates (biometric data)")
    if RENDERINGS in chosen:
        message(f"{len(drawn):,} renderings, {_megabytes(drawn)} of footage of generated people")


@app.command()
def clear(only: Only = "", json: Json = False) -> None:
    """Remove every cached template and every rendering; model packs stay, and what workspaces hold.

    Example: facelab cache clear --only templates
    """
    from facelab.pipeline import cache, renderings

    chosen = _chosen(only)
    count, size = cache.clear() if TEMPLATES in chosen else (0, 0)
    drawn, drawn_size = renderings.clear_renderings() if RENDERINGS in chosen else (0, 0)
    if json:
        answer_json({"removed": count, "bytes": size, "renderings_removed": drawn, "renderings_bytes": drawn_size})
        return
    if TEMPLATES in chosen:
        message(f"removed {count:,} files, {size / 1e6:.1f} MB of templates")
    if RENDERINGS in chosen:
        message(f"removed {drawn:,} renderings, {drawn_size / 1e6:.1f} MB")


def _chosen(only: str) -> tuple[str, ...]:
    from facelab.errors import BadInput

    if only not in ("", TEMPLATES, RENDERINGS):
        raise BadInput(f"there are {TEMPLATES} and {RENDERINGS}, not {only!r}", place="--only")
    return (only,) if only else (TEMPLATES, RENDERINGS)


def _plain(entry: CacheEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "path": str(entry.path),
        "bytes": entry.size,
        "made": entry.made.isoformat(),
        "about": entry.about,
    }


def _megabytes(entries: list[CacheEntry]) -> str:
    return f"{sum(entry.size for entry in entries) / 1e6:.1f} MB"
