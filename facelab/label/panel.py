"""The labelling panel in a notebook: a sheet of faces, one key, the next sheet.

Keys: **s** same, **d** different, **u** unsure, **z** undo, **n** later, **w** write why (Enter goes back). They are
read by a text field that keeps the focus; the buttons do the same. An answer is on the disk before the next question is
shown. A key that was pressed before the question could be seen (`TOO_SOON_S`) counts for nothing, so that holding a key
down answers nothing unseen.

Nothing is shown before somebody presses *begin*, so a notebook that is run by a machine holds no face. Faces are read
ahead by a thread. They live in the page and in memory; Jupyter keeps the state of widgets in a notebook only where
somebody turned that on ("Save Widget State Automatically").
"""

from __future__ import annotations

import threading
import time
from html import escape
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from facelab.errors import BadInput
from facelab.label.pictures import FacePictures
from facelab.label.sheets import rows_shown, sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from facelab.label.labelfile import Verdict
    from facelab.label.session import Session

Show: TypeAlias = Literal["synthetic", "always", "never"]
TOO_SOON_S = 0.15
READ_AHEAD = 60
VERDICTS: dict[str, Verdict] = {"s": "same", "d": "different", "u": "unsure"}
LINE = 'aria-live="polite" style="margin:.1rem 0"'
BUTTONS = {"s": "same (s)", "d": "different (d)", "u": "unsure (u)", "z": "undo (z)", "n": "later (n)"}
STYLES = {"s": "primary", "d": "warning"}
"""Blue and orange: told apart by everybody; the words and keys stand on the buttons."""


class LabelPanel:
    """The widgets of one session.

    Parameters
    ----------
    session : Session
        The reviewer at work.
    show : {"synthetic", "always", "never"}
        Whether pictures of people may be shown.
    references : callable, optional
        The photographs (JPEG) of an enrolled person by subject id.
    clock : callable
        Seconds, for what was pressed too soon.
    """

    def __init__(
        self,
        session: Session,
        show: Show = "synthetic",
        *,
        references: Callable[[str], Sequence[bytes]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import ipywidgets as w

        self.session, self._references, self._clock = session, references, clock
        self.allowed = show == "always" or (show == "synthetic" and session.grounds.material.synthetic)
        self.pictures = FacePictures(session.anchors)
        self._shown_at, self._ahead = 0.0, threading.Thread()
        self.begin = w.Button(description="begin", button_style="primary", tooltip="shows the first question")
        self.keys = w.Text(placeholder="keys go here", layout=w.Layout(width="9rem"), continuous_update=True)
        self.why = w.Text(
            placeholder="why (optional), then Enter", layout=w.Layout(width="22rem"), continuous_update=False
        )
        self.buttons = {
            key: w.Button(description=text, button_style=STYLES.get(key, ""), layout=w.Layout(width="8rem"))
            for key, text in BUTTONS.items()
        }
        self.sheet, self.status, self.said = w.HTML(), w.HTML(), w.HTML()
        self.status.value = f"<p>{escape(self._open())}</p>"
        self.begin.on_click(lambda _: self.start())
        self.keys.observe(self._typed, names="value")
        self.why.observe(lambda _: self.keys.focus(), names="value")
        for key, button in self.buttons.items():
            button.on_click(self._clicked(key))
        # above the sheet, whose height changes: a button never moves from under the mouse
        self._work = w.VBox([w.HBox([self.keys, *self.buttons.values(), self.why]), self.said, self.sheet])
        self._work.layout.display = "none"
        self.widget = w.VBox([self.status, self.begin, self._work])

    def _open(self) -> str:
        if not self.allowed:
            return "Pictures may be of real people: set show_faces to 'always' if you may look at them."
        return f"{self.session.progress()}. Answers are kept in {self.session.file.path}."

    def start(self) -> None:
        """Show the first question, where people may be shown."""
        if not self.allowed:
            return
        self.begin.layout.display = "none"
        self._work.layout.display = ""
        self._show("Press s, d or u. Every answer is kept at once; z takes the last one back.")

    def press(self, key: str) -> None:
        """What a key does; keys that mean nothing, or come too soon, do nothing.

        Parameters
        ----------
        key : str
            One letter.
        """
        key = key.lower()
        if self._clock() - self._shown_at < TOO_SOON_S or not self.allowed:
            return
        if key == "w":
            self.why.focus()
            return
        try:
            said = self._done(key)
        except BadInput as error:
            self.said.value = f'<p role="alert" style="color:#b00020;font-weight:600">{escape(str(error))}</p>'
            return
        if said is not None:
            self._show(said)

    def _done(self, key: str) -> str | None:
        """Do what `key` says; what to tell, None where it means nothing."""
        if key in VERDICTS:
            kept = self.session.answer(VERDICTS[key], self.why.value)
            self.why.value = ""
            return None if kept is None else f"Kept: {kept.answer}."
        if key == "z":
            gone = self.session.undo()
            return "There is nothing to take back." if gone is None else f"Taken back: {gone.answer}. Asked again:"
        if key == "n":
            self.session.later()
            return "Put off until the others are answered."
        return None

    def _typed(self, change: Any) -> None:
        text = str(change["new"])
        if text:
            self.keys.value = ""
            self.press(text[-1])

    def _clicked(self, key: str) -> Callable[[Any], None]:
        def clicked(_: Any) -> None:
            self.press(key)
            self.keys.focus()

        return clicked

    def _show(self, said: str) -> None:
        """Show the question that stands now, and read ahead for the next ones."""
        asked = self.session.question
        material, anchors = self.session.grounds.material, self.session.anchors
        if asked is None:
            self.sheet.value = "<p>Nothing is open any more: every question has an answer.</p>"
        else:
            self.said.value = f"<p {LINE}>{escape(said)} Reading the faces …</p>"
            self.sheet.value = sheet(asked, material, anchors, self.pictures, self._references)
        self.said.value = f"<p {LINE}>{escape(said)}</p>"
        self.status.value = f"<p>{escape(str(self.session.progress()))}</p>"
        self.keys.focus()
        self._shown_at = self._clock()
        self._read_ahead()

    def _read_ahead(self) -> None:
        if self._ahead.is_alive():
            return
        material, anchors = self.session.grounds.material, self.session.anchors
        coming = self.session.ahead[:READ_AHEAD]
        rows = [at for one in coming for shown in rows_shown(one, material, anchors) for at in shown]
        self._ahead = threading.Thread(target=self.pictures.read, args=(rows,), daemon=True, name="faces ahead")
        self._ahead.start()

    def wait(self) -> None:
        """Return when nothing is being read ahead."""
        if self._ahead.ident is not None:
            self._ahead.join()
