"""The `facelab` command: its sub-commands, and what becomes of an error.

Exit codes: 0 fine, 10 measured and worse, 11 cannot tell or not measured, 12 bad input, 130 stopped by Ctrl-C; 2 is a
wrong use of the command line and 1 a crash.
"""

from __future__ import annotations

import errno
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facelab import __version__
from facelab.cli import (
    alert_replay,
    alerts,
    answers,
    attacks,
    audit,
    caches,
    compare,
    comparing,
    deployment,
    doctor,
    evaluation,
    gate,
    groups,
    label,
    label_errors,
    log,
    packs,
    pipeline,
    planning,
    quality,
    registry,
    schedule,
    scores,
    status,
    sweep,
    unlabelled,
    watching,
    watchlist,
    workload,
)
from facelab.cli.output import message
from facelab.errors import FacelabError, NotMeasured

INTERRUPTED = 130


class _Group(TyperGroup):
    """A group that turns facelab's errors into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error that facelab raised on purpose is told in one line."""
        try:
            return super().invoke(ctx)
        except FacelabError as error:
            message(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            message("stopped; what was already computed is kept, and the same command goes on from there")
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            raise typer.Exit(0) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            message(f"{error.filename or 'output'}: the disk is full; what was finished before is kept")
            raise typer.Exit(NotMeasured.exit_code) from error


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="At which threshold should this site run, what will that cost, and how sure are we?",
    epilog="Example: facelab evaluate demo   (or a scenario file of your own)",
)


def _version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        print(f"facelab {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """At which threshold should this site run, what will that cost, and how sure are we?"""


for module in (
    evaluation,
    pipeline,
    scores,
    unlabelled,
    label_errors,
    planning,
    workload,
    groups,
    comparing,
    compare,
    gate,
    schedule,
    status,
    alerts,
    answers,
    alert_replay,
    attacks,
    quality,
    deployment,
    watchlist,
    log,
    watching,
    registry,
    sweep,
    audit,
):
    module.register(app)
app.add_typer(label.app, name="label")
app.add_typer(packs.app, name="packs")
app.add_typer(caches.app, name="cache")
app.command()(doctor.doctor)


def main() -> None:
    """Run the command line."""
    app()
