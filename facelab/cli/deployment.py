"""`facelab check`, `keys`, `sign`, `card`, `convert`, `bundle`, `replay`: what a deployment asks of a tuned config.

Exit codes of `check`: 0 every check holds, 11 something cannot be told, 12 something fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facelab.cli.arguments import Json, Workers, path_or_name
from facelab.cli.output import answer_json, answer_table, message

if TYPE_CHECKING:
    from facelab.types import Gallery

KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="The key of an encrypted watchlist; else FACELAB_WATCHLIST_KEY.")
]
Config = Annotated[Path, typer.Argument(help="A tuned config, as an evaluation writes it (tuned.json).")]
TrustedKeys = Annotated[
    list[Path] | None, typer.Option("--key", help="A public key whose signature counts; may be repeated.")
]
OwnPack = Annotated[
    str | None, typer.Option("--pack", "-p", help="The pack on this machine: a name or a folder; else the config's.")
]
EXIT_CODES = {"holds": 0, "cannot tell": 11, "fails": 12}


def check(
    config: Config,
    key: TrustedKeys = None,
    enrolled: Annotated[int | None, typer.Option(min=0, help="Subjects on the watchlist it is to run with.")] = None,
    camera: Annotated[list[str] | None, typer.Option(help="A camera it is to run on; may be repeated.")] = None,
    pack: OwnPack = None,
    json: Json = False,
) -> None:
    """Whether a tuned config may be run here and now: signature, model files, expiry, watchlist size, cameras.

    Example: facelab check results/demo/tuned.json --key ours.pub --enrolled 500
    """
    from facelab.deploy import read_tuned
    from facelab.deploy.checking import Place, findings, verdict_of
    from facelab.deploy.signature import config_id, public_key
    from facelab.pipeline.folders import cache_folder

    tuned = read_tuned(config)
    here = None if pack is None else path_or_name(pack)
    place = Place(here, enrolled, tuple(camera or ()), cache_folder() / "latest-time")
    found = findings(tuned, place, trusted=[public_key(path) for path in key or ()])
    verdict = verdict_of(found)
    if json:
        rows = [{"check": f.check, "verdict": f.verdict, "reason": f.reason} for f in found]
        answer_json({"config": config_id(tuned), "verdict": verdict, "findings": rows})
    else:
        answer_table(f"{tuned.title}: {verdict}", ("check", "", "why"), [(f.check, f.verdict, f.reason) for f in found])
    raise typer.Exit(EXIT_CODES[verdict])


def keys(
    name: Annotated[str, typer.Argument(help="What the keys are called: <name>.key and <name>.pub.")],
    folder: Annotated[Path, typer.Option(help="Where they are written.")] = Path(),
    json: Json = False,
) -> None:
    """Make a pair of keys: the private one signs configs and stays with its owner, the public one checks them.

    Example: facelab keys ours --folder ~/.config/facelab
    """
    from facelab.deploy.signature import key_id, new_keys, public_key

    private, public = new_keys(folder.expanduser(), name)
    if json:
        answer_json({"key": key_id(public_key(public)), "private": str(private), "public": str(public)})
        return
    rows = [("id", key_id(public_key(public))), ("private, for its owner alone", str(private)), ("public", str(public))]
    answer_table("a new key", ("", ""), rows)


def sign(
    config: Config,
    key: Annotated[Path, typer.Option("--key", help="The private key (<name>.key).")],
    json: Json = False,
) -> None:
    """Sign a tuned config in place: `facelab check --key` then tells whether anything in it was changed since.

    Example: facelab sign results/demo/tuned.json --key ours.key
    """
    from facelab.deploy import read_tuned, write_tuned
    from facelab.deploy.signature import config_id, key_id, private_key, signed

    secret = private_key(key)
    done = signed(read_tuned(config), secret)
    write_tuned(config, done)
    if json:
        answer_json({"config": config_id(done), "key": key_id(secret.public_key())})
        return
    message(f"{config} is signed by key {key_id(secret.public_key())}")


def card(
    config: Config,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it there; .html gives a page.")] = None,
    json: Json = False,
) -> None:
    """What a tuned config says, for a person: may it be used, what does it cost, for what does it hold.

    Example: facelab card results/demo/tuned.json -o card.html
    """
    from facelab.deploy import read_tuned
    from facelab.deploy.card import card as card_text
    from facelab.deploy.card import card_page

    tuned = read_tuned(config)
    if output is None:
        answer_json({"markdown": card_text(tuned)}) if json else print(card_text(tuned), end="")
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(card_page(tuned) if output.suffix == ".html" else card_text(tuned), encoding="utf-8")
    answer_json({"path": str(output)}) if json else message(f"wrote {output}")


def convert(
    config: Config,
    to: Annotated[str, typer.Option("--to", help="The other system; an unknown name lists those that are known.")],
    model: Annotated[str | None, typer.Option(help="The system's own name of the model that it runs.")] = None,
    recogniser: Annotated[Path | None, typer.Option(help="The recogniser's file that it runs.")] = None,
    coefficients: Annotated[
        tuple[float, float] | None, typer.Option(help="CompreFace's two, as its server states them.")
    ] = None,
    prior: Annotated[float | None, typer.Option(help="For probability: the chance before looking.")] = None,
    json: Json = False,
) -> None:
    """The threshold on another system's scale; refused unless that system runs the recogniser that was measured.

    Example: facelab convert results/demo/tuned.json --to insightface-server --model buffalo_sc
    """
    from facelab.deploy import read_tuned
    from facelab.deploy.systems import converted

    found = converted(
        read_tuned(config), to, model=model, recogniser=recogniser, coefficients=coefficients, prior=prior
    )
    if json:
        answer_json(found.to_dict())
        return
    rows = [(name.replace("_", " "), str(value)) for name, value in found.to_dict().items() if name != "caveats"]
    answer_table(str(found), ("", ""), rows)
    for caveat in found.system.caveats:
        message(f"not measured: {caveat}")


def bundle(
    config: Config,
    target: Annotated[Path, typer.Argument(help="A folder that is not there yet, or a file that ends in .zip.")],
    pack: OwnPack = None,
    json: Json = False,
) -> None:
    """Put config, card, schema, models, licences and an example consumer into one folder or zip.

    Example: facelab bundle results/demo/tuned.json demo-bundle.zip
    """
    from facelab.deploy import read_tuned
    from facelab.deploy.bundle import write_bundle
    from facelab.pipeline.packs import load_pack

    tuned = read_tuned(config)
    models = load_pack(tuned.pack.name if pack is None else path_or_name(pack))
    message(f"{models.licence}" + (f"; {models.restriction}" if models.restriction else ""))
    made = write_bundle(tuned, models, target)
    answer_json({"path": str(made)}) if json else print(made)


def replay(
    config: Config,
    footage: Annotated[str, typer.Argument(help="Video, folder of frames or manifest.")],
    watchlist: Annotated[Path, typer.Option(help="A gallery (parquet) or an encrypted watchlist (its folder).")],
    key_file: KeyFile = None,
    truth: Annotated[Path | None, typer.Option(help="CSV of boxes of known people.", exists=True)] = None,
    pack: OwnPack = None,
    workers: Workers = 0,
    out: Annotated[Path | None, typer.Option(help="Write the alerts there (CSV, as `facelab alerts` reads).")] = None,
    json: Json = False,
) -> None:
    """Run a footage exactly as a tuned config says: its alerts, and measured against promised error rates.

    Example: facelab replay results/demo/tuned.json gate.mp4 --watchlist results/demo/gallery.parquet
    """
    from facelab.cli.pipeline import runtime
    from facelab.config import FileFootage
    from facelab.data.footage import open_footage
    from facelab.deploy import read_tuned
    from facelab.deploy.replay import replay as replayed
    from facelab.pipeline.packs import load_pack

    tuned, how = read_tuned(config), runtime(workers, None)
    models = load_pack(tuned.pack.name if pack is None else path_or_name(pack), how)
    found = replayed(
        tuned,
        open_footage(FileFootage(path=footage, truth=truth)),
        gallery_at(watchlist, key_file),
        models,
        runtime=how,
    )
    if out is not None:
        found.alerts.log.to_frame().to_csv(out, index=False)
    if json:
        answer_json(found.to_dict())
        return
    frame = found.table()
    answer_table(str(found), list(frame.columns), frame.round(3).itertuples(index=False))
    answer_table("promised and measured", ("rate", "promised", "measured", ""), found.rows())
    if found.doubtful:
        message(
            f"{found.doubtful:,} searches score so close to the threshold that another machine may decide otherwise"
        )


def gallery_at(path: Path, key_file: Path | None) -> Gallery:
    """The watchlist at `path`: an encrypted one where it is a folder, else a gallery's file."""
    from facelab.gallery import Vault, vault_key
    from facelab.pipeline import tables

    return Vault(path, vault_key(key_file)).gallery() if path.is_dir() else tables.read_gallery(path)


def register(app: typer.Typer) -> None:
    """Add these commands to the `facelab` command."""
    for command in (check, keys, sign, card, convert, bundle, replay):
        app.command()(command)
