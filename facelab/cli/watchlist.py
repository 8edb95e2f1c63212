"""`facelab watchlist` and `facelab purge`: an encrypted watchlist, its people one by one, and the log of what was done.

The key comes from a file (``--key-file``) or from the environment variable ``FACELAB_WATCHLIST_KEY``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json, PackName, path_or_name
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.gallery import Vault

app = typer.Typer(no_args_is_help=True, help="A watchlist at rest: encrypted, with dates of retention and a log.")
Folder = Annotated[Path, typer.Argument(help="The vault: a folder.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="The file of the key; else FACELAB_WATCHLIST_KEY holds it.")
]


@app.command("key")
def new_key(path: Annotated[Path, typer.Argument(help="Where the key is written.")], json: Json = False) -> None:
    """Make a key. Whoever loses it loses the watchlist; keep a copy elsewhere.

    Example: facelab watchlist key ~/watchlist.key
    """
    from facelab.gallery import new_vault_key

    made = new_vault_key(path.expanduser())
    answer_json({"path": str(made)}) if json else print(made)


@app.command()
def enrol(
    vault: Folder,
    photographs: Annotated[Path, typer.Argument(help="A folder <subject>/<image>, or a manifest.")],
    key_file: KeyFile = None,
    pack: PackName = "scrfd-mbf",
    days: Annotated[int | None, typer.Option("--retain-days", min=1, help="They go after so many days.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Enrol anew whoever is there already.")] = False,
    json: Json = False,
) -> None:
    """Add people from photographs; the vault is made where there is none. Nobody who is there is touched.

    Example: facelab watchlist enrol vault photographs/ --key-file ~/watchlist.key --retain-days 365
    """
    from facelab.gallery import Vault, enrol, enrolment_report, new_vault, vault_key
    from facelab.pipeline.packs import load_pack

    key, models = vault_key(key_file), load_pack(path_or_name(pack))
    there = Vault(vault, key) if (vault / "vault.json").exists() else None
    gallery = enrol(photographs, models)
    opened = there or new_vault(vault, key, pack=models.fingerprint, dimension=models.dimension)
    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    count = opened.enrol(gallery, retain_until=until, replace=replace)
    message(str(enrolment_report(gallery)))
    lost = count - len(set(gallery.templates.subject_id[~gallery.templates.failed].tolist()))
    if json:
        until_text = None if until is None else until.isoformat()
        answer_json({"enrolled": count, "without_template": lost, "retain_until": until_text})
        return
    message(f"{count:,} people were enrolled in {vault}" + ("" if until is None else f" until {until:%Y-%m-%d}"))
    if lost:
        message(f"{lost:,} of them gave no template: they are listed, and nobody can be recognised as them")


@app.command("list")
def list_entries(vault: Folder, key_file: KeyFile = None, json: Json = False) -> None:
    """Who is enrolled, since when and until when; no template is decrypted.

    Example: facelab watchlist list vault --key-file ~/watchlist.key
    """
    entries = _opened(vault, key_file).entries()
    now = datetime.now(UTC)
    if json:
        answer_json([entry.to_dict() | {"past_its_date": entry.expired(now)} for entry in entries])
        return
    rows = [
        (e.subject, f"{e.enrolled:%Y-%m-%d}", f"{e.retain_until:%Y-%m-%d}" if e.retain_until else "no date",
         "past its date: purge it" if e.expired(now) else "")
        for e in entries
    ]  # fmt: skip
    answer_table(f"{len(entries):,} people", ("subject", "enrolled", "until", ""), rows)


@app.command()
def remove(
    vault: Folder,
    subjects: Annotated[list[str], typer.Argument(help="Whom.")],
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Take people out.

    Example: facelab watchlist remove vault p0001 p0002 --key-file ~/watchlist.key
    """
    count = _opened(vault, key_file).remove(subjects)
    answer_json({"removed": count}) if json else message(f"{count:,} people were removed")


@app.command()
def export(
    vault: Folder,
    out: Annotated[Path, typer.Option("--out", help="The gallery in the clear (parquet).")],
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """Write the gallery in the clear, for an evaluation; it is logged.

    Example: facelab watchlist export vault --out gallery.parquet --key-file ~/watchlist.key
    """
    from facelab.pipeline import tables

    gallery = _opened(vault, key_file).gallery("export")
    tables.write_gallery(out, gallery)
    if json:
        answer_json({"path": str(out), "enrolled": len(gallery)})
        return
    message(f"{len(gallery):,} people, not encrypted, are in {out}")


@app.command("log")
def show_log(
    vault: Folder,
    at_least: Annotated[int, typer.Option(min=0, help="Records that it once had, as you noted them.")] = 0,
    log_key: Annotated[str, typer.Option(help="The log's public key, as you noted it.")] = "",
    key_file: KeyFile = None,
    json: Json = False,
) -> None:
    """The log, verified. An edited, cut or replaced log gives exit code 12.

    It is verified with the public key in the vault's own header: whoever replaced header and log together is found out
    by `--log-key` with the key that you noted, or by `--key-file`.

    Example: facelab watchlist log vault --at-least 120
    """
    from facelab.errors import BadInput
    from facelab.gallery import public_log
    from facelab.gallery.sealed import read_header

    named = read_header(vault).log_key
    if log_key and named != log_key.lower():
        raise BadInput("its header names another key for its log than the one you noted", place=str(vault))
    log = public_log(vault) if key_file is None else _opened(vault, key_file).log
    last = log.verify(at_least=at_least)
    records = list(log.records())
    if json:
        head = last.digest if last else None
        answer_json({"records": [record.__dict__ for record in records], "head": head, "log_key": named})
        return
    rows = [(r.number, r.time, r.who, r.action, _told(r.what)) for r in records]
    answer_table("the log is whole", ("", "time", "who", "action", "what"), rows)
    if last is not None:
        message(f"note elsewhere: {last.number} records, head {last.digest}, log key {named}")


def purge(vault: Folder, key_file: KeyFile = None, json: Json = False) -> None:
    """Remove everybody from an encrypted watchlist whose date of retention is over; it is logged.

    Example: facelab purge vault --key-file ~/watchlist.key
    """
    gone = _opened(vault, key_file).purge()
    if json:
        answer_json({"removed": list(gone)})
        return
    message(f"{len(gone):,} people were removed" + (f": {', '.join(gone)}" if gone else "; nobody's date is over"))


def _told(what: object) -> str:
    from collections.abc import Mapping

    if not isinstance(what, Mapping):
        return str(what)
    short = {name: len(value) if isinstance(value, list) else value for name, value in what.items()}
    return ", ".join(f"{name} {str(value)[:16]}" for name, value in short.items())


def _opened(folder: Path, key_file: Path | None) -> Vault:
    from facelab.gallery import Vault, vault_key

    return Vault(folder, vault_key(key_file))


def register(parent: typer.Typer) -> None:
    """Add these commands to the `facelab` command."""
    parent.add_typer(app, name="watchlist")
    parent.command()(purge)
