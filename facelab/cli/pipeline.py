"""`facelab track` and `facelab embed`: from pixels to tables of tracks and templates."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facelab.cli.arguments import Engine, Json, PackName, Provider, Scheduler, Workers, path_or_name
from facelab.cli.output import answer_json, message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.config import PipelineSettings, Runtime

Set = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", help="A pipeline setting as name=value, such as tracking.method=ocsort; repeatable."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(track)
    app.command()(embed)


def track(
    footage: Annotated[str, typer.Argument(help="Video, folder of frames, manifest, or camera/RTSP address.")],
    out: Annotated[Path, typer.Option("--out", help="Tracks: one row an observation (parquet).")],
    templates: Annotated[Path, typer.Option("--templates", help="Templates: one row a passage (parquet).")],
    pack: PackName = "scrfd-mbf",
    truth: Annotated[Path | None, typer.Option(help="CSV of boxes of known people.", exists=True)] = None,
    camera: Annotated[str, typer.Option(help="The camera's name, where no manifest gives one.")] = "camera",
    fps: Annotated[float | None, typer.Option(help="Frames a second of a folder of frames.", min=0.001)] = None,
    settings: Set = None,
    workers: Workers = 0,
    engine: Engine = "threads",
    scheduler: Scheduler = None,
    provider: Provider = None,
    json: Json = False,
) -> None:
    """Find the passages in a footage: every observation, and one template a passage.

    Example: facelab track gate.mp4 --pack scrfd-mbf --out tracks.parquet --templates templates.parquet
    """
    from facelab.config import FileFootage
    from facelab.data.footage import open_footage
    from facelab.pipeline import tables
    from facelab.pipeline.run import track_footage

    hands, chosen = runtime(workers, provider, engine, scheduler), pipeline_settings(settings or [])
    source = FileFootage(path=footage, camera=camera, fps=fps, truth=truth)
    passages = track_footage(open_footage(source), path_or_name(pack), chosen, runtime=hands)
    tables.write_tracks(out, passages.tracks, pack=passages.pack, settings=chosen)
    tables.write_templates(templates, passages.templates, settings=chosen)
    message(str(passages))
    if json:
        answer_json({"tracks": out, "templates": templates, "pack": passages.pack} | passages.summary())
    else:
        print(f"{out}\n{templates}")


def embed(
    images: Annotated[Path, typer.Argument(help="A folder <subject>/<image>, or a manifest.")],
    out: Annotated[Path, typer.Option("--out", help="Templates: one row an image (parquet).")],
    pack: PackName = "scrfd-mbf",
    settings: Set = None,
    workers: Workers = 0,
    provider: Provider = None,
    json: Json = False,
) -> None:
    """One template an image; where no face is found the embedding is null, and the row stays.

    Example: facelab embed watchlist/ --pack scrfd-mbf --out gallery.parquet
    """
    from facelab.gallery import embed_photographs
    from facelab.pipeline import tables

    chosen = pipeline_settings(settings or [])
    found = embed_photographs(images, path_or_name(pack), chosen, runtime=runtime(workers, provider))
    tables.write_templates(out, found, settings=chosen)
    failed = int(found.failed.sum())
    message(f"{len(found):,} images of {len(set(found.subject_id.tolist())):,} subjects, {failed:,} without a face")
    if json:
        answer_json({"templates": out, "pack": found.pack, "images": len(found), "failed": failed})
    else:
        print(out)


def runtime(
    workers: int, providers: Sequence[str] | None = None, engine: str = "threads", scheduler: str | None = None
) -> Runtime:
    """How the work is done, from the options of the command line.

    Raises
    ------
    BadInput
        There is no such engine.
    """
    from facelab.config import Runtime
    from facelab.errors import BadInput

    engines = ("threads", "processes", "dask")
    if engine not in engines:
        raise BadInput(f"there is no engine {engine!r}; there are {', '.join(engines)}", place="--engine")
    known: dict[str, Any] = {"workers": workers, "engine": engine, "scheduler": scheduler}
    if providers:
        known["providers"] = tuple(providers)
    return Runtime(**known)


def hand_to_notebooks(hands: Runtime) -> None:
    """Let the notebooks that this process runs work as `hands` says.

    Raises
    ------
    BadInput
        Such an engine cannot be used.
    """
    from facelab.pipeline.engines import engine

    engine(hands)
    for name, value in (("ENGINE", hands.engine), ("SCHEDULER", hands.scheduler or ""), ("WORKERS", hands.workers)):
        os.environ[f"FACELAB_{name}"] = str(value)


def pipeline_settings(pairs: Sequence[str]) -> PipelineSettings:
    """The pipeline's settings with ``name=value`` texts in force."""
    from facelab.config import PipelineSettings
    from facelab.experiments.scenario import parse_overrides, settings_from

    return settings_from(PipelineSettings, parse_overrides(pairs), place="--set")
