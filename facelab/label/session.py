"""One reviewer at work: the question that stands, the answer that is kept, the next one; and what was undone.

Everything that was answered is in the label file, so a session that is made anew (a kernel that was restarted, another
day, another machine with the same footage) goes on where the file ends. A session sees its own reviewer's answers only:
two reviewers of one file do not lead each other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facelab.label.labels import Labels, labels_of_placed, placed_answers
from facelab.label.questions import Asked, Grounds, open_questions

if TYPE_CHECKING:
    from facelab.label.anchors import Anchors
    from facelab.label.labelfile import Answer, LabelFile, Verdict

AHEAD = 200


@dataclass(frozen=True)
class Progress:
    """How far a reviewer has come.

    Parameters
    ----------
    who : str
        The reviewer.
    answered : dict of str to int
        Standing answers by what was said.
    open : dict of str to int
        Open questions by kind, of the `AHEAD` most telling.
    more : bool
        True where there are more than those.
    most_telling : float
        The largest expected change of both rates by one open question.
    contradictions, lost, torn : int
        Of the answers.
    """

    who: str
    answered: dict[str, int]
    open: dict[str, int]
    more: bool
    most_telling: float
    contradictions: int
    lost: int
    torn: int

    def __str__(self) -> str:
        """One sentence."""
        said = ", ".join(f"{n} {what}" for what, n in self.answered.items()) or "nothing yet"
        left = sum(self.open.values())
        text = f"{self.who}: {sum(self.answered.values())} answered ({said}); {'more than ' * self.more}{left} open"
        for count, what in ((self.contradictions, "contradictions"), (self.lost, "answers on passages that are gone")):
            text += f"; {count} {what}" if count else ""
        return text + (f"; {self.torn} torn lines not counted" if self.torn else "")


class Session:
    """A reviewer, the label file and what is asked next.

    Parameters
    ----------
    grounds : Grounds
        What questions are made from.
    anchors : Anchors
        Where passages stand in the footage.
    file : LabelFile
        Where answers are kept, and whose they are.

    Raises
    ------
    BadInput
        No answer could be kept in the file, or a line of it was edited.
    """

    def __init__(self, grounds: Grounds, anchors: Anchors, file: LabelFile) -> None:
        file.check()
        self.grounds, self.anchors, self.file = grounds, anchors, file
        self._later: set[tuple[str, frozenset[str]]] = set()
        self._asked: dict[str, Asked] = {}
        self._again: Asked | None = None
        self._read()

    def _read(self) -> None:
        """Take in what the file says now."""
        self.answers = self.file.read().of(self.file.who)
        self.torn = len(self.file.read().torn)
        placed = placed_answers(self.answers.standing, self.anchors)
        self.labels: Labels = labels_of_placed(placed, self.grounds.material)
        self.open = open_questions(self.grounds, self.labels, AHEAD + len(self._later) + 1)

    @property
    def question(self) -> Asked | None:
        """What is asked now; None where nothing is open."""
        if self._again is not None:
            return self._again
        return next(iter(self.ahead), None)

    @property
    def ahead(self) -> list[Asked]:
        """The open questions in their order, those put off at the end."""
        off = [one for one in self.open if one.key(self.grounds.material) in self._later]
        return [one for one in self.open if one not in off] + off

    def answer(self, verdict: Verdict, why: str = "") -> Answer | None:
        """Keep the answer to the question that stands, and go on to the next; None where none stands.

        Raises
        ------
        BadInput
            The file cannot be written to: nothing was kept, and the question still stands.
        """
        asked = self.question
        if asked is None:
            return None
        reason = f"{asked.kind}: {asked.reason}"
        said = self.file.add(asked.question, asked.items(self.grounds.material), verdict, why=why, reason=reason)
        self._asked[said.id] = asked
        self._again = None
        self._read()
        return said

    def undo(self) -> Answer | None:
        """Take back this reviewer's last answer, and ask its question again; None where there is none."""
        gone = self.file.undo()
        if gone is not None:
            self._read()
            self._again = self._asked.get(gone.id) or self._found(gone)
        return gone

    def _found(self, answer: Answer) -> Asked | None:
        """The open question that an answer of an earlier session was to."""
        items = frozenset(answer.items)
        material = self.grounds.material
        return next((one for one in self.open if frozenset(one.items(material)) == items), None)

    def later(self) -> None:
        """Put the question that stands off until nothing else is open."""
        if self.question is not None:
            self._later.add(self.question.key(self.grounds.material))
            self._again = None

    def progress(self) -> Progress:
        """How far this reviewer has come."""
        counted = self.open[:AHEAD]
        return Progress(
            who=self.file.who,
            answered=dict(Counter(answer.answer for answer in self.answers.standing)),
            open=dict(Counter(one.kind for one in counted)),
            more=len(self.open) > AHEAD,
            most_telling=max((float(one.priority) for one in counted), default=0.0),
            contradictions=len(self.labels.contradictions),
            lost=len(self.labels.lost),
            torn=self.torn,
        )
