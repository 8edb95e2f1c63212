"""What an audit of a watchlist found: a finding, and all of them.

Each finding says how unusual it is for *this* gallery: `expected` is how many such findings a gallery of this size
would have by chance, were nothing wrong with it.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any

from facelab.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from facelab.gallery.audit.decisions import Action, Decision
    from facelab.gallery.audit.pairs import PairScores
    from facelab.stats.extremes import HighestPairs
    from facelab.stats.hubs import HubEffect
    from facelab.stats.poor_references import ReferenceMisses
    from facelab.stats.rates import Rate
    from facelab.stats.workload import Estimate

KINDS = ("duplicate", "mislabelled", "hub", "poor photograph", "neighbours")
MEANING = {
    "duplicate": "one person under two names",
    "mislabelled": "two people under one name",
    "hub": "a reference that many match",
    "poor photograph": "a photograph that recognition suffers from",
    "neighbours": "different people whom hardly a threshold separates",
}


@dataclass(frozen=True)
class Finding:
    """One finding.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    samples, subjects : tuples of str
        Whom it is about; the samples are those to look at.
    measure, score : str, float
        What was measured, and its value.
    expected : float
        How many such findings a gallery of this size would have by chance; NaN where a fixed limit was broken; of a
        mislabelled sample the share of strangers' pairs that are as alike as it is to its name.
    why : str
        In words.
    action, into : str
        What is recommended; a person decides.
    drop : tuple of str
        The samples that would go, or be replaced.
    saving : Rate or None
        FPIR saved without them, measured on probes that did not name them; None without probes.
    a_day : Estimate or None
        The same as false alerts a day; None where nothing is known of the floor.
    decision : Decision or None
        What was decided of it.
    """

    kind: str
    samples: tuple[str, ...]
    subjects: tuple[str, ...]
    measure: str
    score: float
    expected: float
    why: str
    action: Action
    into: str = ""
    drop: tuple[str, ...] = ()
    saving: Rate | None = None
    a_day: Estimate | None = None
    decision: Decision | None = None

    @property
    def id(self) -> str:
        """A name that stays the same when the gallery is made again: its kind and a digest of its samples."""
        said = "\n".join((self.kind, *sorted(self.samples)))
        return f"{self.kind.split()[0]}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"

    def sentence(self) -> str:
        """What it is, how unusual, and what is recommended."""
        return f"{self.kind}: {self.why} ({self.measure} {self.score:.3g}, {self.odds}); {self.recommended}"

    @property
    def odds(self) -> str:
        """How unusual it is, in words."""
        if self.kind == "mislabelled":
            return f"{100 * self.expected:.2g} % of strangers are as alike"
        return "below a fixed limit" if math.isnan(self.expected) else f"{self.expected:.2g} expected by chance"

    @property
    def recommended(self) -> str:
        """The action in words."""
        if self.action == "merge":
            return f"look: merge {', '.join(s for s in self.subjects if s != self.into)} into {self.into}, or keep"
        if self.action == "move":
            return f"look: move {', '.join(self.drop)} to {self.into}"
        if self.action == "keep":
            return "look: relatives? keep, and tell whoever reviews the alerts"
        return f"look: {self.action} {', '.join(self.drop)}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("id", "kind", "samples", "subjects", "measure", "score", "expected", "why", "action", "into", "drop")
        said = {name: plain(getattr(self, name)) for name in names}
        saving = None if self.saving is None else self.saving.to_dict()
        decision = None if self.decision is None else self.decision.model_dump(mode="json")
        return said | {"fpir_saved": saving, "false_alerts_a_day": plain(self.a_day), "decision": decision}


@dataclass(frozen=True, eq=False, repr=False)
class GalleryAudit:
    """An audit.

    Parameters
    ----------
    subjects, samples, usable : int
        Enrolled people; references offered; those with a template.
    findings : tuple of Finding
        By kind in the order of `KINDS`, the most unusual first.
    scores : PairScores
        What the references score with each other.
    tail : HighestPairs
        What different names score by chance in this gallery.
    notes : tuple of str
        What could not be looked at, and why.
    hubs : HubEffect or None
        FPIR with and without the hubs; None without probes.
    misses : ReferenceMisses or None
        What the poor photographs cost in FNIR; None without probes or poor photographs.
    """

    subjects: int
    samples: int
    usable: int
    findings: tuple[Finding, ...]
    scores: PairScores
    tail: HighestPairs
    notes: tuple[str, ...] = ()
    hubs: HubEffect | None = None
    misses: ReferenceMisses | None = None
    counts: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(finding.kind for finding in self.open))

    @property
    def open(self) -> tuple[Finding, ...]:
        """Findings that nobody has decided about."""
        return tuple(finding for finding in self.findings if finding.decision is None)

    def of_kind(self, kind: str) -> tuple[Finding, ...]:
        """The findings of one kind, decided ones included."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def decided(self, decisions: Iterable[Decision]) -> GalleryAudit:
        """The audit with `decisions` beside the findings that they answer."""
        last = {decision.finding: decision for decision in decisions if decision.finding}
        return replace(self, findings=tuple(replace(f, decision=last.get(f.id)) for f in self.findings))

    def sentences(self) -> tuple[str, ...]:
        """The answer in sentences: what was found, what it costs, what was not looked at."""
        said = [str(self)]
        if self.hubs is not None:
            said.append(self.hubs.sentence())
        if self.misses is not None:
            said.append(self.misses.sentence())
        return (*said, *self.notes)

    def __str__(self) -> str:
        looked = f"{self.usable:,} references of {self.subjects:,} people"
        if not self.open:
            done = f"; {len(self.findings):,} were decided" if self.findings else ""
            return f"In {looked} nothing stands out{done}."
        found = "; ".join(f"{kind} {self.counts[kind]:,} ({MEANING[kind]})" for kind in KINDS if self.counts[kind])
        return f"In {looked} these stand out, for a person to look at: {found}."

    def __repr__(self) -> str:
        return str(self)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a finding."""
        import pandas as pd

        columns = ["id", "kind", "subjects", "samples", "measure", "score", "expected", "why", "recommended"]
        rows = [{name: getattr(f, name) for name in columns} for f in self.findings]
        for row, f in zip(rows, self.findings):
            row |= {"subjects": ", ".join(f.subjects), "samples": ", ".join(f.samples)}
            row["fpir_saved"] = None if f.saving is None else f.saving.value
            row["false_alerts_a_day"] = None if f.a_day is None else f.a_day.value
            row["decision"] = "" if f.decision is None else f.decision.action
        return pd.DataFrame(rows, columns=[*columns, "fpir_saved", "false_alerts_a_day", "decision"])

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        head = {"subjects": self.subjects, "samples": self.samples, "usable": self.usable, "counts": dict(self.counts)}
        rule = {
            "pairs": self.scores.pairs,
            "unusual_from": plain(self.tail.edge),
        }
        hubs = None if self.hubs is None else self.hubs.to_dict()
        misses = None if self.misses is None else self.misses.to_dict()
        rows = [finding.to_dict() for finding in self.findings]
        return head | {"rule": rule, "hubs": hubs, "misses": misses, "notes": list(self.notes), "findings": rows}

    def table(self, most: int = 30) -> str:
        """The findings as an HTML table, at most `most` of them."""
        head = ("finding", "what", "of whom", "how unusual", "FPIR saved", "recommended")
        rows = []
        for f in self.findings[:most]:
            saved = "not measured" if f.saving is None else f"{f.saving.value:.2g} ({f.saving.errors} searches)"
            action = f.recommended if f.decision is None else f"decided: {f.decision.sentence()}"
            rows.append((f.id, f.why, ", ".join(f.subjects), f.odds, saved, action))
        cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        more = f"<p>and {len(self.findings) - most:,} more</p>" if len(self.findings) > most else ""
        names = "".join(f"<th scope='col'>{name}</th>" for name in head)
        return f"<table><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table>{more}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>" + (self.table() if self.findings else "")
