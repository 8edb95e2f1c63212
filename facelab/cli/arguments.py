"""Arguments that several commands share, and the rule that tells a path from a name.

The rule: an argument that exists as a path is a path, else it is a name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer with one JSON document on stdout.")]
PackName: TypeAlias = Annotated[str, typer.Option("--pack", "-p", help="Model pack: a name, or a folder.")]
Workers: TypeAlias = Annotated[int, typer.Option(min=0, help="Clips worked on at the same time; 0: one a core.")]
Engine: TypeAlias = Annotated[
    str, typer.Option(envvar="FACELAB_ENGINE", help="Who works: threads, processes, or dask (many machines).")
]
Scheduler: TypeAlias = Annotated[
    str | None,
    typer.Option(envvar="FACELAB_SCHEDULER", help="The Dask scheduler's address, such as tcp://10.0.0.1:8786."),
]
Provider: TypeAlias = Annotated[
    list[str] | None, typer.Option("--provider", help="ONNX Runtime provider, most wanted first; may be repeated.")
]


def path_or_name(text: str) -> Path | str:
    """`text` as a path where it exists as one, else as the name that it is."""
    path = Path(text)
    return path if path.exists() else text
