"""`facelab cache`: what is kept of earlier runs. Cached templates are biometric data: show them, remove them."""

from __future__ import annotations

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

app = typer.Typer(no_args_is_help=True, help="Cached templates (biometric data): list, clear.")


@app.command("list")
def list_entries(json: Json = False) -> None:
    """What the cache holds, the newest first.

    Example: facelab cache list --json
    """
    from facelab.pipeline import cache

    entries = cache.entries()
    if json:
        answer_json(
            {
                "folder": str(cache.templates_folder()),
                "entries": [
                    {
                        "kind": e.kind,
                        "path": str(e.path),
                        "bytes": e.size,
                        "made": e.made.isoformat(),
                        "about": e.about,
                    }
                    for e in entries
                ],
            }
        )
        return
    rows = [(e.kind, f"{e.size / 1e6:.2f}", e.made.strftime("%Y-%m-%d %H:%M"), e.path.stem[:12]) for e in entries]
    answer_table(str(cache.templates_folder()), ("kind", "MB", "made (UTC)", "key"), rows)
    message(f"{len(entries):,} entries, {sum(e.size for e in entries) / 1e6:.1f} MB of templates (biometric data)")


@app.command()
def clear(json: Json = False) -> None:
    """Remove every cached template; model packs stay.

    Example: facelab cache clear
    """
    from facelab.pipeline import cache

    count, size = cache.clear()
    if json:
        answer_json({"removed": count, "bytes": size})
    else:
        message(f"removed {count:,} files, {size / 1e6:.1f} MB")
