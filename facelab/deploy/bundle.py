"""A bundle: one folder or zip with everything that a consumer of a tuned config needs, and nothing of anybody's face.

It holds the config, its card and schema, the model files (verified by hash on the way in), what their licences say, an
example consumer for onnxruntime, numpy and OpenCV alone, and the SHA-256 of every file (in the form that
``sha256sum -c`` reads). The same config and models give the same bytes, in a folder and in a zip.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.deploy.card import card, card_page
from facelab.deploy.tuned_config import TunedConfig, tuned_schema
from facelab.errors import BadInput, PackError

if TYPE_CHECKING:
    from facelab.pipeline.packs import Pack

SUMS = "SHA256SUMS"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_bundle(config: TunedConfig, pack: Pack, target: Path) -> Path:
    """The bundle of `config` at `target`: a zip where that ends in ``.zip``, else a folder.

    Parameters
    ----------
    config : TunedConfig
        Of a schema that names the files of its models.
    pack : Pack
        The models on this machine.
    target : Path
        What must not be there yet.

    Raises
    ------
    PackError
        `pack` is not the one that was measured, or a file of it is altered.
    BadInput
        `target` is there already, or the config does not say what its detector is.
    """
    from facelab.pipeline.packs.store import verified_content

    if target.exists():
        raise BadInput("is there already; name another place for the bundle", place=str(target))
    if pack.fingerprint != config.pack.fingerprint:
        raise PackError(f"pack {pack.name} is not the one that the config was measured with", place=str(target))
    contents = _papers(config)
    for model in pack.spec.models:
        contents[f"models/{model.file}"] = verified_content(pack.folder, model, pack.spec)
    contents[SUMS] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items())
    ).encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as work:
        made = Path(work) / target.name
        (_zip if target.suffix == ".zip" else _folder)(contents, made)
        shutil.move(made, target)
    return target


def _papers(config: TunedConfig) -> dict[str, bytes]:
    """Everything but the models, by its place in the bundle."""
    detector = config.pack.detector
    if detector is None:
        raise BadInput("the config does not say what its detector is (schema 1): evaluate again", place="pack.detector")
    consumer = files("facelab.deploy").joinpath("consumers", f"{detector.kind}.py").read_bytes()
    schema = json.dumps(tuned_schema(), indent=2, ensure_ascii=False) + "\n"
    texts = {
        "tuned.json": config.model_dump_json(indent=2) + "\n",
        "tuned.schema.json": schema,
        "card.md": card(config),
        "card.html": card_page(config),
        "LICENCES.txt": _licences(config),
        "README.txt": _readme(config),
    }
    return {name: text.encode() for name, text in texts.items()} | {"consumer.py": consumer}


def _licences(config: TunedConfig) -> str:
    pack = config.pack
    restriction = (
        f"Restriction: {pack.restriction}\n" if pack.restriction else "No restriction on operational use is stated.\n"
    )
    named = "".join(f"  models/{name}  SHA-256 {digest}\n" for name, digest in pack.files.items())
    own = distribution("facelab").read_text("licenses/LICENSE") or "Apache License, version 2.0\n"
    return (
        f"The model files\n{named}are of pack {pack.name}. Its makers state: {pack.licence}\n{restriction}"
        f"Use of this config: {config.use.status} ({config.use.reason})\n\nThe other files of this bundle:\n\n{own}"
    )


def _readme(config: TunedConfig) -> str:
    return (
        f"{config.title}\n\n{config}\n\ncard.html says what this threshold costs and for what it holds.\n\n"
        "To see it work:\n\n    pip install onnxruntime numpy opencv-python\n"
        "    python consumer.py REFERENCES PICTURE...\n\n"
        f"sha256sum -c {SUMS} checks every file. The signature in tuned.json is checked by `facelab check`.\n"
    )


def _folder(contents: dict[str, bytes], target: Path) -> None:
    for name, content in contents.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _zip(contents: dict[str, bytes], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, zipfile.ZIP_DEFLATED)
