"""What of real people goes into MLflow: pseudonyms, so that runs pair person by person and name nobody.

A pseudonym is HMAC-SHA256 (RFC 2104) of a subject's or a sample's id under a key: the same person has the same one on
every run, and without the key nobody can try names. The key lies beside facelab's caches (``pseudonyms.key``, for its
owner alone), or where ``FACELAB_PSEUDONYM_KEY`` says; machines whose runs are to pair share one. The workspace, which
holds templates anyway, keeps the names and a table of who is who (``pseudonyms.csv``).

Pseudonyms are personal data still, for whoever has the key or the workspace. Generated people keep their names.

The reason that a run failed for is text from anywhere, so `scrubbed` takes out of it whatever may name somebody: people
of the scenario's lists, names of files and folders, what stands in quotes. It takes out too much rather than too
little; the whole message is told on the terminal and stands in the workspace's executed notebook.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facelab.errors import FacelabError, NotMeasured
from facelab.experiments.workspace import written_whole
from facelab.types import Comparisons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.config import Scenario
    from facelab.experiments.study import Study
    from facelab.types import Attributes, Strings

VARIABLE = "FACELAB_PSEUDONYM_KEY"
KEY_FILE = "pseudonyms.key"
REPORTED = "reported"
"""The probe attribute that pseudonymous comparisons carry: who did not choose the threshold. The split depends on the
names, so that it cannot be made again without them."""

DIGITS = 24
PICTURE = r"[^:'\"(),;\n]*\.(?:jpe?g|jpe|png|bmp|dib|tiff?|webp|gif|heic|jp2|ppm|pgm)\b"
ADDRESS = r"\w+://[^\s'\"]+"
PATH = r"(?<![\w./])(?![\d.,]+/[\d.,]+(?!\w))[^\s'\":(),;]*[/\\][^\s'\":(),;]*"
FILE = r"[^\s'\":(),;]*[/\\][^:'\"(),;\n]*\.[a-z]\w{1,7}\b"
QUOTED = r"(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\""
CELL = r"In \[\d+\]"


def of_real_people(scenario: Scenario) -> bool:
    """False where everybody in `scenario`, in the footage and on the watchlist, was generated."""
    listed = scenario.watchlist
    generated = listed.kind == "synthetic" or (listed.kind == "footage" and listed.distractors == "none")
    return scenario.footage.kind != "terminal" or not generated


def key_path() -> Path:
    """The file of the key, which need not be there yet."""
    from facelab.pipeline.folders import cache_folder

    named = os.environ.get(VARIABLE, "").strip()
    return Path(named).expanduser() if named else cache_folder() / KEY_FILE


def pseudonyms() -> Pseudonyms:
    """Pseudonyms under this user's key, which is made once where none is named.

    Raises
    ------
    BadInput
        The key that is named is not there, other users may read it, or it is no key.
    NotMeasured
        No key can be written.
    """
    from filelock import FileLock

    from facelab.gallery.vault_key import new_vault_key, vault_key

    path = key_path()
    if not os.environ.get(VARIABLE, "").strip():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_name(f".{path.name}.lock")):
                if not path.exists():
                    new_vault_key(path)
        except OSError as error:
            raise NotMeasured(f"{path}: no key for pseudonyms can be written ({error}); {VARIABLE} names one") from None
    return Pseudonyms(vault_key(path))


@dataclass(frozen=True)
class Pseudonyms:
    """Pseudonyms under one key.

    Parameters
    ----------
    key : bytes
        32 bytes that nobody can guess.

    Examples
    --------
    >>> ours, theirs = Pseudonyms(bytes(32)), Pseudonyms(bytes(31) + b"1")
    >>> ours.subject("ann") == ours.subject("ann"), ours.subject("ann") == theirs.subject("ann")
    (True, False)
    >>> ours.subject("")
    ''
    """

    key: bytes

    def __repr__(self) -> str:
        return f"<pseudonyms under the key {self.key_id}>"

    @cached_property
    def key_id(self) -> str:
        """What a pseudonym begins with: tells keys apart, and nothing of the key."""
        return f"p{self._digest('key', '')[:6]}"

    def subject(self, name: str) -> str:
        """The pseudonym of a person; nobody's is empty."""
        return f"{self.key_id}-{self._digest('subject', name)[:DIGITS]}" if name else ""

    def sample(self, name: str) -> str:
        """The pseudonym of a passage or a reference: its id may hold its person's name."""
        return f"{self.key_id}-{self._digest('sample', name)[:DIGITS]}" if name else ""

    def comparisons(self, comparisons: Comparisons, reported: Strings) -> Comparisons:
        """`comparisons` in pseudonyms, with the numbers of each probe and its camera, and nothing else of it.

        Parameters
        ----------
        comparisons : Comparisons
            With names.
        reported : array of str
            The ids of the probes whose people did not choose the threshold.
        """
        found = comparisons
        probe = _kept(found.probe_attributes) | {REPORTED: np.isin(found.probe_id, reported)}
        return Comparisons(
            found.score,
            self._all(found.probe_id, people=False),
            self._all(found.probe_subject, people=True),
            self._all(found.reference_id, people=False),
            self._all(found.reference_subject, people=True),
            self._all(found.enrolled, people=True),
            probe,
            _kept(found.reference_attributes),
            found.pack,
            found.synthetic,
        )

    def _all(self, names: Strings, *, people: bool) -> Strings:
        different, place = np.unique(names, return_inverse=True)
        one = self.subject if people else self.sample
        return np.array([one(name) for name in different.tolist()], np.str_)[place]

    def _digest(self, kind: str, name: str) -> str:
        return hmac.new(self.key, f"facelab {kind}\0{name}".encode(), hashlib.sha256).hexdigest()

    def keep(self, path: Path, comparisons: Comparisons) -> None:
        """Write who is who of `comparisons` (which have names) to `path`, as CSV for its owner alone."""
        people = {*comparisons.probe_subject.tolist(), *comparisons.enrolled.tolist()} - {""}
        samples = {*comparisons.probe_id.tolist(), *comparisons.reference_id.tolist()} - {""}
        rows = [("subject", self.subject(name), name) for name in sorted(people)]
        rows += [("sample", self.sample(name), name) for name in sorted(samples)]
        with written_whole(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
            beside.chmod(0o600)
            csv.writer(file).writerows([("kind", "pseudonym", "name"), *rows])


def pseudonymous(comparisons: Comparisons) -> bool:
    """True where `comparisons` are in pseudonyms already."""
    return REPORTED in comparisons.probe_attributes


def keys_differ(first: Strings, second: Strings) -> bool:
    """True where both are pseudonyms, made under different keys."""
    heads = [re.match(r"p[0-9a-f]{6}-", str(ids[0])) if len(ids) else None for ids in (first, second)]
    return heads[0] is not None and heads[1] is not None and heads[0][0] != heads[1][0]


def logged_comparisons(study: Study) -> Path:
    """The file of a study's comparisons that goes into MLflow: in pseudonyms where people are real.

    Who is who stays in the workspace.

    Raises
    ------
    BadInput, NotMeasured
        As `pseudonyms`.
    """
    from facelab.pipeline import tables

    place = study.workspace
    if not (place.comparisons.is_file() and of_real_people(study.scenario)):
        return place.comparisons
    found = pseudonyms()
    named = tables.read_comparisons(place.comparisons)
    file = place.folder / "pseudonymous" / place.comparisons.name
    file.parent.mkdir(exist_ok=True)
    reported = study.halves.report.searches.probe_id
    tables.write_comparisons(file, found.comparisons(named, reported), settings=study.scenario.pipeline)
    found.keep(place.folder / "pseudonyms.csv", named)
    return file


def scrubbed(text: str, scenario: Scenario) -> str:
    """`text` without anything that may name somebody, where people in `scenario` are real; else as it is.

    A person of its lists is told by their pseudonym, a picture by the one that its sample has in the run; other paths,
    addresses and what stands in quotes and is no setting of the scenario by one too.
    """
    if not of_real_people(scenario):
        return text
    keys, people = pseudonyms(), _people(scenario)
    settings = {part for name in _setting_names(scenario.model_dump(mode="json")) for part in (name, *name.split("."))}
    folder = f"{getattr(scenario.watchlist, 'path', '')}/"

    def told(match: re.Match[str]) -> str:
        said = match[0]
        bare = said.strip("'\"").strip()
        if re.fullmatch(CELL, said) or bare in settings or not bare:
            return said
        pseudonym = keys.subject(bare) if bare in people else keys.sample(bare.removeprefix(folder))
        space = " " if said[0] == " " else ""
        return f"{space}{pseudonym}"

    names = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(people, key=len, reverse=True))
    pattern = "|".join(filter(None, (CELL, ADDRESS, QUOTED, PICTURE, FILE, PATH, names)))
    return re.sub(pattern, told, text, flags=re.IGNORECASE)


def _setting_names(values: Mapping[str, Any], head: str = "") -> set[str]:
    """The dotted names of nested settings, and of the groups of them."""
    found = {head + name for name in values}
    for name, value in values.items():
        found |= _setting_names(value, f"{head}{name}.") if isinstance(value, dict) else set()
    return found


def _people(scenario: Scenario) -> set[str]:
    """Everybody whom the scenario's list of photographs or its truth names, as far as these can be read."""
    from facelab.data.photographs import read_photographs
    from facelab.data.truth import read_truth

    found: set[str] = set()
    listed = getattr(scenario.watchlist, "path", None)
    with contextlib.suppress(FacelabError, OSError):
        found |= set(read_photographs(Path(listed)).subjects) if listed is not None else set()
    with contextlib.suppress(OSError):
        found |= {entry.name for entry in Path(listed).iterdir()} if listed is not None else set()
    with contextlib.suppress(FacelabError, OSError):
        truth = getattr(scenario.footage, "truth", None)
        found |= set(read_truth(truth).subject_id.tolist()) if truth is not None else set()
    return found - {""}


def _kept(attributes: Attributes) -> dict[str, Any]:
    """Numbers and the camera; a text may be a name, a file or a remark about a person."""
    return {name: values for name, values in attributes.items() if name == "camera" or values.dtype.kind in "biuf"}
