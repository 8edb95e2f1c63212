"""Decisions applied to a gallery, in memory, in a file or in a vault: always the same result, however often.

Decisions are applied in the order in which they were made. What becomes of each is told (`Outcome`):

===========  =========================================================================================
applied      the gallery was changed
already      it is as was decided: applied before, or never otherwise
kept         nothing is to be done
open         a new photograph is wanted, and there is none yet
changed      another photograph stands under the name now: nothing was done, look again
gone         a sample or subject no longer exists, and not because of this decision
===========  =========================================================================================
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import numpy as np

from facelab.errors import BadInput
from facelab.gallery.audit.decisions import Decision, add_line, template_digest, that_count
from facelab.gallery.audit_log import user_name
from facelab.types import Gallery, Templates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from facelab.gallery.vault import Vault

Result = Literal["applied", "already", "kept", "open", "changed", "gone"]


@dataclass(frozen=True)
class Outcome:
    """What became of one decision."""

    decision: Decision
    result: Result
    words: str = ""

    def sentence(self) -> str:
        """``applied: remove x.jpg: blurred (ann, 2026-11-22)``."""
        return f"{self.result}: {self.decision.sentence()}" + (f"; {self.words}" if self.words else "")


@dataclass(frozen=True, eq=False)
class Applied:
    """A gallery after decisions, and what became of each."""

    gallery: Gallery
    outcomes: tuple[Outcome, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was done to the gallery."""
        return any(outcome.result == "applied" for outcome in self.outcomes)

    @property
    def doubtful(self) -> tuple[Outcome, ...]:
        """Decisions about what no longer exists, or is another photograph now."""
        return tuple(outcome for outcome in self.outcomes if outcome.result in ("gone", "changed"))


def applied(gallery: Gallery, decisions: Iterable[Decision], *, before: Collection[str] = ()) -> Applied:
    """`gallery` with `decisions` applied.

    Parameters
    ----------
    gallery : Gallery
        As enrolled, or with decisions applied already.
    decisions : iterable of Decision
        Oldest first.
    before : collection of str
        Ids of the decisions that were applied to it before: what they removed is not told as gone.
    """
    work = _Work(gallery, before)
    outcomes = tuple(work.done(decision) for decision in that_count(decisions))
    return Applied(work.gallery(), outcomes)


class _Work:
    """A gallery that decisions are being applied to."""

    def __init__(self, gallery: Gallery, before: Collection[str]) -> None:
        self._templates, self._before = gallery.templates, before
        self._subject = [str(name) for name in gallery.templates.subject_id]
        self._row = {str(sample): k for k, sample in enumerate(gallery.templates.sample_id)}
        self._enrolled = set(gallery.enrolled.tolist())

    def gallery(self) -> Gallery:
        rows = np.array(sorted(self._row.values()), dtype=np.int64)
        t = self._templates.take(rows)
        names = np.array([self._subject[k] for k in rows], dtype=np.str_)
        moved = Templates(t.sample_id, names, t.embedding, t.quality, t.n_faces, t.pack, dict(t.attributes))
        return Gallery(moved, np.array(sorted(self._enrolled), dtype=np.str_))

    def done(self, decision: Decision) -> Outcome:
        """Apply one decision."""
        missing = [sample for sample in decision.samples if sample not in self._row]
        changed = [sample for sample in decision.digests if self._other_picture(sample, decision)]
        if decision.action == "re-photograph" and changed and not missing:
            return Outcome(decision, "already", "there is another photograph")
        if changed:
            return Outcome(decision, "changed", f"{changed[0]} is another photograph now: look at it again")
        if decision.action == "remove":
            return self._removed(decision)
        if decision.action == "merge":
            return self._merged(decision)
        if missing:
            return Outcome(decision, "gone", f"{missing[0]} no longer exists")
        if decision.action == "move":
            return self._moved(decision)
        return Outcome(decision, "kept") if decision.action == "keep" else Outcome(decision, "open")

    def _other_picture(self, sample: str, decision: Decision) -> bool:
        if sample not in self._row or decision.pack != self._templates.pack:
            return False
        return template_digest(self._templates.embedding[self._row[sample]]) != decision.digests[sample]

    def _missing(self, decision: Decision, names: list[str]) -> Outcome:
        """The outcome of a decision whose objects are not there."""
        if decision.id in self._before:
            return Outcome(decision, "already")
        return Outcome(decision, "gone", f"{names[0]} no longer exists")

    def _removed(self, decision: Decision) -> Outcome:
        if not decision.samples:
            there = [name for name in decision.subjects if name in self._enrolled]
            self._enrolled -= set(there)
            self._row = {sample: k for sample, k in self._row.items() if self._subject[k] not in there}
            return Outcome(decision, "applied") if there else self._missing(decision, [*decision.subjects])
        there = [sample for sample in decision.samples if self._row.pop(sample, None) is not None]
        gone = [sample for sample in decision.samples if sample not in there]
        if not there:
            return self._missing(decision, gone)
        return Outcome(decision, "applied", f"{gone[0]} no longer exists" if gone else "")

    def _merged(self, decision: Decision) -> Outcome:
        others = {name for name in decision.subjects if name != decision.into}
        there = others & self._enrolled
        if decision.into not in self._enrolled:
            return Outcome(decision, "gone", f"{decision.into} is not enrolled")
        if not there:
            came = [s for s in decision.digests if s in self._row and self._subject[self._row[s]] == decision.into]
            if decision.id in self._before or (came and len(came) == len(decision.digests)):
                return Outcome(decision, "already")
            return Outcome(decision, "gone", f"{min(others)} is not enrolled")
        self._subject = [decision.into if name in there else name for name in self._subject]
        self._enrolled -= there
        return Outcome(decision, "applied")

    def _moved(self, decision: Decision) -> Outcome:
        rows = [self._row[sample] for sample in decision.samples if self._subject[self._row[sample]] != decision.into]
        if not rows:
            return Outcome(decision, "already")
        for k in rows:
            self._subject[k] = decision.into
        self._enrolled.add(decision.into)
        return Outcome(decision, "applied")


def history_path(decisions: Path) -> Path:
    """Where it is recorded what was applied of the decisions file: ``<name>.applied.jsonl`` beside it."""
    return decisions.with_suffix(".applied.jsonl")


def applied_before(decisions: Path) -> frozenset[str]:
    """Ids of the decisions that the record beside the decisions file says were applied."""
    path = history_path(decisions)
    if not path.exists():
        return frozenset()
    try:
        said = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return frozenset(str(row["decision"]) for row in said if row["result"] == "applied")
    except (ValueError, KeyError, TypeError, OSError):
        raise BadInput("is no record of applied decisions: was it edited?", place=str(path)) from None


def record_applied(decisions: Path, result: Applied, target: str) -> None:
    """Record what was applied, and to what, beside the decisions file.

    Raises
    ------
    BadInput
        The record cannot be written.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for outcome in result.outcomes:
        if outcome.result == "applied":
            said = {"time": now, "who": user_name(), "decision": outcome.decision.id, "result": outcome.result}
            add_line(history_path(decisions), json.dumps(said | {"gallery": target, "what": outcome.decision.action}))


def apply_to_vault(vault: Vault, decisions: Iterable[Decision], *, before: Collection[str] = ()) -> Applied:
    """Apply `decisions` to an encrypted watchlist, in one change that is complete or did not happen.

    A subject whose samples changed is written anew and keeps the date of retention; one that others were merged into
    takes the earliest of theirs. The vault's log has the ids of the decisions.

    Raises
    ------
    BadInput
        Somebody else changed the vault meanwhile.
    """
    now = datetime.now(UTC)
    gallery = vault.gallery("audit", now)
    result = applied(gallery, decisions, before=before)
    if not result.changed:
        return result
    with vault._locked():
        index = vault._index()
        if {name for name, entry in index.items() if not entry.expired(now)} != set(gallery.enrolled.tolist()):
            raise BadInput("was changed by somebody else meanwhile: apply again", place=str(vault.folder))
        owner = dict(zip(gallery.templates.sample_id.tolist(), gallery.templates.subject_id.tolist()))
        old = _samples_of(gallery)
        fresh = {}
        for subject, samples in _samples_of(result.gallery).items():
            if old.get(subject) != samples:
                sources = {subject, *(owner[sample] for sample in samples)} & set(index)
                dates = [date for name in sources if (date := index[name].retain_until) is not None]
                rows = result.gallery.templates.take(result.gallery.templates.subject_id == subject)
                fresh[subject] = vault._written(subject, rows, now, min(dates, default=None))
        gone = set(gallery.enrolled.tolist()) - set(result.gallery.enrolled.tolist())
        kept = {name: entry for name, entry in index.items() if name not in gone}
        ids = [outcome.decision.id for outcome in result.outcomes if outcome.result == "applied"]
        told = {"decisions": ids, "subjects": [vault._tag(name) for name in sorted(gone | set(fresh))]}
        vault._change("decisions", told, {**kept, **fresh})
    return result


def _samples_of(gallery: Gallery) -> dict[str, tuple[str, ...]]:
    """The samples of each enrolled subject."""
    found: dict[str, list[str]] = {str(name): [] for name in gallery.enrolled}
    for sample, subject in zip(gallery.templates.sample_id.tolist(), gallery.templates.subject_id.tolist()):
        found[subject].append(sample)
    return {subject: tuple(samples) for subject, samples in found.items()}
