"""What the notebook on labels shows: the proposal, where the review stands, and the answer in a sentence."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

from facelab.errors import NotMeasured
from facelab.experiments.study import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facelab.experiments.labelling.labelling import Applied, Labelling
    from facelab.label import Asked

CELL = "text-align:left;padding:.15rem .8rem .15rem 0;font-variant-numeric:tabular-nums"
KINDS = {
    "alert": "may be an enrolled person",
    "miss": "may not be the enrolled person whom an older name says",
    "mixed": "track that may hold two people",
    "broken": "two tracks that may be one passage",
    "group": "proposed person",
    "doubt": "two proposed people that may be one",
}


def proposal_shown(labelling: Labelling) -> Any:
    """How many people are proposed, and what is open by kind, the most telling first."""
    from facelab.label.questions import open_questions

    groups = labelling.grounds.groups
    asked = open_questions(labelling.grounds, labelling.labels, most=10**6)
    count = Counter(one.kind for one in asked)
    change = {kind: max(one.priority for one in asked if one.kind == kind) for kind in count}
    rows = [(KINDS[kind], str(n), f"{change[kind]:.3g}") for kind, n in count.items()]
    table = _table([("what is asked", "questions", "expected change by the most telling, |Δ ln rates|"), *rows])
    return _html(f"<p>{escape(' '.join([groups.summary() + '.', *groups.notes]))}</p>{table}")


def review_shown(labelling: Labelling) -> Any:
    """The panel of the reviewer; a sentence where nobody says who is looking."""
    if not labelling.reviewer.strip():
        return say("Put your name into `reviewer` in the parameters: every answer is kept with who gave it.")
    return labelling.panel().widget


def standing_shown(labelling: Labelling) -> Any:
    """Answers by reviewer, what contradicts what, and how far two reviewers agree."""
    from facelab.label import agreement_of

    answers, labels = labelling.answers(), labelling.labels
    rows: list[tuple[str, ...]] = [("reviewer", "same", "different", "unsure", "undone")]
    for who in answers.reviewers:
        own = answers.of(who)
        said = Counter(answer.answer for answer in own.standing)
        undone = sum(answer.question == "undo" for answer in own.given)
        rows.append((who, *(str(said[verdict]) for verdict in ("same", "different", "unsure")), str(undone)))
    lines = [str(one) for one in labels.contradictions] + list(labels.lost)
    if answers.torn:
        lines.append(f"{len(answers.torn)} torn lines are not counted.")
    names = answers.reviewers
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            try:
                lines.append(str(agreement_of(answers.of(one), answers.of(other))))
            except NotMeasured as reason:
                lines.append(str(reason))
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return _html((_table(rows) if len(rows) > 1 else "<p>Nothing was answered yet.</p>") + told)


def answer_sentences(labelling: Labelling, applied: Applied) -> list[str]:
    """The rates under these names, and what they leave open."""
    from facelab.label.questions import open_questions

    if labelling.grounds.scores is None:
        return [f"{applied.counts}. There is no watchlist yet, so there is no rate."]
    point = labelling.rates(applied)
    confidence = labelling.study.scenario.confidence
    asked = open_questions(labelling.grounds, applied.labels, most=10**6)
    chosen = "" if labelling.has_threshold else ", chosen from the same scores,"
    said = [
        f"{applied.counts}.",
        f"At a threshold of {point.threshold:.4f}{chosen} {point.fpir.sentence(confidence)}; "
        f"{point.fnir.sentence(confidence)}.",
        f"{len(asked):,} questions are open; the most telling is expected to move the two rates by "
        f"{asked[0].priority:.2g} in |Δ ln|, {_likely(asked)} of them are more likely than not to change a name."
        if asked
        else "No question is open.",
    ]
    if not point.fnir.trials:
        said.append("No passage is known to be of an enrolled person yet, so nothing can be said of misses.")
    return said


def _likely(asked: Sequence[Asked]) -> int:
    """Questions about enrolled people whose answer is expected to contradict what is believed."""
    return sum(one.kind in ("alert", "miss") and one.probability > 0.5 for one in asked)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{body}</table>"


def _html(text: str) -> Any:
    from IPython.display import HTML

    return HTML(text)  # type: ignore[no-untyped-call]  # IPython
