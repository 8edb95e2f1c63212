"""`facelab schedule`: a systemd timer or a cron line that evaluates a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, message
from facelab.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(schedule)


def schedule(
    scenario: Annotated[str, typer.Argument(help="A scenario: a YAML file, or the name of one that facelab ships.")],
    kind: Annotated[str, typer.Option(help="systemd or cron.")] = "systemd",
    every: Annotated[str, typer.Option(help="hourly, daily or weekly.")] = "daily",
    at: Annotated[str, typer.Option(help="Time of day, HH:MM, by the machine's clock.")] = "03:30",
    time_limit: Annotated[str, typer.Option(help="Of one evaluation, such as 45m or 4h.")] = "4h",
    out: Annotated[Path | None, typer.Option(help="Folder to write to; else it is printed.")] = None,
    json: Json = False,
) -> None:
    """A systemd timer and service, or a cron line, that evaluates a scenario; checked where that is possible.

    Any other scheduler calls the one command that is shown: its exit code says what happened.

    Example: facelab schedule my_site.yml --every daily --at 02:15 --out ~/.config/systemd/user
    """
    from facelab.experiments.schedule import schedule_of

    if kind not in ("systemd", "cron"):
        raise BadInput(f"the scheduler is systemd or cron, not {kind!r}", place="--kind")
    found = schedule_of(
        scenario, kind="cron" if kind == "cron" else "systemd", every=every, at=at, time_limit=time_limit
    )
    paths = [] if out is None else found.write(out)
    if json:
        said = {"kind": found.kind, "command": found.command, "files": found.files, "checked": found.checked}
        answer_json({**said, "install": list(found.install), "paths": [str(path) for path in paths]})
        return
    for name, content in found.files.items():
        if out is None:
            print(f"# ---- {name}\n{content}")
    for path in paths:
        print(path)
    message(found.checked)
    message("to install:")
    for line in found.install:
        message(f"  {line}")
    message(f"any other scheduler calls: {found.command}")
